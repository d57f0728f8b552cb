/*
 * copyto.h
 *		COPY table TO, which has no plan.
 */
#ifndef CG_COPYTO_H
#define CG_COPYTO_H

#include "nodes/plannodes.h"

/*
 * A COPY of a guarded table to anywhere becomes a COPY of a query over it, in a
 * copy of the statement; anything else is returned as it is.
 */
extern PlannedStmt *cg_copyto_guard(PlannedStmt *pstmt);

#endif							/* CG_COPYTO_H */
