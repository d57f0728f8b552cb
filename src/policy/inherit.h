/*
 * inherit.h
 *		Tables that have their policy from an ancestor.
 */
#ifndef CG_INHERIT_H
#define CG_INHERIT_H

#include "access/attnum.h"
#include "nodes/pg_list.h"

/* All tables that this one inherits from, nearest first; takes no lock. */
extern List *cg_inherit_ancestors(Oid relid);

/* Those that it inherits from directly and that are guarded. */
extern List *cg_inherit_guarded_parents(Oid relid);

/* The table keeps as its own what it has from its ancestors: labels, and a record. */
extern void cg_inherit_keep(Oid child);

/* The same for one column that is guarded, or the customer key, without a label. */
extern void cg_inherit_keep_column(Oid child, AttrNumber attnum);

/* A column with a label is being dropped: children whose column stays keep it. */
extern void cg_inherit_drop_column(Oid parent, AttrNumber attnum);

/* Would the table be guarded as now without its ancestors? */
extern bool cg_inherit_is_kept(Oid child);

#endif							/* CG_INHERIT_H */
