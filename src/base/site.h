/*
 * site.h
 *		contact_guard.site: where in a query a guarded value is read.
 *
 * It is the last argument of reveal(), a by-value constant that only the rewrite can make.
 * Its bits are the relation's OID (32), the attribute number (16) and flags (16).
 */
#ifndef CG_SITE_H
#define CG_SITE_H

#include "access/attnum.h"

#define CG_SITE_FLOWS	0x01	/* the value may become part of a result row */
#define CG_SITE_STORES	0x02	/* the statement stores that row */
#define CG_SITE_GUARDED	0x08	/* it is stored in a guarded column, so it is not a copy */
#define CG_SITE_EAGER	0x04	/* a user's function may send the value away at once */
#define CG_SITE_DECIDES	0x10	/* the value is used to choose rows */
#define CG_SITE_WRITES	0x20	/* the statement writes these rows, or others by them */
#define CG_SITE_ORDERS	0x40	/* the value is only used to order rows */
#define CG_SITE_FIRST	0x100	/* compared() comes before conditions that cost next to nothing */
#define CG_SITE_RELAY	0x80	/* no window shows it; set at run time, from the policy */
#define CG_SITE_TRANSITION	0x200	/* it is read from a transition table of a trigger */

/* The other bits of found() and compared(): which search of the statement it is; 0: none. */
#define CG_SITE_SEARCHES	31
#define CG_SITE_SEARCH_SHIFT	11

typedef struct CgSite
{
	Oid			relid;
	AttrNumber	attnum;
	uint16		flags;
} CgSite;

static inline int64
cg_site_pack(CgSite site)
{
	return (int64) ((uint64) site.relid << 32 | (uint64) (uint16) site.attnum << 16 | site.flags);
}

static inline CgSite
cg_site_unpack(int64 packed)
{
	CgSite		site = {
		(Oid) ((uint64) packed >> 32),
		(AttrNumber) (uint16) ((uint64) packed >> 16),
		(uint16) packed
	};

	return site;
}

static inline int
cg_site_search(const CgSite *site)
{
	return site->flags >> CG_SITE_SEARCH_SHIFT;
}

#endif							/* CG_SITE_H */
