/*
 * owntables.h
 *		The extension's own tables are written by the extension alone.
 */
#ifndef CG_OWNTABLES_H
#define CG_OWNTABLES_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "nodes/nodes.h"

extern void cg_owntables_init(void);

/*
 * Runs one SQL command with the bootstrap superuser's rights, a pinned
 * search_path and leave to write our tables.  nulls as in SPI.  Returns the
 * number of rows written; first, unless NULL, gets the bigint that the first of
 * them RETURNs.
 */
extern uint64 cg_owntables_execute(const char *sql, int nargs, Oid *types, Datum *values,
								   const char *nulls, int64 *first);

/* The same of a query, each row of which is given to a function; it may palloc. */
extern void cg_owntables_query(const char *sql, void (*each) (HeapTuple row, TupleDesc tupdesc, void *arg),
							   void *arg);

/* The recorder: all that this process does is such a command. */
extern void cg_owntables_trust_process(void);

/* Is such a command under way? */
extern bool cg_owntables_is_writing(void);

/* ERROR insufficient_privilege if a command would change one of our tables. */
extern void cg_owntables_check_command(Node *statement);

/*
 * DROP EXTENSION reaches our tables before the extension itself, so whoever has
 * checked that command says so here.  Set it back in a PG_FINALLY.
 */
extern void cg_owntables_allow_drop(bool allow);

#endif							/* CG_OWNTABLES_H */
