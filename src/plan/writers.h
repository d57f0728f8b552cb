/*
 * writers.h
 *		PostgreSQL's own functions that write without a statement.
 */
#ifndef CG_WRITERS_H
#define CG_WRITERS_H

#include "nodes/parsenodes.h"

/*
 * Does the query call one, setval() or lo_unlink() for example, for rows that it has
 * chosen?  What functions of others write, they write by statements: see around.h.
 */
extern bool cg_writers_present(Query *query);

/* Is the function one? */
extern bool cg_writers_is_one(Oid function);

/* May the function write, in whatever way?  That is what VOLATILE says. */
extern bool cg_writers_may_be_one(Oid function);

/* Is such a function called in this expression? */
extern bool cg_writers_may_be_below(Node *node);

/* May the function read tables?  All may that are not in C. */
extern bool cg_writers_may_read(Oid function);

#endif							/* CG_WRITERS_H */
