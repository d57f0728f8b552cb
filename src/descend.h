/*
 * descend.h
 *		Relations below a relation that are guarded by themselves.
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

/* Has this session found some?  Looks into memory alone. */
extern bool cg_descend_is_known(Oid relid);

/*
 * ERROR feature_not_supported unless whoever reads "child" through "parent" meets all
 * that guards the child.
 */
extern void cg_descend_require_covered(Oid parent, Oid child);
extern bool cg_descend_is_covered(Oid parent, Oid child);

#endif							/* CG_DESCEND_H */
