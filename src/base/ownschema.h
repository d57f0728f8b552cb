/*
 * ownschema.h
 *		No role can create or alter anything in the extension's schema.
 */
#ifndef CG_OWNSCHEMA_H
#define CG_OWNSCHEMA_H

#include "postgres.h"

#include "compat.h"

/*
 * Checks an object that has just been created or altered.  ERROR insufficient_privilege if
 * it is in the extension's schema, or is that schema, or belongs to one of its tables (a
 * trigger, a rule).  For object access hooks: other is their auxiliary_id.
 */
extern void cg_ownschema_check(Oid classId, Oid objectId, Oid other);

/* ERROR insufficient_privilege: the table is reserved for contact_guard. */
pg_noreturn extern void cg_ownschema_refuse(Oid relid);

/* The same for a DROP; the hint is another one if the schema is dropped. */
pg_noreturn extern void cg_ownschema_refuse_drop(Oid relid);

#endif							/* CG_OWNSCHEMA_H */
