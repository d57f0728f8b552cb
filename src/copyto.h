/*
 * copyto.h
 *		COPY table TO, which has no plan.
 */
#ifndef CG_COPYTO_H
#define CG_COPYTO_H

#include "nodes/plannodes.h"

/*
 * A COPY of a guarded table to anywhere becomes a COPY of a query over it, in a
 * copy of the statement, and *relid is that table; anything else is returned as
 * it is.
 */
extern PlannedStmt *cg_copyto_guard(PlannedStmt *pstmt, Oid *relid);

/* The relation of which such a COPY is under way, or InvalidOid.  Returns what it was. */
extern Oid	cg_copyto_begin(Oid relid);
extern Oid	cg_copyto_relation(void);

#endif							/* CG_COPYTO_H */
