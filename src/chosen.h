/*
 * chosen.h
 *		Cursors whose rows a mask has had a part in choosing.
 */
#ifndef CG_CHOSEN_H
#define CG_CHOSEN_H

#include "executor/execdesc.h"
#include "nodes/parsenodes.h"

/* A withheld value stands in a condition of this query, which is being run. */
extern void cg_chosen_note(QueryDesc *query);

/*
 * Puts a call of chosen() beside every WHERE CURRENT OF in the query, in place: its
 * cursor is looked at when the statement runs.
 */
extern void cg_chosen_guard(Query *query);

#endif							/* CG_CHOSEN_H */
