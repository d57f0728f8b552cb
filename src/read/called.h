/*
 * called.h
 *		Functions whose results choose what a query does, where another function writes.
 */
#ifndef CG_CALLED_H
#define CG_CALLED_H

#include "access/attnum.h"
#include "nodes/plannodes.h"

#include "read/around.h"

#define CG_CALLED_ROWS		0x01	/* its rows are the query's */
#define CG_CALLED_CHOOSES	0x02	/* what it returns chooses rows, or calls */
#define CG_CALLED_STORED	0x04	/* a built-in function writes it, or because of it */

extern void cg_called_init(void);

/*
 * Puts a list into a plan, in an entry of its range table that nothing else refers
 * to: functions that may read, and the kinds of each.  Both may be NIL.
 */
extern void cg_called_mark_plan(PlannedStmt *plan, List *functions, List *kinds);

/* Is there one in the plan's list whose result a built-in function writes? */
extern bool cg_called_stores(const PlannedStmt *plan);

/*
 * A mask of that column has been read by the innermost execution: chooses: it has a part
 * in choosing its rows; flows: in what it returns.  ERROR insufficient_privilege
 * if it is in a function whose result is written.
 */
extern void cg_called_note_mask(Oid relid, AttrNumber attnum, bool chooses, bool flows);

/* Are we in a call of that function, made by that execution? */
extern bool cg_called_is_below(const CgAround *caller, Oid function);

#endif							/* CG_CALLED_H */
