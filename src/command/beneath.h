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
 * An object was made or changed, which only its command sees so far.  If a
 * definition may call it, it is locked against cg_offences_require_none() until the
 * transaction ends, and the innermost command remembers how things were.
 */
extern void cg_beneath_decide(Oid classId, const CgAccess *event);

/* What the definitions of all guarded relations call now, beyond built-ins; palloc'd. */
extern List *cg_beneath_look(void);

/*
 * After the command: ERROR insufficient_privilege if a definition calls something else
 * than before, and no admin gave the command; or if it calls something that is not
 * allowed, even if an admin gave the command.  An admin's change is recorded.
 */
extern void cg_beneath_compare(const List *before, bool admin);

#endif							/* CG_BENEATH_H */
