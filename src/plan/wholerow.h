/*
 * wholerow.h
 *		Whole-row references, expanded to columns.
 */
#ifndef CG_WHOLEROW_H
#define CG_WHOLEROW_H

#include "nodes/parsenodes.h"
#include "nodes/primnodes.h"

/* ROW(column, …) of the same type; NULL constants stand for dropped columns. */
extern RowExpr *cg_wholerow_expand(const Var *var, const RangeTblEntry *rte);

/*
 * The row, or NULL if the whole-row Var is NULL, as on the empty side of an outer join.
 * ROW(NULL, …) is not NULL, and count(c) or row_to_json(c) would show the difference.
 */
extern Node *cg_wholerow_or_null(RowExpr *row, const Var *var, const RangeTblEntry *rte);

/* Does the query, or a sub-select in it, name a whole row of this entry? */
extern bool cg_wholerow_is_used(Query *query, Index rti);

#endif							/* CG_WHOLEROW_H */
