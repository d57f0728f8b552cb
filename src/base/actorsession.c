/*
 * actorsession.c
 *		act_as_session(): an actor that stays, for applications that work in autocommit mode.
 *
 * A server cannot see whether a pool gives one session to several users in turn.  Then an
 * actor that stays would be somebody else's in the next request.  So no login may call
 * act_as_session() until an admin says of this login that its sessions have one user at a
 * time: allow_act_as_session() grants it the privilege to execute the function.  Each
 * statement asks whether it still has the privilege.
 *
 * A call counts from the next transaction on, and only if its own commits: so no transaction
 * has two actors, and a statement that fails changes nothing.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_proc.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "base/actor.h"
#include "base/actorsession.h"
#include "base/inval.h"
#include "base/objects.h"
#include "base/roles.h"
#include "base/special.h"
#include "base/xactend.h"
#include "compat.h"

#define SESSION_FUNCTION "act_as_session"

static CgSessionActor present;
static CgSessionActor next;		/* from the end of this transaction on */
static bool next_set = false;
static bool checked = false;	/* the privileges of present, until one changes */
static uint64 changes = 0;

static void privileges_inval(int cacheid, uint32 hashvalue);
static bool may_stay(const CgSessionActor *actor);
static void change_at_commit(const CgSessionActor *to);
static void session_xact(XactEvent event);

PG_FUNCTION_INFO_V1(cg_act_as_session);
PG_FUNCTION_INFO_V1(cg_act_as_nobody);

void
cg_actorsession_init(void)
{
	cg_xactend_on_event(session_xact);
}

static void
privileges_inval(int cacheid, uint32 hashvalue)
{
	checked = false;
	changes++;
}

static bool
may_stay(const CgSessionActor *actor)
{
	Oid			function = cg_objects_function_if_there(SESSION_FUNCTION);

	return OidIsValid(function) &&
		object_aclcheck(ProcedureRelationId, function, actor->caller, ACL_EXECUTE) == ACLCHECK_OK &&
		cg_roles_is_proxy(actor->caller, true) &&
		(!OidIsValid(actor->role) ||
		 (SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(actor->role)) &&
		  member_can_set_role(actor->caller, actor->role)));
}

const CgSessionActor *
cg_actorsession_current(void)
{
	if (likely(!OidIsValid(present.caller)) || GetOuterUserId() != present.caller)
		return NULL;
	if (!checked)
	{
		/* What changes while we look comes as an invalidation, which says so again. */
		checked = true;
		if (!may_stay(&present))
		{
			present.caller = InvalidOid;
			return NULL;
		}
	}
	return &present;
}

uint64
cg_actorsession_changes(void)
{
	return changes;
}

static void
session_xact(XactEvent event)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
			if (!next_set)
				return;
			present = next;
			checked = false;
			changes++;
			/* No catalog can be asked now. */
			if (cg_actor_on_change)
				cg_actor_on_change(true);
			next_set = false;
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			next_set = false;
			break;
		default:
			break;
	}
}

static void
change_at_commit(const CgSessionActor *to)
{
	static bool listening = false;

	if (!listening)
	{
		cg_inval_on_catalog(AUTHOID, privileges_inval);
		cg_inval_on_catalog(AUTHMEMROLEMEM, privileges_inval);
		cg_inval_on_catalog(PROCOID, privileges_inval);
		listening = true;
	}
	cg_special_note();
	next = *to;
	next_set = true;
}

void
cg_actorsession_discard(void)
{
	CgSessionActor nobody = {.caller = InvalidOid};

	if (OidIsValid(present.caller) || next_set)
		change_at_commit(&nobody);
}

/* Of these, a rollback to a savepoint would undo less than it should. */
static void
require_no_block(const char *function)
{
	if (IsTransactionBlock() || IsSubTransaction())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s cannot be called inside a transaction block", function),
				 errhint("In a transaction, act_as() names an actor until it ends.")));
}

Datum
cg_act_as_session(PG_FUNCTION_ARGS)
{
	CgSessionActor to = {.caller = GetOuterUserId()};
	char	   *name;

	cg_actor_check_named(fcinfo, &name, &to.role);
	strlcpy(to.name, name, sizeof(to.name));
	/* A SECURITY DEFINER function must not lend its owner's privilege. */
	if (!may_stay(&to))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("role \"%s\" is not allowed to name an actor for its session",
						GetUserNameFromId(to.caller, false)),
				 errhint("An admin can allow it: see contact_guard.allow_act_as_session(). In a transaction, act_as() names an actor until it ends.")));
	require_no_block("act_as_session()");
	change_at_commit(&to);
	PG_RETURN_VOID();
}

Datum
cg_act_as_nobody(PG_FUNCTION_ARGS)
{
	require_no_block("act_as_nobody()");
	cg_actorsession_discard();
	PG_RETURN_VOID();
}
