/*
 * treelog.h
 *		Appends rows of the log to the Merkle tree, in the recorder.
 *
 * Only the recorder calls these functions, in the transaction that inserts the rows.  After
 * an error the process ends with its state in memory, and the next one loads the committed
 * state.
 */
#ifndef CG_TREELOG_H
#define CG_TREELOG_H

#include "nodes/pg_list.h"

/* The number of leaves, including those of the present batch. */
extern uint64 cg_treelog_size(void);

/*
 * Loads the edge.  If it does not fit a log of this size, rebuilds the whole tree from the
 * rows, with a WARNING.
 */
extern void cg_treelog_load(int64 log_size);

/* Remembers the hash of a statement's text. */
extern void cg_treelog_take_query(int64 query_id, const char *text);

/* Gives each CgLogRow its salts, appends its leaf, and stores tiles and edges. */
extern void cg_treelog_append(List *rows);

/* Call it when texts may have been removed from contact_guard.query_text. */
extern void cg_treelog_forget_queries(void);

#endif							/* CG_TREELOG_H */
