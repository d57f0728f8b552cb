/*
 * resume.h
 *		Executions that are resumed after a window has closed.
 */
#ifndef CG_RESUME_H
#define CG_RESUME_H

#include "reads.h"

/* After a run that stopped at a row count: remembers what it has shown, to whom. */
extern void cg_resume_remember(QueryDesc *query, const CgReads *reads);

/*
 * Before a run: ERROR object_not_in_prerequisite_state if the query has shown in
 * an earlier run what its actor may not see any more, or is run by another one.
 */
extern void cg_resume_check(QueryDesc *query);

#endif							/* CG_RESUME_H */
