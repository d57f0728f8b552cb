/*
 * chosen.h
 *		Cursors whose rows were chosen with the help of masks.
 */
#ifndef CG_CHOSEN_H
#define CG_CHOSEN_H

#include "executor/execdesc.h"

/* Notes that a condition of this query, which is being run, has read a withheld value. */
extern void cg_chosen_note(QueryDesc *query);

/*
 * keep notes, for functions that later runs of the query call, that masks have chosen its
 * rows or its calls (by: see CgAround.chosen_by).  get: was that noted?
 */
extern void cg_chosen_keep(QueryDesc *query, Oid by);
extern bool cg_chosen_get(const QueryDesc *query, Oid *by);

/*
 * Call it before a run of a statement: ERROR insufficient_privilege if it writes WHERE
 * CURRENT OF a cursor whose query has been noted.
 */
extern void cg_chosen_check(QueryDesc *query);

#endif							/* CG_CHOSEN_H */
