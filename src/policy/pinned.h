/*
 * pinned.h
 *		Pinned functions, which have a search_path of their own that ends in pg_temp.
 *
 * A function in C without settings counts as pinned, since the gate calls it with the
 * search_path "pg_catalog, pg_temp" while it is trusted.  Most of these functions are
 * members of extensions, and a dump does not contain their settings.
 */
#ifndef CG_PINNED_H
#define CG_PINNED_H

#include "nodes/pg_list.h"

/*
 * Why a function is not pinned, as a sentence, or NULL if it is pinned.  Unless schemas is
 * NULL, *schemas is set to the result of cg_pinned_path().
 */
extern const char *cg_pinned_problem(Oid function, List **schemas);

/*
 * The schemas of a function's own search_path, as names (char *), without pg_temp; NIL
 * if the function is not pinned.
 */
extern List *cg_pinned_path(Oid function);

/* Is it a function in C without settings, which the gate pins? */
extern bool cg_pinned_by_gate(Oid function);

#endif							/* CG_PINNED_H */
