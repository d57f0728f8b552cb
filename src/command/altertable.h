/*
 * altertable.h
 *		Which sub-commands of ALTER TABLE may pass on guarded relations.
 */
#ifndef CG_ALTERTABLE_H
#define CG_ALTERTABLE_H

#include "nodes/parsenodes.h"

/*
 * The relations that an ALTER of this one may reach: itself and its descendants,
 * the table of an index, the typed tables of a composite type.
 */
extern List *cg_altertable_family(Oid relid);

/*
 * Before the command, with the relation locked as it asks: ERROR where only a
 * member of contact_guard_admin may do it, or nobody.  Copies the policy to a table
 * that is about to leave the parent which it has it from.  Returns whether
 * anything that it may reach is guarded.
 */
extern bool cg_altertable_decide(AlterTableStmt *statement, Oid relid, List *family, bool admin);

#endif							/* CG_ALTERTABLE_H */
