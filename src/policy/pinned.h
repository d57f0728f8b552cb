/*
 * pinned.h
 *		Functions whose search_path is pinned: it is their own, and ends in pg_temp.
 *
 * A function in C that has no settings counts as pinned, since the gate calls it with
 * the search_path "pg_catalog, pg_temp" while it is trusted.  Most of these are members of
 * extensions, whose settings a dump does not carry.
 */
#ifndef CG_PINNED_H
#define CG_PINNED_H

#include "nodes/pg_list.h"

/*
 * Why a function is not pinned, as a sentence, or NULL if it is.  In the latter case
 * *schemas gets what cg_pinned_path() returns, unless schemas is NULL.
 */
extern const char *cg_pinned_problem(Oid function, List **schemas);

/*
 * The schemas of a function's own search_path, as names (char *), pg_temp left
 * out; NIL unless the function is pinned.
 */
extern List *cg_pinned_path(Oid function);

/* Is it such a function in C? */
extern bool cg_pinned_by_gate(Oid function);

#endif							/* CG_PINNED_H */
