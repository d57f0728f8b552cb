/*
 * permission.h
 *		Standing permissions: who is shown values without an intervention.
 */
#ifndef CG_PERMISSION_H
#define CG_PERMISSION_H

#include "nodes/nodes.h"
#include "nodes/pg_list.h"

#include "base/actor.h"
#include "policy/policy.h"

/* What the table has for levels */
#define CG_PERMISSION_RECORDED "recorded"
#define CG_PERMISSION_BULK "bulk"

typedef struct CgPermission
{
	bool		granted;
	bool		bulk;			/* one record an execution, with a row count */
	char	   *purpose;		/* palloc'd; NULL unless granted */
	char	   *reason;			/* "by role X", for records; NULL: the superuser's own */
} CgPermission;

extern void cg_permission_init(void);

/*
 * The actor's standing permission on a relation: the superuser's own, or the strongest of
 * those that hold on the relation, on an ancestor or on everything, for a role whose
 * privileges the actor has.  Needs a transaction.
 */
extern CgPermission cg_permission_of(const CgActor *actor, const CgPolicy *policy);

/* After a change of the table: on one relation, or InvalidOid.  Invalidates what is cached. */
extern void cg_permission_changed(Oid relation);

/* OIDs of the roles that have a standing permission.  Needs a transaction. */
extern List *cg_permission_roles(void);

/* How many rows of the table are void, since their roles lack the privilege; for status(). */
extern int	cg_permission_count_void(void);

/* Before a role gets the privilege: its void rows go, with a record. */
extern void cg_permission_forget_void(Oid role);

/*
 * Before and after a command: a role that has lost the privilege by it (DROP OWNED,
 * REVOKE) loses its permissions, with records.
 */
extern List *cg_permission_look(Node *statement);
extern void cg_permission_settle(List *before);

#endif							/* CG_PERMISSION_H */
