/*
 * writers.h
 *		Writers: built-in functions that write without a statement.
 */
#ifndef CG_WRITERS_H
#define CG_WRITERS_H

#include "nodes/parsenodes.h"

/*
 * Does the query call a writer, for example setval() or lo_unlink(), for rows that it has
 * chosen?  Other functions write with statements: see around.h.
 */
extern bool cg_writers_present(Query *query);

/* Is the function a writer? */
extern bool cg_writers_is_one(Oid function);

/*
 * May the function write in any way?  Every VOLATILE function may, and every one that is not in
 * C: it may call a VOLATILE one.
 */
extern bool cg_writers_may_be_one(Oid function);

/* Does this expression call such a function? */
extern bool cg_writers_may_be_below(Node *node);

/*
 * The same, and may PostgreSQL call one for it without a node that names it: a function of an
 * aggregate, the check of a domain, or a cast to json?  It looks into catalogs: call it only
 * for queries that read guarded columns, or that call a reader.
 */
extern bool cg_writers_may_be_reached(Node *node);

/* Does the query reach more than one function that may write? */
extern bool cg_writers_several_reached(Query *query);

/* The functions of an aggregate, or else the function itself; a new list. */
extern List *cg_writers_called_by(Oid function);

/* May the function read tables?  Every function that is not in C may. */
extern bool cg_writers_may_read(Oid function);

#endif							/* CG_WRITERS_H */
