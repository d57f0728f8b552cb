/*
 * policycache.h
 *		Where a session keeps the policies that it has met.
 *
 * Only policy.c uses this; everybody else asks policy.h.
 */
#ifndef CG_POLICYCACHE_H
#define CG_POLICYCACHE_H

#include "policy/policy.h"

extern void cg_policycache_init(void);

/*
 * NULL if the relation must be looked at.  Else what is known of it: with no guarded
 * column where nothing is guarded.  Good until the end of the transaction, though an
 * invalidation may make it a thing of the past.
 */
extern const CgPolicy *cg_policycache_find(Oid relid);

/* The same, but stale ones too, and NULL if nothing of ours was ever found there. */
extern const CgPolicy *cg_policycache_peek(Oid relid);

/* Is a lock held on any relation with guarded columns that was ever found? */
extern bool cg_policycache_is_any_locked(void);

/*
 * Invalidations heard of so far.  What was built while it changed may be of
 * before the change.
 */
extern uint64 cg_policycache_invalidations(void);

/*
 * Keeps a copy of what was built since the count of invalidations was "before",
 * and returns the copy; if the count has changed, it is for this once.
 */
extern const CgPolicy *cg_policycache_put(const CgPolicy *built, uint64 before);

#endif							/* CG_POLICYCACHE_H */
