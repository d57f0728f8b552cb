/*
 * beneath.h
 *		Changes of what the definitions of guarded relations call.
 */
#ifndef CG_BENEATH_H
#define CG_BENEATH_H

#include "command/accessrules.h"
#include "nodes/pg_list.h"

extern void cg_beneath_init(void);

/*
 * Call this when an object was created or changed, while only its command sees the change.
 * If a definition may call the object, it is locked against cg_offences_require_none()
 * until the transaction ends, and the innermost command notes the state before the change.
 */
extern void cg_beneath_decide(Oid classId, const CgAccess *event);

/* What the definitions of all guarded relations call now, apart from built-ins; palloc'd. */
extern List *cg_beneath_look(void);

/*
 * Call this after the command.  ERROR insufficient_privilege if a definition calls
 * something new and the command is not an admin's.  The same error if it calls something
 * that is not allowed, even if the command is an admin's.  An admin's change is recorded.
 */
extern void cg_beneath_compare(const List *before, bool admin);

#endif							/* CG_BENEATH_H */
