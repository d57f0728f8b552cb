/*
 * pages.h
 *		Rows that a query computes and leaves out are not read.
 */
#ifndef CG_PAGES_H
#define CG_PAGES_H

#include "nodes/parsenodes.h"

/*
 * Returns a query with the same result that calls reveal() only for the rows that OFFSET, DISTINCT
 * ON and row numbers leave, or the query itself.  The query was rewritten, and is changed in place.
 */
extern Query *cg_pages_raise(Query *query);

#endif							/* CG_PAGES_H */
