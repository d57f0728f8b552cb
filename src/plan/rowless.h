/*
 * rowless.h
 *		Expressions that no row has a part in.
 */
#ifndef CG_ROWLESS_H
#define CG_ROWLESS_H

#include "nodes/params.h"
#include "nodes/parsenodes.h"

/*
 * Is anything computed in the statement from no row, other than what goes into its
 * result, and not known before it runs?
 *
 * PostgreSQL holds a condition like name = f(42) for leakproof, since f sees no
 * row, and may ask it of a row before our own conditions.  But f, or an error,
 * tells that there was a row to ask it of.
 */
extern bool cg_rowless_present(Query *query, ParamListInfo params);

#endif							/* CG_ROWLESS_H */
