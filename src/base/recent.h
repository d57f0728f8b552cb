/*
 * recent.h
 *		A small cache of relations for which some fact holds.
 *
 * Each statement asks some questions about each of its relations, and the answer is nearly
 * always the same.  The last bits of an OID are its place in the cache.  So one relation
 * may replace another; then the next question about the other one takes the long way.
 * The owner of a cache calls cg_recent_forget in a handler of relcache invalidations, and
 * does not add an answer if an invalidation came while it was looked up.
 */
#ifndef CG_RECENT_H
#define CG_RECENT_H

#define CG_RECENT_SLOTS 256

typedef struct CgRecent
{
	Oid			relids[CG_RECENT_SLOTS];
} CgRecent;

static inline bool
cg_recent_has(const CgRecent *recent, Oid relid)
{
	return OidIsValid(relid) && recent->relids[relid % CG_RECENT_SLOTS] == relid;
}

static inline void
cg_recent_add(CgRecent *recent, Oid relid)
{
	recent->relids[relid % CG_RECENT_SLOTS] = relid;
}

/* relid: InvalidOid stands for all relations. */
static inline void
cg_recent_forget(CgRecent *recent, Oid relid)
{
	if (!OidIsValid(relid))
		memset(recent, 0, sizeof(*recent));
	else if (recent->relids[relid % CG_RECENT_SLOTS] == relid)
		recent->relids[relid % CG_RECENT_SLOTS] = InvalidOid;
}

#endif							/* CG_RECENT_H */
