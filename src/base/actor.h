/*
 * actor.h
 *		The actor: on whose behalf the session reads.
 */
#ifndef CG_ACTOR_H
#define CG_ACTOR_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "fmgr.h"

#include "common/claims.h"

#define CG_ACTOR_LENGTH 256		/* bytes of the name that act_as is given */

/* What a verified token says: see policy/token.h. */
typedef struct CgActorToken
{
	char		kid[CG_KID_LENGTH + 1];
	char		thumbprint[CG_THUMBPRINT_LENGTH + 1];
	TimestampTz until;			/* it does not count from then on */
	uint64		subject;		/* its number: see policy/revoked.h */
	uint64		settings;		/* a hash of those that it was judged by */
	uint64		narrowing;		/* a hash of the interventions that it is for; 0: all */
	uint64		columns;		/* the same of the columns */
	CgClaims	claims;
} CgActorToken;

/* How the actor's name is known, as the log says it; or "token:" and the kid of a token's key */
#define CG_ACTOR_BY_ROLE "role"	/* it is the name of a role that PostgreSQL has authenticated */
#define CG_ACTOR_ASSERTED "asserted"	/* act_as or act_as_session was told it */
#define CG_ACTOR_BY_CONTACT "contact"	/* the token of contact() names it: relay/ */
#define CG_ACTOR_UNNAMED "unnamed"	/* of a window that moved: a login that did not say for whom it acts */

typedef struct CgActor
{
	char	   *name;			/* the role's name, or the name given to act_as or act_as_session */
	Oid			role;			/* its standing permissions count; or InvalidOid */
	bool		superuser;
	bool		proxy;			/* a pool's login that has not named an actor */
	const CgActorToken *token;	/* that has named it, or NULL; as long as it is the actor */
	const char *lapsed;			/* why the token shows nothing any more, or NULL: a reason for records */
	const char *identity;		/* how the name is known: see above */
} CgActor;

/* Who the actor was at some time, for a comparison. */
typedef struct CgActorSince
{
	Oid			role;
	uint64		changes;
} CgActorSince;

extern void cg_actor_init(void);

/*
 * Is called when the actor has changed.  lost: the actor that act_as has named ends, at a
 * time when no catalog can be asked and nothing may be thrown.  planassume.c sets it, to
 * drop plans.
 */
extern void (*cg_actor_on_change) (bool lost);

/*
 * The present actor: the actor that act_as has named, or act_as_session; or the session's
 * outer role; or, inside a security-restricted operation, the current user.  Needs a
 * transaction.  The name is palloc'd.
 */
extern CgActor cg_actor_current(void);

/*
 * If it is the same as at another time, the session's actor is the same.  It may differ for
 * the same actor.  Asks no catalog.
 */
extern CgActorSince cg_actor_since(void);

/*
 * May what has named an actor still name one?  NULL, or a reason for records.  token: NULL if a
 * name alone has named him.  policy/token.c sets it.  May throw.
 */
extern const char *(*cg_actor_lapse) (const CgActorToken *token);

/* Has the token's time passed, too, since the actor was asked for? */
extern bool cg_actor_has_lapsed(const CgActor *actor, TimestampTz now);

/*
 * Names the actor of this transaction: ERROR active_sql_transaction if another one is named.
 * token: what has named him, or NULL; it is copied.  A newer token of the same actor takes the
 * place of an older one, until ROLLBACK TO takes that back.
 */
extern void cg_actor_name(FunctionCallInfo fcinfo, const char *name, Oid role, const CgActorToken *token);

/*
 * ERROR insufficient_privilege unless the outer role may name actors.  form: as below.
 */
extern void cg_actor_check_caller(const char *form);

/* The role that the second argument names, or InvalidOid if it is NULL.  Errors as below. */
extern Oid	cg_actor_role_argument(FunctionCallInfo fcinfo, bool is_text);

/*
 * The arguments of act_as and act_as_session, actor and role, checked: ERROR
 * invalid_authorization_specification while contact_guard.identity asks for tokens;
 * insufficient_privilege unless the outer role may name actors, and is a member of the role;
 * invalid_parameter_value or name_too_long for the name.  The name is palloc'd.
 *
 * form: NULL if role is a regrole; or the name of the function, of whose form with role as
 * text this is a call.  Then also ERROR insufficient_privilege unless the current user may
 * execute the other form; undefined_object or invalid_name for the role.
 */
extern void cg_actor_check_named(FunctionCallInfo fcinfo, const char *form, char **name, Oid *role);

#endif							/* CG_ACTOR_H */
