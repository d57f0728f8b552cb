/*
 * inherit.h
 *		Tables that have their policy from an ancestor.
 */
#ifndef CG_INHERIT_H
#define CG_INHERIT_H

#include "access/attnum.h"
#include "nodes/pg_list.h"

/* All tables that this one inherits from, nearest first.  Takes no lock. */
extern List *cg_inherit_ancestors(Oid relid);

/* The guarded tables that it inherits from directly. */
extern List *cg_inherit_guarded_parents(Oid relid);

/* Gives the table labels of its own for the policy that it inherits, with a record. */
extern void cg_inherit_keep(Oid child);

/* The same for one column that is guarded, or is the customer key, without a label. */
extern void cg_inherit_keep_column(Oid child, AttrNumber attnum);

/* Call it before a column with a label is dropped: children whose column stays get the label. */
extern void cg_inherit_drop_column(Oid parent, AttrNumber attnum);

/* Would the table have the same guards without its ancestors? */
extern bool cg_inherit_is_kept(Oid child);

#endif							/* CG_INHERIT_H */
