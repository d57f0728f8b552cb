/*
 * rtemark.h
 *		Marks that the rewrite puts into range table entries.
 *
 * A mark stands in a field that has no meaning for relations (enrname belongs to
 * transition tables).  So copies of the entry have it too: those for child tables, and
 * the one in the finished plan.
 */
#ifndef CG_RTEMARK_H
#define CG_RTEMARK_H

#include "nodes/parsenodes.h"

/* The assumption of a plan about its actor. */
typedef enum CgAssumed
{
	CG_ASSUMED_NOTHING,
	CG_ASSUMED_PERMITTED,		/* the actor has a standing permission on the relation */
	CG_ASSUMED_SEARCHES,		/* the same, and each row is read before it is compared */
	CG_ASSUMED_SEARCHES_ALONE,	/* the same, unless the relation has many rows */
	CG_ASSUMED_SEES_ALL,		/* a standing permission, or the actor bypasses row security */
	CG_ASSUMED_SEES_OPEN		/* neither of them */
} CgAssumed;

typedef struct CgMark
{
	Oid			relid;			/* the relation that the rewrite saw */
	CgAssumed	assumed;
	bool		audited;		/* a table or view of the access log */
	List	   *looked_up;		/* columns (ints) whose values are compared: by an actor with
								 * a permission; if none is assumed, by a unique index */
	List	   *checked;		/* columns that a definition of the relation compares */
} CgMark;

/* Does the plan assume a standing permission? */
extern bool cg_rtemark_is_permitted(const CgMark *mark);

extern void cg_rtemark_set(RangeTblEntry *rte, CgAssumed assumed, List *looked_up,
						   List *checked);

extern void cg_rtemark_set_audited(RangeTblEntry *rte);

/* May there be a mark in a plan that this process runs? */
extern bool cg_rtemark_may_be_there(void);

/* False if the entry has no mark.  Allocates only the lists. */
extern bool cg_rtemark_get(const RangeTblEntry *rte, CgMark *mark);

#endif							/* CG_RTEMARK_H */
