/*
 * lookup.h
 *		Look-ups by people who may: "which customer is calling?"
 *
 * For an actor with a standing permission, a comparison of a guarded column with
 * something that no row has a part in may use the column's bare value, and so
 * its index; then the customers of the rows that it finds are recorded, and the
 * look-up itself.
 */
#ifndef CG_LOOKUP_H
#define CG_LOOKUP_H

#include "nodes/parsenodes.h"

/* The comparison of one relation. */
typedef struct CgLookup
{
	Index		rti;
	Node	   *comparison;		/* with the bare column */
	AttrNumber	attnum;			/* that column */
} CgLookup;

/*
 * Takes them out of a query's WHERE, before it is rewritten: a list of CgLookup,
 * NIL for an actor without permission.
 */
extern List *cg_lookup_take(Query *query);

/* Is there something to take, for an actor with permission?  Then the plan assumes. */
extern bool cg_lookup_present(Query *query);

/*
 * Puts them into the range table, after it has been rewritten.  eager: see
 * carriers.h.
 */
extern void cg_lookup_put(Query *query, List *lookups, bool eager);

#endif							/* CG_LOOKUP_H */
