/*
 * parsed.h
 *		SQL functions whose body is a text that is parsed when they are called.
 *
 * The names in such a text are looked up with the search_path of the caller.  But a text
 * whose names are all qualified with pg_catalog means the same for every caller.
 * textanycat(), with which PostgreSQL appends a number to a text, has such a text, and so
 * have functions of citext.
 */
#ifndef CG_PARSED_H
#define CG_PARSED_H

#include "access/htup.h"

#include "policy/callees.h"

/*
 * tuple: a row of pg_proc.  True if the function's text is of that kind.  Then the
 * functions that it calls, when this node calls it, are added to *callees.  call NULL:
 * there is no such node, and a text that depends on the types of its arguments is of that
 * kind only if callees->running.  True only for functions of a superuser, since parsing
 * the text may throw.
 */
extern bool cg_parsed_judge(HeapTuple tuple, Node *call, CgCallees *callees);

/* Is it a built-in whose text may have another meaning in another call? */
extern bool cg_parsed_differs(Oid function, Node *call);

#endif							/* CG_PARSED_H */
