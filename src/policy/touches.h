/*
 * touches.h
 *		Does an expression over a relation refer to anything guarded?
 *
 * What does not may call what it likes, and its owner needs nobody for it.  The
 * relation may be an ancestor of one that is guarded: columns go by their names.
 * Where rows are hidden, every column counts, and so it does with a broken policy.
 */
#ifndef CG_TOUCHES_H
#define CG_TOUCHES_H

#include "access/attnum.h"
#include "nodes/nodes.h"
#include "nodes/pg_list.h"

/* Of an expression as catalogs store it, or a list; variables of any range table entry count. */
extern bool cg_touches_expression(Oid relid, Node *expression);

/* A column; InvalidAttrNumber is the whole row. */
extern bool cg_touches_column(Oid relid, AttrNumber attnum);

/* Of an expression as the parser has it, for a command on all of these relations. */
extern bool cg_touches_raw(const List *family, Node *expression);

/* Would the expression over "child" touch what is guarded in one of its future parents? */
extern bool cg_touches_below(Oid child, const List *parents, Node *expression);

#endif							/* CG_TOUCHES_H */
