/*
 * recent.h
 *		The relations for which something holds, as many as were asked for lately.
 *
 * Every statement asks some questions about each of its relations, nearly always
 * with the same answer.  Its last bits say where an OID stands, so two relations
 * may take each other's place; that costs the next one who asks the long way.
 * Whoever keeps one lets it forget in a handler of relcache invalidations, and adds
 * nothing that such an invalidation has overtaken.
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

/* relid: InvalidOid for all relations. */
static inline void
cg_recent_forget(CgRecent *recent, Oid relid)
{
	if (!OidIsValid(relid))
		memset(recent, 0, sizeof(*recent));
	else if (recent->relids[relid % CG_RECENT_SLOTS] == relid)
		recent->relids[relid % CG_RECENT_SLOTS] = InvalidOid;
}

#endif							/* CG_RECENT_H */
