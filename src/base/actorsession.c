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
 * has two actors, and a statement that fails changes nothing.  It is refused in a block, and
 * in a pipeline its transaction ends with it.  Only the session's own statement may call:
 * the trigger of a table that the application writes must not choose for whom it reads.
 *
 * The end counts at once.  Whatever resets a session ends it: a driver of a pool may know
 * nothing of us.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_proc.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/actorsession.h"
#include "base/inval.h"
#include "base/objects.h"
#include "base/roles.h"
#include "base/special.h"
#include "base/xactend.h"
#include "compat.h"

#define SESSION_FUNCTION "act_as_session"

bool		(*cg_actorsession_at_top) (FunctionCallInfo fcinfo) = NULL;

static CgSessionActor present;
static CgSessionActor next;		/* from the end of this transaction on */
static bool next_set = false;
static bool checked = false;	/* the privileges of present, until one changes */
static uint64 changes = 0;

static void privileges_inval(int cacheid, uint32 hashvalue);
static bool may_stay(const CgSessionActor *actor);
static void change_at_commit(const CgSessionActor *to);
static void session_xact(XactEvent event);
static void name_session_actor(FunctionCallInfo fcinfo, const char *form);

PG_FUNCTION_INFO_V1(cg_act_as_session);
PG_FUNCTION_INFO_V1(cg_act_as_session_text);
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
		uint64		before = changes;

		/* This may throw.  And what changes while we look is looked at again. */
		if (!may_stay(&present))
		{
			cg_actorsession_end();
			return NULL;
		}
		checked = changes == before;
	}
	/* What ends a token, or names alone, is not what changes a privilege. */
	if (cg_actor_lapse(present.has_token ? &present.token : NULL) != NULL)
	{
		cg_actorsession_end();
		return NULL;
	}
	return &present;
}

uint64
cg_actorsession_changes(void)
{
	bool		expired = present.has_token && OidIsValid(present.caller) &&
		GetCurrentTimestamp() >= present.token.until;

	return changes + expired;
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
			next_set = false;
			checked = false;
			changes++;
			/* No catalog can be asked now. */
			if (cg_actor_on_change)
				cg_actor_on_change(true);
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
		/* The owner of the database is a member of pg_database_owner. */
		cg_inval_on_catalog(DATABASEOID, privileges_inval);
		listening = true;
	}
	cg_special_note();
	next = *to;
	next_set = true;
}

void
cg_actorsession_end(void)
{
	next_set = false;
	if (!OidIsValid(present.caller))
		return;
	present.caller = InvalidOid;
	changes++;
	if (cg_actor_on_change)
		cg_actor_on_change(true);
}

void
cg_actorsession_name(FunctionCallInfo fcinfo, const char *function, const char *name, Oid role, const CgActorToken *token)
{
	CgSessionActor to = {.caller = GetOuterUserId(), .role = role, .has_token = token != NULL};

	if (token)
		to.token = *token;
	strlcpy(to.name, name, sizeof(to.name));
	/* A SECURITY DEFINER function must not lend its owner's privilege. */
	if (!may_stay(&to))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("role \"%s\" is not allowed to name an actor for its session",
						GetUserNameFromId(to.caller, false)),
				 errhint("An admin can allow it: see contact_guard.allow_act_as_session(). In a transaction, act_as() names an actor until it ends."),
				 errhidestmt(token != NULL), errhidecontext(token != NULL)));
	if (!cg_actorsession_at_top(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s() can only be called by a statement of its own", function),
				 errhint("Send SELECT contact_guard.%s(...) from the application, not from a function, a DO block or EXECUTE.", function),
				 errhidestmt(token != NULL), errhidecontext(token != NULL)));
	PreventInTransactionBlock(true, psprintf("%s()", function));
	change_at_commit(&to);
}

static void
name_session_actor(FunctionCallInfo fcinfo, const char *form)
{
	char	   *name;
	Oid			role;

	cg_actor_check_named(fcinfo, form, &name, &role);
	cg_actorsession_name(fcinfo, SESSION_FUNCTION, name, role, NULL);
}

Datum
cg_act_as_session(PG_FUNCTION_ARGS)
{
	name_session_actor(fcinfo, NULL);
	PG_RETURN_VOID();
}

Datum
cg_act_as_session_text(PG_FUNCTION_ARGS)
{
	name_session_actor(fcinfo, SESSION_FUNCTION);
	PG_RETURN_VOID();
}

Datum
cg_act_as_nobody(PG_FUNCTION_ARGS)
{
	cg_actorsession_end();
	PG_RETURN_VOID();
}
