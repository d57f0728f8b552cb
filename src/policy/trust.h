/*
 * trust.h
 *		Functions that an admin has named as fit to meet stored values.
 *
 * The trust is a security label on the function, {"trusted": "why", "definition":
 * "a hash"}: it follows renames, goes with DROP and is dumped by name.  It counts
 * only while the function is the one that the hash is of, and has a search_path of
 * its own that ends in pg_temp (is pinned).
 * Answers are kept per session and cost a hash probe.
 */
#ifndef CG_TRUST_H
#define CG_TRUST_H

#include "nodes/pg_list.h"

extern void cg_trust_init(void);

/* Is any function of this database trusted?  The first question of every session. */
extern bool cg_trust_is_any(void);

/* Has an admin named it, as it is, and is it pinned? */
extern bool cg_trust_is_trusted(Oid function);

/*
 * May this role use all schemas of a trusted function's path?  PostgreSQL leaves
 * the others out, and what should be found there would be looked for in pg_temp.
 */
extern bool cg_trust_is_usable(Oid function, Oid role);

/* Trusted, or harmless by itself (callees.h). */
extern bool cg_trust_is_allowed(Oid function);

/*
 * May a trusted function lead to it?  Allowed, and either trusted or not one that the
 * text leads to unseen and others own (unnamed.h).
 */
extern bool cg_trust_is_allowed_below(Oid function);

/*
 * The same of what a question for windows calls: its bodies may read relations, since
 * what views and policies of these call is asked for, too, and no stored value is there.
 */
extern bool cg_trust_may_decide(Oid function);

/*
 * Not allowed below a trusted function, and a cast, a domain or a type calls it: what PL/pgSQL and the
 * type cache keep of these outlives the statement that made it.
 */
extern bool cg_trust_is_carried(Oid function);

/*
 * Differs when a function, operator, cast or check of a domain may have changed, or a role,
 * or who may use a schema: answers of this module and callees.h may be others then.
 */
extern uint64 cg_trust_generation(void);

/* Does it bear a label of trust, pinned or not, void or not? */
extern bool cg_trust_is_labelled(Oid function);

/* The functions that bear one: a list of OIDs, sorted. */
extern List *cg_trust_functions(void);

/* Does it bear a label that was made for another definition? */
extern bool cg_trust_is_void(Oid function);

#endif							/* CG_TRUST_H */
