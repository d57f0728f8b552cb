/*
 * childcode.h
 *		Code that a new child of a guarded relation brings along.
 */
#ifndef CG_CHILDCODE_H
#define CG_CHILDCODE_H

#include "postgres.h"

/*
 * ERROR insufficient_privilege if the table, or a descendant, has a definition
 * that calls anything which its parent's does not: rows that others store through
 * the parent would meet it.  Both must be locked.
 */
extern void cg_childcode_check(Oid child, Oid parent);

/* The same if its partition key has expressions. */
extern void cg_childcode_refuse_key(Oid relid);

#endif							/* CG_CHILDCODE_H */
