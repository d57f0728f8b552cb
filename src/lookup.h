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

/* The comparisons of one relation. */
typedef struct CgLookup
{
	Index		rti;
	List	   *comparisons;	/* expressions with bare columns */
	List	   *attnums;		/* those columns */
} CgLookup;

/*
 * Takes them out of a query's WHERE, before it is rewritten: a list of CgLookup.
 * Sets *assumes if that depended on the actor's permissions.
 */
extern List *cg_lookup_take(Query *query, bool *assumes);

/* Is there something to take, for an actor with permission? */
extern bool cg_lookup_present(Query *query);

/*
 * Puts them into the range table, after it has been rewritten.  eager: see
 * carriers.h.
 */
extern void cg_lookup_put(Query *query, List *lookups, bool eager);

#endif							/* CG_LOOKUP_H */
