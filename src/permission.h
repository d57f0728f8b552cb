/*
 * permission.h
 *		Standing permissions: who is shown values without an intervention.
 */
#ifndef CG_PERMISSION_H
#define CG_PERMISSION_H

#include "actor.h"
#include "policy.h"

typedef struct CgPermission
{
	bool		granted;
	bool		bulk;			/* one record an execution, with a row count */
	char	   *purpose;		/* palloc'd; NULL unless granted */
} CgPermission;

extern void cg_permission_init(void);

/*
 * The actor's standing permission on a relation: the superuser's own, or the
 * strongest that a role whose privileges he has holds on it, on an ancestor, or
 * on everything.  Needs a transaction.
 */
extern CgPermission cg_permission_of(const CgActor *actor, const CgPolicy *policy);

#endif							/* CG_PERMISSION_H */
