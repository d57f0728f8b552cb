/*
 * descend.h
 *		Relations below a relation that have labels of their own, or are foreign tables.
 */
#ifndef CG_DESCEND_H
#define CG_DESCEND_H

#include "nodes/pg_list.h"

/*
 * The guarded descendants of the relation that have a label of ours, or that inherit
 * (without partitioning) also from a relation with a label.  Do not change the list; it is
 * valid until the next call.  Reads no catalog for a relation without children.
 */
extern List *cg_descend_guarded(Oid relid);

/* Is a foreign table below the relation?  Reads no catalog for one without children. */
extern bool cg_descend_has_foreign(Oid relid);

/* Has this session found guarded descendants of the relation?  Looks only into memory. */
extern bool cg_descend_is_known(Oid relid);

/* Has the relation a policy, or a descendant that has one? */
extern bool cg_descend_is_guarded(Oid relid);

/* Has any relation of this database guarded columns? */
extern bool cg_descend_guards_anything(void);

#endif							/* CG_DESCEND_H */
