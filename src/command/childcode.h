/*
 * childcode.h
 *		Code that a new child of a guarded relation brings along.
 */
#ifndef CG_CHILDCODE_H
#define CG_CHILDCODE_H

#include "nodes/pg_list.h"

/*
 * ERROR insufficient_privilege if the table, or a descendant, has a definition that none of
 * these parents has and that calls anything: it would get rows that other roles store
 * through a parent.  All these relations must be locked.
 */
extern void cg_childcode_check(Oid child, List *parents);

#endif							/* CG_CHILDCODE_H */
