/*
 * kin.h
 *		The relations for which a change of one relation counts: those above and below.
 *
 * What is guarded in a relation is derived from its ancestors, and what a statement may
 * store in it is decided by its descendants, too.  PostgreSQL tells sessions of the two
 * relations whose tie changes, of no other.  Whatever changes a label, a permission or a
 * tie therefore calls one of these, and every cache hears of it by relation.
 */
#ifndef CG_KIN_H
#define CG_KIN_H

#include "nodes/pg_list.h"
#include "storage/lockdefs.h"

/*
 * The relation, and all that inherit from it, parents first; each locked in that mode.
 * A partition whose DETACH CONCURRENTLY has not ended still inherits: it is in the list,
 * though find_all_inheritors() may leave it out.
 */
extern List *cg_kin_below(Oid relid, LOCKMODE lockmode);

/*
 * Waits for the readers of a relation, its descendants and its ancestors, and keeps them
 * out; or without its descendants.
 */
extern void cg_kin_lock(Oid relid);
extern void cg_kin_lock_above(Oid relid);

/*
 * All sessions forget what they have derived for the relation, its descendants and its
 * ancestors, cached plans included; or without its descendants.  Takes no lock.
 */
extern void cg_kin_invalidate(Oid relid);
extern void cg_kin_invalidate_above(Oid relid);

#endif							/* CG_KIN_H */
