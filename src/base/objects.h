/*
 * objects.h
 *		The extension's own objects in the current database.
 *
 * All lookups go through the system caches: they are cheap, follow DROP and
 * CREATE EXTENSION, and need a transaction.
 */
#ifndef CG_OBJECTS_H
#define CG_OBJECTS_H

#include "access/htup.h"
#include "fmgr.h"

#define CG_SCHEMA "contact_guard"

typedef struct CgExtension
{
	Oid			oid;			/* InvalidOid: this database is without */
	Oid			owner;
	Oid			schema;
	char		version[32];	/* of its script */
	bool		other_version;	/* than the library's */
} CgExtension;

/* For objects.c alone: the row, as it is now; and in an ereport(), what to do where an object is missing. */
extern void cg_objectextension_find(CgExtension *result);
extern int	cg_objectextension_missing_hint(const CgExtension *own);

/* For objects.c alone: ERROR object_not_in_prerequisite_state if it is of another version. */
extern void cg_objectextension_require_version(const CgExtension *own);

/* That error's words, for status(); palloc'd. */
extern char *cg_objectextension_version_problem(void);

/* For objects.c alone: does this function in C call the library's symbol cg_NAME? */
extern bool cg_objectextension_calls_library(HeapTuple tuple, const char *name);

/*
 * The extension and its schema, or InvalidOid in a database without it; the
 * schema's name is CG_SCHEMA once cg_objects_require() has returned.
 */
extern Oid	cg_objects_schema(void);
extern Oid	cg_objects_extension(void);

/*
 * ERROR object_not_in_prerequisite_state unless the extension is there, under its name, of
 * this library's version, with tables that are what the library expects.  For code that
 * runs SQL which names our tables, or that reads them by position.  Costs nothing when
 * repeated.
 */
extern void cg_objects_require(void);

/*
 * Are they what this library expects?  For work on commands that have nothing to do
 * with the guard, and must not fail because an older version's objects are there.
 */
extern bool cg_objects_is_usable(void);

/*
 * Are the extension's objects those of another version than this library's?  A site
 * replaces the library first, and updates the extension later.  Meanwhile all that
 * needs these objects is refused by cg_objects_require().  While a script of the
 * extension runs, it is the version that the script leads to.
 */
extern bool cg_objects_is_other_version(void);

/* Is this session running the extension's own script? */
extern bool cg_objects_is_creating(void);

/* What is cached is wrong: this session has dropped the extension. */
extern void cg_objects_forget(void);

/*
 * A table or view of the extension.  A relation of that name that is not a member of the
 * extension does not count.  ERROR undefined_table unless missing_ok.
 */
extern Oid	cg_objects_relation(const char *name, bool missing_ok);

/* Is the relation a member of the extension, or an index of one? */
extern bool cg_objects_is_own(Oid relid);

/*
 * A function that the library calls or looks at (contact_guard.NAME, in C, of the
 * symbol cg_NAME), and the type of the last argument of reveal and keep; ERROR if
 * the extension is not there.
 */
extern Oid	cg_objects_function(const char *name);

/* The same, InvalidOid if there is none. */
extern Oid	cg_objects_function_if_there(const char *name);
extern Oid	cg_objects_site_type(void);

#endif							/* CG_OBJECTS_H */
