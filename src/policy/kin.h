/*
 * kin.h
 *		The kin of a relation: its ancestors and descendants, which a change of the
 *		relation affects.
 *
 * The policy of a relation is derived from its ancestors, and its descendants also affect
 * what a statement may store in it.  When inheritance changes, PostgreSQL sends
 * invalidations only for the two relations concerned.  So code that changes a label, a
 * permission or inheritance calls a function here, which invalidates the other relations.
 */
#ifndef CG_KIN_H
#define CG_KIN_H

#include "nodes/pg_list.h"
#include "storage/lockdefs.h"

/*
 * The relation and all relations that inherit from it, parents first, each locked in that
 * mode.  A partition whose DETACH CONCURRENTLY has not ended still inherits: it is in the
 * list, though find_all_inheritors() may leave it out.
 */
extern List *cg_kin_below(Oid relid, LOCKMODE lockmode);

/*
 * Waits for the readers of a relation, its ancestors and its descendants, and keeps new
 * ones out.  The second one does not lock the descendants.
 */
extern void cg_kin_lock(Oid relid);
extern void cg_kin_lock_above(Oid relid);

/*
 * Makes all sessions forget what they have derived for the relation, its ancestors and
 * its descendants, with cached plans.  The second one leaves the descendants out.  They
 * take no lock.
 */
extern void cg_kin_invalidate(Oid relid);
extern void cg_kin_invalidate_above(Oid relid);

#endif							/* CG_KIN_H */
