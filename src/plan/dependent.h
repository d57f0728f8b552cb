/*
 * dependent.h
 *		Values that depend on a primary key among what a query groups by.
 */
#ifndef CG_DEPENDENT_H
#define CG_DEPENDENT_H

#include "nodes/parsenodes.h"

/* Is the expression the same for all rows that GROUP BY puts together? */
extern bool cg_dependent_is(const Query *query, Node *expression);

/*
 * Takes guarded values out of DISTINCT or GROUP BY where others among its entries determine
 * them, and nothing else of the query sorts by them.  DISTINCT becomes GROUP BY.  The rows of the
 * result are the same.  False: there were none, and the query is as it was.
 */
extern bool cg_dependent_free(Query *query);

#endif							/* CG_DEPENDENT_H */
