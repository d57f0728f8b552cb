/*
 * childcode.h
 *		Code that a new child of a guarded relation brings along.
 */
#ifndef CG_CHILDCODE_H
#define CG_CHILDCODE_H

#include "nodes/pg_list.h"

/*
 * ERROR insufficient_privilege if the table, or a descendant, has a definition
 * that calls anything which none of these parents has: rows that others store
 * through a parent would meet it.  All must be locked.
 */
extern void cg_childcode_check(Oid child, List *parents);

#endif							/* CG_CHILDCODE_H */
