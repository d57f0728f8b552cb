/*
 * enforced.h
 *		Constraints of a relation that exist already, and are made to count for its rows.
 */
#ifndef CG_ENFORCED_H
#define CG_ENFORCED_H

#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"

/*
 * Decides on a sub-command that has stored rows checked against a constraint of "relid":
 * VALIDATE CONSTRAINT, or ALTER CONSTRAINT … ENFORCED.  ERROR insufficient_privilege where
 * rows that take part in it are hidden from the actor.  "relid" is locked, and "family" is
 * it with its descendants.  Also for relations that have no policy: what they refer to may
 * have one.
 */
extern void cg_enforced_decide(const AlterTableCmd *command, Oid relid, const List *family, bool admin);

/*
 * Does ADD CONSTRAINT enforce a check of "relid" over guarded columns that is there already,
 * and was not enforced?  PostgreSQL calls no hook for that.
 */
extern bool cg_enforced_is_awoken(const Constraint *constraint, Oid relid);

#endif							/* CG_ENFORCED_H */
