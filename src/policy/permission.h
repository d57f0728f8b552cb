/*
 * permission.h
 *		Standing permissions, which show values without an intervention.
 */
#ifndef CG_PERMISSION_H
#define CG_PERMISSION_H

#include "nodes/nodes.h"
#include "nodes/pg_list.h"

#include "base/actor.h"
#include "policy/policy.h"

/* The values of the table's column "level" */
#define CG_PERMISSION_RECORDED "recorded"
#define CG_PERMISSION_BULK "bulk"

typedef struct CgPermission
{
	bool		granted;
	bool		narrowed;		/* the actor's token is for some columns only: see read/reads.c */
	bool		bulk;			/* one record for an execution, with a row count */
	char	   *purpose;		/* palloc'd; NULL unless granted */
	char	   *reason;			/* "by role X", for records; NULL: the superuser's own */
} CgPermission;

extern void cg_permission_init(void);

/*
 * The actor's standing permission on a relation: the one that a superuser always has, or
 * the strongest permission on the relation, on an ancestor of it or on all relations, for
 * a role whose privileges the actor has.  Needs a transaction.
 */
extern CgPermission cg_permission_of(const CgActor *actor, const CgPolicy *policy);

/* Does it show all columns of the relation?  Only then may code trust that no value is a mask. */
static inline bool
cg_permission_is_whole(const CgPermission *permission)
{
	return permission->granted && !permission->narrowed;
}

/*
 * Call it after a change of the table, with the relation that the permission was for, or
 * InvalidOid for all relations.  Invalidates cached permissions and plans.
 */
extern void cg_permission_changed(Oid relation);

/* OIDs of the roles that have a standing permission.  Needs a transaction. */
extern List *cg_permission_roles(void);

/* The number of rows that are void, since their roles lack the privilege; for status(). */
extern int	cg_permission_count_void(void);

/* Call it before a role gets the privilege: deletes its void rows, with a record. */
extern void cg_permission_forget_void(Oid role);

/*
 * Call them before and after a command (DROP OWNED, REVOKE).  A role that has lost the
 * privilege by the command loses its permissions, with records.
 */
extern List *cg_permission_look(Node *statement);
extern void cg_permission_settle(List *before);

#endif							/* CG_PERMISSION_H */
