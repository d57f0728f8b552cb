/*
 * actorsession.h
 *		The actor of a session: what act_as_session() has named.
 */
#ifndef CG_ACTORSESSION_H
#define CG_ACTORSESSION_H

#include "base/actor.h"

typedef struct CgSessionActor
{
	char		name[CG_ACTOR_LENGTH + 1];
	Oid			role;			/* its standing permissions count; or InvalidOid */
	Oid			caller;			/* the outer role that has named it; InvalidOid: nobody is named */
	bool		has_token;		/* a token has named it */
	CgActorToken token;
} CgSessionActor;

extern void cg_actorsession_init(void);

/*
 * Is a function called by the session's own statement, not by code that the statement runs?
 * read/toplevel.c sets it.
 */
extern bool (*cg_actorsession_at_top) (FunctionCallInfo fcinfo);

/*
 * The actor that act_as_session() has named, or NULL.  It counts only while the outer role is
 * the one that has named it.  If that role may not do so any more, this ends it.  Needs a
 * transaction.
 */
extern const CgSessionActor *cg_actorsession_current(void);

/*
 * Names it, from the end of this transaction on.  function: of which this is a call, for
 * messages.  token: what has named it, or NULL; it is copied.  ERROR insufficient_privilege
 * unless the outer role may do so; feature_not_supported unless a statement of its own calls.
 */
extern void cg_actorsession_name(FunctionCallInfo fcinfo, const char *function, const char *name, Oid role,
								 const CgActorToken *token);

/* Counts how often the actor of the session has changed, or may have changed. */
extern uint64 cg_actorsession_changes(void);

/* Ends it at once, also if the transaction fails. */
extern void cg_actorsession_end(void);

#endif							/* CG_ACTORSESSION_H */
