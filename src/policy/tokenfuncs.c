/*
 * tokenfuncs.c
 *		act_as_token() and act_as_token_session(): who reads is named by a signed token.
 *
 * The name comes from the token alone.  A role must be named by the token, and the login must
 * be a member of it, so neither the issuer of tokens nor the pool can give it alone.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "base/actor.h"
#include "base/actorsession.h"
#include "base/roles.h"
#include "compat.h"
#include "policy/replay.h"
#include "policy/revoked.h"
#include "policy/token.h"

#define TOKEN_FUNCTION "act_as_token"
#define TOKEN_SESSION_FUNCTION "act_as_token_session"

static bool is_one_of_many(Oid role);
static bool names_role(const CgClaims *claims, Oid role);
static Oid	first_role(const CgClaims *claims);
static Oid	role_of_token(FunctionCallInfo fcinfo, bool is_text, const CgClaims *claims);
static char *take_token(FunctionCallInfo fcinfo, const char *form, bool is_text, CgActorToken *token, Oid *role);

PG_FUNCTION_INFO_V1(cg_act_as_token);
PG_FUNCTION_INFO_V1(cg_act_as_token_text);
PG_FUNCTION_INFO_V1(cg_act_as_token_session);
PG_FUNCTION_INFO_V1(cg_act_as_token_session_text);

static bool
names_role(const CgClaims *claims, Oid role)
{
	char	   *name = GetUserNameFromId(role, false);
	char	   *in_utf8 = pg_server_to_any(name, strlen(name), PG_UTF8);

	for (const char *at = cg_claims_first(claims, &claims->roles); at;
		 at = cg_claims_next(claims, &claims->roles, at))
		if (strcmp(at, in_utf8) == 0)
			return true;
	return false;
}

/*
 * A pool's own role would give the permissions of all roles that the pool is a member of, and a
 * superuser's those of everybody: no token names all of them.
 */
static bool
is_one_of_many(Oid role)
{
	return role == GetOuterUserId() || role == GetSessionUserId() || cg_roles_is_proxy(role, true) || superuser_arg(role);
}

/* The first that the token names and of which the login is a member, or InvalidOid. */
static Oid
first_role(const CgClaims *claims)
{
	for (const char *at = cg_claims_first(claims, &claims->roles); at;
		 at = cg_claims_next(claims, &claims->roles, at))
	{
		char	   *name = pg_any_to_server(at, strlen(at), PG_UTF8);
		Oid			role;

		/* A longer name would be cut, and be that of another role. */
		if (strlen(name) >= NAMEDATALEN)
			continue;
		role = get_role_oid(name, true);
		if (OidIsValid(role) && member_can_set_role(GetOuterUserId(), role) && !is_one_of_many(role))
			return role;
	}
	return InvalidOid;
}

static Oid
role_of_token(FunctionCallInfo fcinfo, bool is_text, const CgClaims *claims)
{
	Oid			role = cg_actor_role_argument(fcinfo, is_text);

	if (!OidIsValid(role))
		return first_role(claims);
	if (!names_role(claims, role))
		cg_token_refuse("It does not name this role (contact_guard_roles).", NULL);
	if (is_one_of_many(role))
		cg_token_refuse("This role is the pool's own, or a superuser's.", "Name a role that has the permissions of this user.");
	return role;
}

/* Returns the name of the actor. */
static char *
take_token(FunctionCallInfo fcinfo, const char *form, bool is_text, CgActorToken *token, Oid *role)
{
	const char *why;
	char	   *name;

	cg_actor_check_caller(form);
	if (PG_ARGISNULL(0))
		cg_token_refuse("It is NULL.", NULL);
	cg_token_verify(text_to_cstring(PG_GETARG_TEXT_PP(0)), token);
	*role = role_of_token(fcinfo, is_text, &token->claims);
	name = pg_any_to_server(token->claims.subject, strlen(token->claims.subject), PG_UTF8);
	if (strlen(name) > CG_ACTOR_LENGTH)
		cg_token_refuse("It names nobody (sub), or with more than 256 bytes.", NULL);
	/* Records will have it. */
	(void) pg_any_to_server(token->claims.purpose, strlen(token->claims.purpose), PG_UTF8);
	token->subject = cg_revoked_number(name);
	if (cg_revoked_is(token->subject, token->claims.issued))
		cg_token_refuse("It was revoked (iat).", NULL);
	why = cg_replay_take(token);
	if (why)
		cg_token_refuse(why, NULL);
	return name;
}

static Datum
act_as_token(FunctionCallInfo fcinfo, bool is_text)
{
	CgActorToken *token = palloc0(sizeof(CgActorToken));
	Oid			role;
	char	   *name = take_token(fcinfo, is_text ? TOKEN_FUNCTION : NULL, is_text, token, &role);

	cg_actor_name(fcinfo, name, role, token);
	PG_RETURN_VOID();
}

/* Who may call it has the privilege to execute act_as_session(), so PUBLIC may execute this. */
static Datum
act_as_token_session(FunctionCallInfo fcinfo, bool is_text)
{
	CgActorToken *token = palloc0(sizeof(CgActorToken));
	Oid			role;
	char	   *name = take_token(fcinfo, NULL, is_text, token, &role);

	cg_actorsession_name(fcinfo, TOKEN_SESSION_FUNCTION, name, role, token);
	PG_RETURN_VOID();
}

Datum
cg_act_as_token(PG_FUNCTION_ARGS)
{
	return act_as_token(fcinfo, false);
}

Datum
cg_act_as_token_text(PG_FUNCTION_ARGS)
{
	return act_as_token(fcinfo, true);
}

Datum
cg_act_as_token_session(PG_FUNCTION_ARGS)
{
	return act_as_token_session(fcinfo, false);
}

Datum
cg_act_as_token_session_text(PG_FUNCTION_ARGS)
{
	return act_as_token_session(fcinfo, true);
}
