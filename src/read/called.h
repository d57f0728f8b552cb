/*
 * called.h
 *		Functions whose results decide what a query does that calls a writing function.
 */
#ifndef CG_CALLED_H
#define CG_CALLED_H

#include "access/attnum.h"
#include "nodes/plannodes.h"

#include "read/around.h"

#define CG_CALLED_ROWS		0x01	/* the rows that it returns are rows of the query */
#define CG_CALLED_CHOOSES	0x02	/* its result chooses rows, or calls of functions */
#define CG_CALLED_STORED	0x04	/* a built-in function writes its result, or depends on it */

extern void cg_called_init(void);

/*
 * Puts a list into a plan, in an entry of its range table that nothing else refers
 * to: functions that may read, and the kinds of each.  Both lists may be NIL.
 */
extern void cg_called_mark_plan(PlannedStmt *plan, List *functions, List *kinds);

/* Is there a function in the plan's list whose result a built-in function writes? */
extern bool cg_called_stores(const PlannedStmt *plan);

/*
 * Notes that the innermost execution has read a mask of that column.  chooses: the mask
 * helps to choose the rows of the execution; flows: it is in its results.  ERROR
 * insufficient_privilege below a function whose result is written.
 */
extern void cg_called_note_mask(Oid relid, AttrNumber attnum, bool chooses, bool flows);

/* Is a call of that function under way that the execution has made? */
extern bool cg_called_is_below(const CgAround *caller, Oid function);

#endif							/* CG_CALLED_H */
