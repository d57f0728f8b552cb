/*
 * objects.h
 *		The extension's own objects in the current database.
 *
 * All lookups go through the system caches: they are cheap, follow DROP and
 * CREATE EXTENSION, and need a transaction.
 */
#ifndef CG_OBJECTS_H
#define CG_OBJECTS_H

#include "fmgr.h"

#define CG_SCHEMA "contact_guard"

/* The extension's schema, or InvalidOid in a database without it. */
extern Oid	cg_objects_schema(void);

/* A table of the extension; ERROR undefined_table unless missing_ok. */
extern Oid	cg_objects_relation(const char *name, bool missing_ok);

/*
 * A function that a rewrite calls, and the type of the last argument of reveal
 * and keep; ERROR if the extension is not there.
 */
extern Oid	cg_objects_function(const char *name);
extern Oid	cg_objects_site_type(void);

/* The number of columns of a relation, dropped ones too; 0 if it does not exist. */
extern int	cg_objects_natts(Oid relid);

/* Is the current user a member of contact_guard_admin (or a superuser)? */
extern bool cg_objects_is_admin(void);

/*
 * May he set a policy on this relation?  ERROR undefined_table if it does not
 * exist, insufficient_privilege unless he is an admin and its owner.
 */
extern void cg_objects_require_policy_owner(Oid relid, const char *what);

/* ERROR insufficient_privilege unless he is.  what: "set a policy", say. */
extern void cg_objects_require_admin(const char *what);

/* An argument that says who or why; ERROR if it is NULL or empty.  palloc'd. */
extern char *cg_objects_text_argument(FunctionCallInfo fcinfo, int n, const char *name);

#endif							/* CG_OBJECTS_H */
