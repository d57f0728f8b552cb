/*
 * acls.h
 *		Privileges on our objects: only those that the install script grants.
 */
#ifndef CG_ACLS_H
#define CG_ACLS_H

#include "postgres.h"

/*
 * Call this when an object was created.  If the extension's own script runs, privileges
 * that ALTER DEFAULT PRIVILEGES has added are removed at the end of the command.
 */
extern void cg_acls_created(Oid classId, Oid objectId);

/* Call settle when the command has ended with success, and abandon after an error. */
extern void cg_acls_settle(void);
extern void cg_acls_abandon(void);

/*
 * Resets an object's privileges to those without any ALTER DEFAULT PRIVILEGES.  The
 * object must be visible.
 */
extern void cg_acls_reset(Oid classId, Oid objectId);

#endif							/* CG_ACLS_H */
