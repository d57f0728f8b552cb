/*
 * rtemark.h
 *		What the rewrite notes in a range table entry.
 *
 * Kept in a field that means nothing for relations (enrname belongs to
 * transition tables): copies of an entry, its children's and the finished
 * plan's, carry it along.
 */
#ifndef CG_RTEMARK_H
#define CG_RTEMARK_H

#include "nodes/parsenodes.h"

/* What a plan takes for granted about the actor. */
typedef enum CgAssumed
{
	CG_ASSUMED_NOTHING,
	CG_ASSUMED_PERMITTED,		/* the actor has a standing permission on the relation */
	CG_ASSUMED_SEES_ALL,		/* that, or the actor bypasses row security */
	CG_ASSUMED_SEES_OPEN		/* neither */
} CgAssumed;

typedef struct CgMark
{
	Oid			relid;			/* the relation that the rewrite saw */
	CgAssumed	assumed;
	bool		audited;		/* a table or view of the access log */
	List	   *looked_up;		/* columns (ints) that are compared bare: by the permitted,
								 * or by a unique index where no permission is assumed */
	List	   *checked;		/* those that a definition of the relation compares */
} CgMark;

extern void cg_rtemark_set(RangeTblEntry *rte, CgAssumed assumed, List *looked_up,
						   List *checked);

extern void cg_rtemark_set_audited(RangeTblEntry *rte);

/* May a plan that this process runs have a mark? */
extern bool cg_rtemark_may_be_there(void);

/* False if the rewrite has not seen the entry.  Allocates for the lists alone. */
extern bool cg_rtemark_get(const RangeTblEntry *rte, CgMark *mark);

#endif							/* CG_RTEMARK_H */
