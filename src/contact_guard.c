/*
 * contact_guard.c
 *		The library's table of contents.
 *
 * Each module owns its settings, hooks and callbacks; this file only calls
 * them.  A module whose hook must see what another one prepared says so in its
 * own init function, not by its place in this list.
 */
#include "postgres.h"

#include "attempts.h"
#include "compat.h"
#include "copyto.h"
#include "door.h"
#include "errordetail.h"
#include "explained.h"
#include "execution.h"
#include "gate.h"
#include "guc.h"
#include "inval.h"
#include "labels.h"
#include "launcher.h"
#include "objectaccess.h"
#include "objects.h"
#include "owntables.h"
#include "permission.h"
#include "interventions.h"
#include "actor.h"
#include "beneath.h"
#include "planner.h"
#include "policy.h"
#include "policyrecord.h"
#include "rowpolicy.h"
#include "shared.h"
#include "trust.h"
#include "utility.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

void
_PG_init(void)
{
	cg_guc_init();
	cg_shared_init();
	cg_inval_init();
	cg_labels_init();
	cg_policy_init();
	cg_trust_init();
	cg_beneath_init();
	cg_gate_init();
	cg_permission_init();
	cg_interventions_init();
	cg_actor_init();
	cg_planner_init();
	cg_rowpolicy_init();
	cg_execution_init();
	cg_policyrecord_init();
	cg_attempts_init();
	cg_door_init();
	cg_errordetail_init();
	cg_explained_init();
	cg_copyto_init();
	cg_utility_init();
	cg_objectaccess_init();
	cg_owntables_init();
	cg_launcher_init();
}
