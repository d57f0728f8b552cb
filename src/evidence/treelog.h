/*
 * treelog.h
 *		The recorder's end of the Merkle tree: rows become leaves.
 *
 * Recorder only, in the transaction that inserts the rows.  After an error the
 * process ends, and what it had in memory with it: the next one loads what was
 * committed.
 */
#ifndef CG_TREELOG_H
#define CG_TREELOG_H

#include "nodes/pg_list.h"

/* The number of leaves, with those of the batch under way. */
extern uint64 cg_treelog_size(void);

/*
 * Loads the edge; if it does not fit a log of this size, makes the whole tree anew
 * of the rows, with a WARNING.
 */
extern void cg_treelog_load(int64 log_size);

/* Remembers the hash of a statement's text. */
extern void cg_treelog_take_query(int64 query_id, const char *text);

/* Gives each CgLogRow its salts, appends its leaf, and stores tiles and edges. */
extern void cg_treelog_append(List *rows);

/* Texts may have gone from contact_guard.query_text. */
extern void cg_treelog_forget_queries(void);

#endif							/* CG_TREELOG_H */
