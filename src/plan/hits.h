/*
 * hits.h
 *		Rows that a search has found, and that LIMIT leaves out.
 */
#ifndef CG_HITS_H
#define CG_HITS_H

#include "nodes/parsenodes.h"

/*
 * Has the query a search whose hits can be recorded above its LIMIT?  raised: does this column
 * of its result move there, too?
 */
extern bool cg_hits_can_wait(const Query *query, bool (*raised) (const TargetEntry *target));

/*
 * The calls of found() that record them, which belong above LIMIT.  The query keeps calls that
 * only note which rows the search has found.
 */
extern List *cg_hits_take(Query *query);

#endif							/* CG_HITS_H */
