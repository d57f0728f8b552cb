/*
 * ddl.h
 *		Changes to guarded relations that would take the guard away or get past it.
 */
#ifndef CG_DDL_H
#define CG_DDL_H

#include "nodes/nodes.h"

/* Makes the drop of a relation or column that has a label a record. */
extern void cg_ddl_init(void);

/*
 * Before a command: ERROR insufficient_privilege where only a member of
 * contact_guard_admin may run it.  Copies the policy to a table that is about to
 * leave the parent which it has it from.
 */
extern void cg_ddl_check(Node *statement);

/* Does the command look at the rows of a guarded relation? */
extern bool cg_ddl_touches(Node *statement);

#endif							/* CG_DDL_H */
