/*
 * chosen.h
 *		Cursors whose rows a mask has had a part in choosing.
 */
#ifndef CG_CHOSEN_H
#define CG_CHOSEN_H

#include "executor/execdesc.h"

/* A withheld value stands in a condition of this query, which is being run. */
extern void cg_chosen_note(QueryDesc *query);

/*
 * For what its later runs call: its rows, or its calls, have been chosen by masks (by:
 * see CgAround.chosen_by); and whether that was noted.
 */
extern void cg_chosen_keep(QueryDesc *query, Oid by);
extern bool cg_chosen_get(const QueryDesc *query, Oid *by);

/*
 * Before a run of a statement: ERROR insufficient_privilege if it writes WHERE CURRENT
 * OF a cursor whose query has been noted.
 */
extern void cg_chosen_check(QueryDesc *query);

#endif							/* CG_CHOSEN_H */
