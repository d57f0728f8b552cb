/*
 * policycache.h
 *		A session's cache of policies.
 *
 * Only policy.c uses this; everybody else calls policy.h.
 */
#ifndef CG_POLICYCACHE_H
#define CG_POLICYCACHE_H

#include "policy/policy.h"

extern void cg_policycache_init(void);

/*
 * The policy of the relation, which has no guarded column if nothing is guarded, or
 * NULL if the cache does not know the relation.  The pointer is valid until the end of
 * the transaction, though an invalidation may make the policy out of date before.
 */
extern const CgPolicy *cg_policycache_find(Oid relid);

/* The same, also if it is stale; NULL if no policy was ever found there. */
extern const CgPolicy *cg_policycache_peek(Oid relid);

/* Does the transaction hold a lock on a relation with guarded columns that the cache knows? */
extern bool cg_policycache_is_any_locked(void);

/*
 * The number of invalidations so far.  If it changes while a policy is built, the
 * policy may be out of date.
 */
extern uint64 cg_policycache_invalidations(void);

/*
 * Keeps a copy of the policy, and returns the copy.  before: the number of
 * invalidations when the caller began to build it.  If that number has changed, the
 * copy is stale at once: the caller may use it, and the next find returns NULL.
 */
extern const CgPolicy *cg_policycache_put(const CgPolicy *built, uint64 before);

#endif							/* CG_POLICYCACHE_H */
