/*
 * acls.h
 *		Who may use our objects: whom the install script names, and nobody else.
 */
#ifndef CG_ACLS_H
#define CG_ACLS_H

#include "postgres.h"

/*
 * An object of ours has been created.  While the extension's own script runs, what
 * default privileges have granted on it is taken away at the end of the command.
 */
extern void cg_acls_created(Oid classId, Oid objectId);

/* The command has ended: with success, or by an error that takes it all back. */
extern void cg_acls_settle(void);
extern void cg_acls_abandon(void);

/*
 * Makes an object's privileges those that it has where nobody has ever used ALTER
 * DEFAULT PRIVILEGES.  The object must be visible.
 */
extern void cg_acls_reset(Oid classId, Oid objectId);

#endif							/* CG_ACLS_H */
