/*
 * altertable.h
 *		Which sub-commands of ALTER TABLE may pass on guarded relations.
 */
#ifndef CG_ALTERTABLE_H
#define CG_ALTERTABLE_H

#include "nodes/parsenodes.h"

/*
 * The relations that an ALTER of this one may reach: the relation and its descendants, the
 * table of an index, the typed tables of a composite type.
 */
extern List *cg_altertable_family(Oid relid);

/*
 * Call this before the command, when the relation is locked in the command's mode.  ERROR
 * if only a member of contact_guard_admin may run it, or no role may.  If a table is about
 * to leave the parent from which it has its policy, copies the policy to the table.  Returns
 * whether any relation that the command may reach is guarded.
 */
extern bool cg_altertable_decide(AlterTableStmt *statement, Oid relid, List *family, bool admin);

#endif							/* CG_ALTERTABLE_H */
