/*
 * actor.c
 *		The actor: on whose behalf the session reads.
 *
 * The actor is the outer role: the user chooses it by SET ROLE, but does not choose the
 * role of a SECURITY DEFINER function.  Inside a security-restricted operation (REFRESH
 * MATERIALIZED VIEW, index builds) the code belongs to the object's owner, so the actor is
 * the current user there.  If a pool's login did not choose its role itself (ALTER DATABASE
 * ... SET role, which the database's owner may run), the actor is the login: a request
 * that forgot act_as must not get the permissions of a role from a setting.
 *
 * act_as() counts for the current transaction, and only the first call counts.  So SQL
 * that is injected behind it cannot choose another actor.  To name the same one again,
 * with the same role, changes nothing.  ROLLBACK TO undoes act_as(), as
 * it undoes everything since the savepoint.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_proc.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/actorsession.h"
#include "base/guc.h"
#include "base/inval.h"
#include "base/objects.h"
#include "base/poolrole.h"
#include "base/roles.h"
#include "base/special.h"
#include "base/xactend.h"
#include "compat.h"

#define PROXY_ROLE "contact_guard_proxy"

/* A token that has named the actor, and the one that it took the place of. */
typedef struct ActedToken
{
	CgActorToken token;			/* the first field: a pointer to one is one to the other */
	int			level;			/* transaction nesting */
	struct ActedToken *before;
} ActedToken;

/* Set by act_as in this transaction. */
void		(*cg_actor_on_change) (bool lost) = NULL;

/* The role whose name was looked up last, until a role changes. */
static Oid	named_role = InvalidOid;
static NameData role_name;

const char *(*cg_actor_lapse) (const CgActorToken *token) = NULL;

static char *acted_name = NULL;
static ActedToken *acted_token = NULL;	/* the newest; in TopTransactionContext, too */
static const char *acted_lapsed = NULL;
static Oid	acted_role = InvalidOid;
static int	acted_level = 0;
static uint64 changes = 0;		/* how often act_as named an actor, or that ended */

static void actor_inval_role(int cacheid, uint32 hashvalue);
static char *name_of_role(Oid role);
static void check_executable(const char *function);
static void name_actor(FunctionCallInfo fcinfo, const char *form);
static void note_lapse(const char *reason);
static CgActor acted_actor(void);
static CgActor actor_of_maintenance(void);
static bool is_acted(const char *name, Oid role, const CgActorToken *token);
static void actor_xact(XactEvent event);
static void actor_subxact(SubXactEvent event, SubTransactionId mySubid,
						  SubTransactionId parentSubid, void *arg);

PG_FUNCTION_INFO_V1(cg_act_as);
PG_FUNCTION_INFO_V1(cg_act_as_text);
PG_FUNCTION_INFO_V1(cg_current_actor);

void
cg_actor_init(void)
{
	cg_xactend_on_event(actor_xact);
	RegisterSubXactCallback(actor_subxact, NULL);
}

static void
forget_actor(void)
{
	changes += acted_name != NULL;
	/* TopTransactionContext has the name and frees it. */
	acted_name = NULL;
	acted_role = InvalidOid;
	acted_token = NULL;
	acted_lapsed = NULL;
	acted_level = 0;
}

static void
actor_xact(XactEvent event)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_PARALLEL_ABORT:
			forget_actor();
			break;
		default:
			break;
	}
}

static void
actor_subxact(SubXactEvent event, SubTransactionId mySubid, SubTransactionId parentSubid, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();

	if (acted_name == NULL || (event != SUBXACT_EVENT_ABORT_SUB && event != SUBXACT_EVENT_COMMIT_SUB))
		return;
	if (event == SUBXACT_EVENT_COMMIT_SUB)
	{
		acted_level = Min(acted_level, level - 1);
		for (ActedToken *at = acted_token; at && at->level >= level; at = at->before)
			at->level = level - 1;
		return;
	}
	if (acted_level < level && (acted_token == NULL || acted_token->level < level))
		return;
	/* Here no catalog can be asked.  The next act_as asks again. */
	if (acted_level >= level)
		forget_actor();
	else
	{
		while (acted_token->level >= level)
			acted_token = acted_token->before;
		acted_lapsed = NULL;
		changes++;
	}
	if (cg_actor_on_change)
		cg_actor_on_change(true);
}

static void
actor_inval_role(int cacheid, uint32 hashvalue)
{
	named_role = InvalidOid;
}

static char *
name_of_role(Oid role)
{
	char	   *name;

	if (named_role == role)
		return pstrdup(NameStr(role_name));
	cg_inval_on_catalog(AUTHOID, actor_inval_role);
	/* An invalidation that comes with the look-up comes before the answer. */
	name = GetUserNameFromId(role, false);
	namestrcpy(&role_name, name);
	named_role = role;
	return name;
}

/* What has lapsed stays so, until the transaction gets another token. */
static void
note_lapse(const char *reason)
{
	acted_lapsed = reason;
	changes++;
	if (cg_actor_on_change)
		cg_actor_on_change(true);
}

/* token: that has named the actor, or NULL */
static const char *
identity_named(const CgActorToken *token)
{
	return token ? psprintf("token:%s", token->kid) : CG_ACTOR_ASSERTED;
}

static CgActor
acted_actor(void)
{
	CgActor		actor = {0};

	if (acted_lapsed == NULL)
	{
		const char *reason = cg_actor_lapse((const CgActorToken *) acted_token);

		if (reason)
			note_lapse(reason);
	}
	actor.name = pstrdup(acted_name);
	actor.token = (const CgActorToken *) acted_token;
	actor.identity = identity_named(actor.token);
	actor.lapsed = acted_lapsed;
	actor.role = acted_lapsed ? InvalidOid : acted_role;
	actor.superuser = OidIsValid(actor.role) && superuser_arg(actor.role);
	return actor;
}

/* Autovacuum runs code of owners for nobody, so nothing is shown. */
static CgActor
actor_of_maintenance(void)
{
	return (CgActor) {
		.name = name_of_role(GetUserId()),
		.identity = CG_ACTOR_BY_ROLE,
		.lapsed = cg_actor_lapse(NULL),
	};
}

bool
cg_actor_has_lapsed(const CgActor *actor, TimestampTz now)
{
	return actor->lapsed != NULL || (actor->token && now >= actor->token->until);
}

CgActor
cg_actor_current(void)
{
	const CgSessionActor *named;
	CgActor		actor = {0};

	if (InSecurityRestrictedOperation())
	{
		/* A pool's login may have left code there as a role that it had become. */
		if (cg_identity == CG_IDENTITY_REQUIRED && MyBackendType == B_AUTOVAC_WORKER)
			return actor_of_maintenance();
		actor.role = GetUserId();
		if (cg_identity == CG_IDENTITY_REQUIRED && cg_poolrole_is_unbelieved(actor.role))
			actor.role = GetSessionUserId();
	}
	else if (acted_name)
		return acted_actor();
	else if ((named = cg_actorsession_current()) != NULL)
	{
		actor.name = pstrdup(named->name);
		actor.role = named->role;
		actor.superuser = OidIsValid(named->role) && superuser_arg(named->role);
		actor.token = named->has_token ? &named->token : NULL;
		actor.identity = identity_named(actor.token);
		return actor;
	}
	else
	{
		actor.role = GetOuterUserId();
		/* Then a pool's login stays an actor without permissions. */
		if (cg_poolrole_is_unbelieved(actor.role))
			actor.role = GetSessionUserId();
	}
	actor.name = name_of_role(actor.role);
	actor.superuser = superuser_arg(actor.role);
	actor.proxy = cg_poolrole_is_proxy(actor.role);
	actor.identity = CG_ACTOR_BY_ROLE;
	return actor;
}

CgActorSince
cg_actor_since(void)
{
	uint64		required = cg_identity == CG_IDENTITY_REQUIRED;
	uint64		expired = acted_token && GetCurrentTimestamp() >= acted_token->token.until;

	return (CgActorSince) {GetOuterUserId(), (changes + cg_actorsession_changes() + expired) | required << 63};
}

Datum
cg_current_actor(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(cg_actor_current().name));
}

/*
 * A form with role as text, for drivers that give each string a type, is executable by
 * PUBLIC.  Whoever may execute the first form may call it: what a site has granted or
 * revoked there counts for both.
 */
static void
check_executable(const char *function)
{
	if (object_aclcheck(ProcedureRelationId, cg_objects_function(function), GetUserId(), ACL_EXECUTE) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for function %s", function)));
}

void
cg_actor_check_caller(const char *form)
{
	if (form)
		check_executable(form);
	/*
	 * The outer role must have the right, too: a SECURITY DEFINER function must not give a
	 * caller the right to name an actor.
	 */
	if (!cg_roles_is_proxy(GetOuterUserId(), true))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be a member of role \"%s\" to name the actor", PROXY_ROLE)));
	cg_poolrole_note();
}

Oid
cg_actor_role_argument(FunctionCallInfo fcinfo, bool is_text)
{
	Oid			role;

	if (PG_ARGISNULL(1))
		return InvalidOid;
	if (is_text)
		role = DatumGetObjectId(DirectFunctionCall1(regrolein, CStringGetDatum(text_to_cstring(PG_GETARG_TEXT_PP(1)))));
	else
		role = PG_GETARG_OID(1);
	if (OidIsValid(role) && !member_can_set_role(GetOuterUserId(), role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be a member of role \"%s\" to act with its permissions",
						GetUserNameFromId(role, false))));
	return role;
}

void
cg_actor_check_named(FunctionCallInfo fcinfo, const char *form, char **name, Oid *role)
{
	cg_actor_check_caller(form);
	if (cg_identity == CG_IDENTITY_REQUIRED)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("actors are named by tokens alone"),
				 errdetail("contact_guard.identity is \"required\"."),
				 errhint("Call act_as_token() or act_as_token_session() with the user's token.")));
	if (PG_ARGISNULL(0) || VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(0)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the actor's name must not be empty")));
	if (VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(0)) > CG_ACTOR_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_NAME_TOO_LONG),
				 errmsg("the actor's name is longer than %d bytes", CG_ACTOR_LENGTH)));
	*name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	*role = cg_actor_role_argument(fcinfo, form != NULL);
}

/*
 * Is this the actor that the transaction has already?  Middleware within middleware names the
 * same one again.  A name alone does not take the place of a token's.
 */
static bool
is_acted(const char *name, Oid role, const CgActorToken *token)
{
	return acted_name && acted_role == role && strcmp(acted_name, name) == 0 &&
		(acted_token == NULL) == (token == NULL);
}

void
cg_actor_name(FunctionCallInfo fcinfo, const char *name, Oid role, const CgActorToken *token)
{
	bool		again = is_acted(name, role, token);

	if (again && token == NULL)
		return;
	if (acted_name && !again)
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("the actor of this transaction is already \"%s\"", acted_name),
				 errhint("act_as cannot name another actor, nor another role, in the same transaction."),
				 errhidestmt(token != NULL), errhidecontext(token != NULL)));
	/* By code of others, the trigger of a table that the application writes. */
	if (cg_actorsession_current() != NULL && !cg_actorsession_at_top(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("the actor of this session is already \"%s\"", cg_actorsession_current()->name),
				 errhint("While act_as_session() has named an actor, only a statement of its own can call act_as()."),
				 errhidestmt(token != NULL), errhidecontext(token != NULL)));
	if (!IsTransactionBlock())
		ereport(WARNING,
				(errcode(ERRCODE_NO_ACTIVE_SQL_TRANSACTION),
				 errmsg("act_as has no effect outside a transaction block"),
				 errhint("Call act_as after BEGIN, in the transaction that reads; or see contact_guard.act_as_session()."),
				 errhidestmt(token != NULL), errhidecontext(token != NULL)));

	cg_special_note();
	/* A pool may send the same one with each statement of a long transaction. */
	if (token && (acted_token == NULL || memcmp(&acted_token->token, token, sizeof(CgActorToken)) != 0))
	{
		ActedToken *newest = MemoryContextAlloc(TopTransactionContext, sizeof(ActedToken));

		memcpy(&newest->token, token, sizeof(CgActorToken));
		newest->level = GetCurrentTransactionNestLevel();
		newest->before = acted_token;
		acted_token = newest;
	}
	acted_lapsed = NULL;
	if (!again)
	{
		acted_role = role;
		acted_level = GetCurrentTransactionNestLevel();
		acted_name = MemoryContextStrdup(TopTransactionContext, name);
	}
	changes++;
	if (cg_actor_on_change)
		cg_actor_on_change(false);
}

static void
name_actor(FunctionCallInfo fcinfo, const char *form)
{
	char	   *name;
	Oid			role;

	cg_actor_check_named(fcinfo, form, &name, &role);
	cg_actor_name(fcinfo, name, role, NULL);
}

Datum
cg_act_as(PG_FUNCTION_ARGS)
{
	name_actor(fcinfo, NULL);
	PG_RETURN_VOID();
}

Datum
cg_act_as_text(PG_FUNCTION_ARGS)
{
	name_actor(fcinfo, "act_as");
	PG_RETURN_VOID();
}
