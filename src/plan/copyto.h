/*
 * copyto.h
 *		COPY table TO, which has no plan, and COPY FROM of a restore.
 */
#ifndef CG_COPYTO_H
#define CG_COPYTO_H

#include "nodes/plannodes.h"

#include "base/copystate.h"

extern void cg_copyto_init(void);

/*
 * Replaces COPY TO of a guarded table by a COPY of a query over it, in a copy of the
 * statement, and sets copy->relid to the table.  Does the same for the tables of the
 * access log, whose reads are recorded.  For contact_guard.restored_log, which pg_dump
 * copies, the query gives the whole access log.  Any other table is copied as before, but
 * its name gets the schema that it has now.
 */
extern PlannedStmt *cg_copyto_guard(PlannedStmt *pstmt, CgCopy *copy);

#endif							/* CG_COPYTO_H */
