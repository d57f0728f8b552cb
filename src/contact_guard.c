/*
 * contact_guard.c
 *		The library's table of contents.
 *
 * Each module owns its settings, hooks and callbacks; this file only calls
 * them.  A module whose hook must see what another one prepared says so in its
 * own init function, not by its place in this list.
 */
#include "postgres.h"

#include "base/actor.h"
#include "base/actorsession.h"
#include "base/guc.h"
#include "base/inval.h"
#include "base/owntables.h"
#include "base/shared.h"
#include "base/xactend.h"
#include "command/beneath.h"
#include "command/explained.h"
#include "command/objectaccess.h"
#include "command/utility.h"
#include "compat.h"
#include "journal/eventrecord.h"
#include "journal/windowrecord.h"
#include "log/launcher.h"
#include "log/restored.h"
#include "plan/copyto.h"
#include "plan/planner.h"
#include "plan/rowpolicy.h"
#include "policy/gate.h"
#include "policy/interventions.h"
#include "policy/labels.h"
#include "policy/permission.h"
#include "policy/planassume.h"
#include "policy/policy.h"
#include "policy/replay.h"
#include "policy/revoked.h"
#include "policy/signed.h"
#include "policy/token.h"
#include "policy/tokenlog.h"
#include "policy/trust.h"
#include "read/attempts.h"
#include "read/called.h"
#include "read/door.h"
#include "read/errordetail.h"
#include "read/execution.h"
#include "read/folding.h"
#include "read/toplevel.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

void
_PG_init(void)
{
	cg_guc_init();
	cg_shared_init();
	cg_inval_init();
	cg_xactend_init();
	cg_labels_init();
	cg_policy_init();
	cg_trust_init();
	cg_beneath_init();
	cg_gate_init();
	cg_folding_init();
	cg_called_init();
	cg_permission_init();
	cg_interventions_init();
	cg_actor_init();
	cg_actorsession_init();
	cg_replay_init();
	cg_signed_init();
	cg_revoked_init();
	cg_token_init();
	cg_tokenlog_init();
	cg_toplevel_init();
	cg_planassume_init();
	cg_planner_init();
	cg_rowpolicy_init();
	cg_execution_init();
	cg_eventrecord_init();
	cg_windowrecord_init();
	cg_attempts_init();
	cg_door_init();
	cg_errordetail_init();
	cg_explained_init();
	cg_copyto_init();
	cg_utility_init();
	cg_objectaccess_init();
	cg_owntables_init();
	cg_launcher_init();
	cg_restored_init();
}
