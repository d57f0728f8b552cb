/*
 * descend.h
 *		Relations below a relation that are guarded by themselves, or foreign tables.
 */
#ifndef CG_DESCEND_H
#define CG_DESCEND_H

#include "nodes/pg_list.h"

/*
 * The relations with a label of ours of which this one is an ancestor; children of
 * the old kind that a guarded relation shares with it, too.  Not to be changed, and
 * good until the next call.  For a relation without children no catalog is read.
 */
extern List *cg_descend_guarded(Oid relid);

/* Is a foreign table below the relation?  For one without children no catalog is read. */
extern bool cg_descend_has_foreign(Oid relid);

/* Has this session found some guarded ones?  Looks into memory alone. */
extern bool cg_descend_is_known(Oid relid);

/* Has the relation a policy, or a descendant that has one?  Commands recurse to children. */
extern bool cg_descend_is_guarded(Oid relid);

/* Has any relation of this database guarded columns? */
extern bool cg_descend_guards_anything(void);

#endif							/* CG_DESCEND_H */
