/*
 * ownschema.h
 *		Nobody makes or alters anything in the extension's schema.
 */
#ifndef CG_OWNSCHEMA_H
#define CG_OWNSCHEMA_H

#include "postgres.h"

#include "compat.h"

/*
 * ERROR insufficient_privilege if what has just been created or altered is in the
 * extension's schema, or that schema, or on one of its tables (a trigger, a rule).
 * For object access hooks: other is what they call auxiliary_id.
 */
extern void cg_ownschema_check(Oid classId, Oid objectId, Oid other);

/* ERROR insufficient_privilege: the table is for contact_guard alone. */
pg_noreturn extern void cg_ownschema_refuse(Oid relid);

/* The same for a DROP, with a hint where it is one of the schema. */
pg_noreturn extern void cg_ownschema_refuse_drop(Oid relid);

#endif							/* CG_OWNSCHEMA_H */
