/*
 * objects.h
 *		The extension's own objects in the current database.
 *
 * All look-ups use the system caches.  They are cheap, notice DROP and CREATE EXTENSION,
 * and need a transaction.
 */
#ifndef CG_OBJECTS_H
#define CG_OBJECTS_H

#include "access/htup.h"
#include "commands/extension.h"
#include "fmgr.h"

#include "base/recent.h"
#include "base/special.h"

#define CG_SCHEMA "contact_guard"

typedef struct CgExtension
{
	Oid			oid;			/* InvalidOid: not in this database */
	Oid			owner;
	Oid			schema;
	char		version[32];	/* the version of its script */
	bool		other_version;	/* it is not the library's version */
} CgExtension;

/* Only for objects.c: the present row of pg_extension. */
extern void cg_objectextension_find(CgExtension *result);

/* Only for objects.c, in an ereport(): the hint for an object that is missing. */
extern int	cg_objectextension_missing_hint(const CgExtension *own);

/* Only for objects.c: ERROR object_not_in_prerequisite_state if the version is another. */
extern void cg_objectextension_require_version(const CgExtension *own);

/* The text of that error, for status(); palloc'd. */
extern char *cg_objectextension_version_problem(void);

/* Only for objects.c: does this function in C call the library's symbol cg_NAME? */
extern bool cg_objectextension_calls_library(HeapTuple tuple, const char *name);

/*
 * The extension and its schema; InvalidOid in a database without it.  When
 * cg_objects_require() has returned, the schema's name is CG_SCHEMA.
 */
extern Oid	cg_objects_schema(void);
extern Oid	cg_objects_extension(void);

/*
 * ERROR object_not_in_prerequisite_state unless all of this is true: the extension is
 * there, its schema has its name, it has this library's version, and its tables have the
 * columns that the library expects.  Code that runs SQL which names our tables, or reads
 * them by position, must call it first.  Repeated calls cost nothing.
 */
extern void cg_objects_require(void);

/* What to do where the objects are not those that the library expects. */
#define CG_OBJECTS_OTHER_BUILD_HINT \
	"If the extension is of an older version, run ALTER EXTENSION contact_guard UPDATE. " \
	"If it was created by another build of the same version, install the library of that build, " \
	"or dump the database to keep the log, and call contact_guard.retire(), DROP EXTENSION and CREATE EXTENSION."

/*
 * Would cg_objects_require() return?  For commands that do not concern the guard, and so
 * must not fail because an older version's objects are there.
 */
extern bool cg_objects_is_usable(void);

/*
 * Do the extension's objects have another version than this library?  A site replaces
 * the library first, and updates the extension later.  Meanwhile cg_objects_require()
 * refuses everything that needs these objects.  While a script of the extension runs,
 * the version to which the script leads counts.
 */
extern bool cg_objects_is_other_version(void);

/* Is this session running the extension's own script? */
extern bool cg_objects_is_creating(void);

/* Forgets all cached objects, because this session has dropped the extension. */
extern void cg_objects_forget(void);

/*
 * A table or view of the extension.  A relation of that name that is not a member of the
 * extension does not count.  ERROR undefined_table unless missing_ok.
 */
extern Oid	cg_objects_relation(const char *name, bool missing_ok);

/*
 * As long as this number is the same, and no extension is being created, the answer is the
 * same.  A caller who asks at each read compares it instead.
 */
extern uint64 cg_objects_invalidations;

/* Is the relation a member of the extension, or an index of one? */
extern bool cg_objects_is_own(Oid relid);

/* Relations of other schemas that were looked up.  Only for the functions of objects.c. */
extern CG_HIDDEN CgRecent cg_objects_strangers;

/*
 * Is it remembered that the relation is none of the extension's?  Each execution asks this
 * for each of its relations before cg_objects_is_own().
 */
static inline bool
cg_objects_is_stranger(Oid relid)
{
	/* While the extension is being created, its row comes without an invalidation. */
	return cg_recent_has(&cg_objects_strangers, relid) && !creating_extension;
}

/*
 * The function contact_guard.NAME, which is in C and calls the symbol cg_NAME.  ERROR
 * object_not_in_prerequisite_state if there is none.
 */
extern Oid	cg_objects_function(const char *name);

/* The same; InvalidOid if there is none. */
extern Oid	cg_objects_function_if_there(const char *name);

/* The type of the last argument of reveal() and keep().  ERROR without the extension. */
extern Oid	cg_objects_site_type(void);

#endif							/* CG_OBJECTS_H */
