/*
 * lookup.h
 *		Look-ups by actors with a standing permission: "which customer is calling?"
 *
 * For an actor with a standing permission, a condition that only compares may use the values
 * of guarded columns directly, and so their indexes.  Then the look-up is recorded, and so are
 * the customers of the rows that it finds, and, up to a number, of those that it compares.
 */
#ifndef CG_LOOKUP_H
#define CG_LOOKUP_H

#include "nodes/parsenodes.h"

typedef enum CgLookupKind
{
	CG_LOOKUP_POINT,			/* equality with few values: whoever is compared is found */
	CG_LOOKUP_BY_INDEX,			/* a range or LIKE, by the index of its column */
	CG_LOOKUP_ALONE,			/* a search of the whole table, by any index */
	CG_LOOKUP_BY_ROW			/* a search that has to read each row */
} CgLookupKind;

/* What looks one relation up. */
typedef struct CgLookup
{
	Index		rti;
	CgLookupKind kind;
	List	   *before;			/* conditions on other columns, which are to come first */
	List	   *conditions;		/* with the columns themselves, without reveal() */
	List	   *attnums;		/* the guarded columns among these */
	int			number;			/* which search of the statement it is; 0: none */
} CgLookup;

/*
 * Removes look-ups from a query's WHERE, before it is rewritten: a list of CgLookup,
 * NIL for an actor without permission.  around: the queries in which it stands, innermost
 * first.  searches: how many there are in the statement so far.
 */
extern List *cg_lookup_take(Query *query, List *around, int *searches);

/*
 * Could an actor with a permission look something up?  Then the plan depends on the
 * actor's permission.
 */
extern bool cg_lookup_present(Query *query);

/* Puts look-ups into the range table, after the rewrite.  eager: see carriers.h. */
extern void cg_lookup_put(Query *query, List *lookups, bool eager);

#endif							/* CG_LOOKUP_H */
