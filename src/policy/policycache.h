/*
 * policycache.h
 *		A session's cache of policies.
 *
 * Only policy.c uses this; everybody else calls policy.h.  But code that each statement runs
 * asks cg_policycache_is_nothing() first.
 */
#ifndef CG_POLICYCACHE_H
#define CG_POLICYCACHE_H

#include "base/recent.h"
#include "base/special.h"
#include "policy/policy.h"

extern void cg_policycache_init(void);

/*
 * The policy of the relation, which has no guarded column if nothing is guarded, or
 * NULL if the cache does not know the relation.  The pointer is valid until the end of
 * the transaction, though an invalidation may make the policy out of date before.
 */
extern const CgPolicy *cg_policycache_find(Oid relid);

/* Relations without a policy that were looked up.  Only for the functions of policycache.c. */
extern CG_HIDDEN CgRecent cg_policycache_nothing;

/*
 * Is it remembered that nothing in the relation is guarded, and that it is no part of the
 * access log and no TOAST table?
 */
static inline bool
cg_policycache_is_nothing(Oid relid)
{
	return cg_recent_has(&cg_policycache_nothing, relid);
}

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
