/*
 * touches.h
 *		Does an expression over a relation refer to guarded columns?
 *
 * An expression that does not may call any function, and its owner may change it without
 * an admin.  The relation may be an ancestor of a guarded one; columns are compared by
 * name.  If rows are hidden, or the policy is broken, every column counts as guarded.
 */
#ifndef CG_TOUCHES_H
#define CG_TOUCHES_H

#include "access/attnum.h"
#include "nodes/nodes.h"
#include "nodes/pg_list.h"

/*
 * Does an expression as catalogs store it, or a list, refer to guarded columns?  Variables
 * 1 and 2 (in a trigger OLD and NEW) count.
 */
extern bool cg_touches_expression(Oid relid, Node *expression);

/* Is the column guarded?  InvalidAttrNumber is the whole row. */
extern bool cg_touches_column(Oid relid, AttrNumber attnum);

/* The same for an unanalysed expression of a command on all of these relations. */
extern bool cg_touches_raw(const List *family, Node *expression);

/* Would the expression over "child" refer to columns that a future parent guards? */
extern bool cg_touches_below(Oid child, const List *parents, Node *expression);

#endif							/* CG_TOUCHES_H */
