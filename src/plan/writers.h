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

#endif							/* CG_WRITERS_H */
