/*
 * trust.h
 *		Functions that an admin trusts with stored values.
 *
 * The trust is a security label on the function, {"trusted": "why", "definition":
 * "a hash"}: it follows renames, is removed by DROP, and is dumped by name.  It counts
 * only while the hash fits the function's definition, and while the function is pinned:
 * it has a search_path of its own that ends in pg_temp.
 * A session keeps the answers, so a question costs a hash probe.
 */
#ifndef CG_TRUST_H
#define CG_TRUST_H

#include "nodes/pg_list.h"

extern void cg_trust_init(void);

/* Is any function of this database trusted?  Every session asks this first. */
extern bool cg_trust_is_any(void);

/* Has an admin trusted the function in its present definition, and is it pinned? */
extern bool cg_trust_is_trusted(Oid function);

/*
 * May this role use all schemas of a trusted function's search_path?  PostgreSQL skips
 * the other schemas, and would look up their objects in pg_temp.
 */
extern bool cg_trust_is_usable(Oid function, Oid role);

/* Is the function trusted, or harmless by itself (callees.h)? */
extern bool cg_trust_is_allowed(Oid function);

/*
 * May it be called below a trusted function?  It must be allowed.  If it is not trusted
 * itself, it must not be one of the functions of unnamed.h.
 */
extern bool cg_trust_is_allowed_below(Oid function);

/*
 * May a question for windows call it?  As cg_trust_is_allowed(), but its body may read
 * relations: there are no stored values in a question, and the functions that views and
 * policies of these relations call are checked, too.
 */
extern bool cg_trust_may_decide(Oid function);

/*
 * Is it not allowed below a trusted function, and called by a cast, a domain or a type?
 * PL/pgSQL and the type cache keep these for longer than the statement.
 */
extern bool cg_trust_is_carried(Oid function);

/*
 * A number that changes when a function, operator, cast, check of a domain or role may
 * have changed, or the privileges on a schema.  Then answers of this module and callees.h
 * may be different.
 */
extern uint64 cg_trust_generation(void);

/* Has it a label of trust, even if it is not pinned or the label is void? */
extern bool cg_trust_is_labelled(Oid function);

/* The functions that have such a label: a list of OIDs, sorted. */
extern List *cg_trust_functions(void);

/* Has it a label that was made for another definition? */
extern bool cg_trust_is_void(Oid function);

#endif							/* CG_TRUST_H */
