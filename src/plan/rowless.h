/*
 * rowless.h
 *		Expressions that do not depend on a row.
 */
#ifndef CG_ROWLESS_H
#define CG_ROWLESS_H

#include "nodes/params.h"
#include "nodes/parsenodes.h"

/*
 * Is there an expression in the statement that does not depend on a row, is not known
 * before the statement runs, and does not go into its result?
 *
 * PostgreSQL treats a condition like name = f(42) as leakproof, since f sees no row, and
 * may evaluate it for a row before our own conditions.  But a call of f, or its error,
 * tells that there was such a row.
 */
extern bool cg_rowless_present(Query *query, ParamListInfo params);

#endif							/* CG_ROWLESS_H */
