/*
 * marked.h
 *		Records that an execution makes before it runs: what its plan's marks say.
 */
#ifndef CG_MARKED_H
#define CG_MARKED_H

#include "nodes/plannodes.h"

/*
 * Call it in the execution of the plan.  ERROR if no record can be kept, or if a function
 * in a parallel worker would read the access log.
 */
extern void cg_marked_record(const PlannedStmt *plan);

#endif							/* CG_MARKED_H */
