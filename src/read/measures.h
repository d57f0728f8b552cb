/*
 * measures.h
 *		Memory, files and widths that tell how long withheld values are.
 */
#ifndef CG_MEASURES_H
#define CG_MEASURES_H

#include "executor/execdesc.h"

/*
 * PostgreSQL's counters of temporary files.  before: call it when a run begins.  after: when
 * it has ended, with the result of the first; in an execution that may withhold values, the
 * counters are then as they were.
 */
typedef struct CgMeasures
{
	int64		read;
	int64		written;
} CgMeasures;

extern CgMeasures cg_measures_before(void);
extern void cg_measures_after(QueryDesc *query, CgMeasures before);

/*
 * Call it when an execution has finished, before its counters are read.  If it may withhold
 * values, they lose what they tell about memory, files and WAL, and those of a statement that
 * writes what they tell about buffers.  So do those of the executions around such a statement.
 */
extern void cg_measures_forget(QueryDesc *query);

#endif							/* CG_MEASURES_H */
