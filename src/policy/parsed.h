/*
 * parsed.h
 *		SQL functions whose body is a text that is parsed when they are called.
 *
 * What a text names is found on the search_path of whoever calls.  But a text
 * whose names all say pg_catalog means the same for everybody: textanycat(), with
 * which PostgreSQL puts a number behind a text, is such a one, and so are citext's.
 */
#ifndef CG_PARSED_H
#define CG_PARSED_H

#include "access/htup.h"

#include "policy/callees.h"

/*
 * The row is one of pg_proc.  True if the function's text is of that kind; then what
 * it calls, when it is called by this node, is added to *callees.  "call" is NULL if
 * there is no such node: then a text that depends on its arguments' types is of that kind
 * only for callees->running.  Only of functions of a superuser, since a text that
 * PostgreSQL does not understand is an error.
 */
extern bool cg_parsed_judge(HeapTuple tuple, Node *call, CgCallees *callees);

/* Is it a built-in whose text may mean something else in another call? */
extern bool cg_parsed_differs(Oid function, Node *call);

#endif							/* CG_PARSED_H */
