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
 * Before a run of a statement: ERROR insufficient_privilege if it writes WHERE CURRENT
 * OF a cursor whose query has been noted.
 */
extern void cg_chosen_check(QueryDesc *query);

#endif							/* CG_CHOSEN_H */
