/*
 * lookup.h
 *		Look-ups by actors with a standing permission: "which customer is calling?"
 *
 * For an actor with a standing permission, a comparison of a guarded column with an
 * expression that does not depend on rows may use the column's value directly, and so
 * its index.  Then the look-up is recorded, and so are the customers of the rows that it
 * finds.
 */
#ifndef CG_LOOKUP_H
#define CG_LOOKUP_H

#include "nodes/parsenodes.h"

/* The comparison that looks one relation up. */
typedef struct CgLookup
{
	Index		rti;
	Node	   *comparison;		/* with the column itself, without reveal() */
	AttrNumber	attnum;			/* that column */
} CgLookup;

/*
 * Removes look-ups from a query's WHERE, before it is rewritten: a list of CgLookup,
 * NIL for an actor without permission.
 */
extern List *cg_lookup_take(Query *query);

/*
 * Could an actor with a permission look something up?  Then the plan depends on the
 * actor's permission.
 */
extern bool cg_lookup_present(Query *query);

/* Puts look-ups into the range table, after the rewrite.  eager: see carriers.h. */
extern void cg_lookup_put(Query *query, List *lookups, bool eager);

#endif							/* CG_LOOKUP_H */
