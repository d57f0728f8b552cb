/*
 * copyto.h
 *		COPY table TO, which has no plan; and what a restore copies in.
 */
#ifndef CG_COPYTO_H
#define CG_COPYTO_H

#include "nodes/plannodes.h"

#include "base/copystate.h"

extern void cg_copyto_init(void);

/*
 * A COPY of a guarded table to anywhere becomes a COPY of a query over it, in a
 * copy of the statement, and copy->relid is that table; anything else is passed on,
 * with the schema that its name has now.  The same for the access log's tables, since reading them is a record;
 * and COPY of contact_guard.restored_log, which pg_dump does, gives the whole
 * access log.
 */
extern PlannedStmt *cg_copyto_guard(PlannedStmt *pstmt, CgCopy *copy);

#endif							/* CG_COPYTO_H */
