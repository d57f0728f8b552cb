/*
 * objectextension.c
 *		The row of pg_extension, and the error if its version is not the library's.
 *
 * The version of the extension's objects need not be the library's.  A site replaces
 * the library's file and restarts the server.  ALTER EXTENSION UPDATE comes later, in
 * one database after the other.  Until then the objects that the library expects are not
 * there.  So each use of them is refused, and the hint says what to do.  In the reverse
 * case a new script runs in a server that still has the old library, because it was not
 * restarted.  So each script checks library_version() first.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/objects.h"

#define LIBRARY "$libdir/contact_guard"

PG_FUNCTION_INFO_V1(cg_library_version);

static void take_version(CgExtension *result, Datum value);
static bool precedes(const char *version, const char *other);
static const char *version_hint(const CgExtension *own);

static void
take_version(CgExtension *result, Datum value)
{
	/* pg_extension does not allow NULL there. */
	char	   *version = TextDatumGetCString(value);

	strlcpy(result->version, version, sizeof(result->version));
	result->other_version = strcmp(version, CG_VERSION) != 0;
	pfree(version);
}

/* Compares versions as numbers with dots between them.  Other text counts as 0. */
static bool
precedes(const char *version, const char *other)
{
	while (*version != '\0' || *other != '\0')
	{
		char	   *end;
		char	   *other_end;
		long		number = strtol(version, &end, 10);
		long		other_number = strtol(other, &other_end, 10);

		if (number != other_number)
			return number < other_number;
		version = end + strcspn(end, ".");
		other = other_end + strcspn(other_end, ".");
		version += *version == '.';
		other += *other == '.';
	}
	return false;
}

void
cg_objectextension_find(CgExtension *result)
{
	Relation	catalog = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		isnull;

	memset(result, 0, sizeof(*result));
	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum(CG_SCHEMA));
	scan = systable_beginscan(catalog, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		Form_pg_extension form = (Form_pg_extension) GETSTRUCT(tuple);

		*result = (CgExtension) {form->oid, form->extowner, form->extnamespace};
		take_version(result, heap_getattr(tuple, Anum_pg_extension_extversion, RelationGetDescr(catalog), &isnull));
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
}

Datum
cg_library_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(CG_VERSION));
}

static const char *
version_hint(const CgExtension *own)
{
	return precedes(own->version, CG_VERSION) ?
		"Run ALTER EXTENSION contact_guard UPDATE in this database." :
		"Restart the server, so that it loads the library of the version that is installed.";
}

void
cg_objectextension_require_version(const CgExtension *own)
{
	if (own->other_version)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("extension \"%s\" has version %s in this database, but the server runs the library of version %s",
						CG_SCHEMA, own->version, CG_VERSION),
				 errhint("%s", version_hint(own))));
}

char *
cg_objectextension_version_problem(void)
{
	CgExtension own;

	cg_objectextension_find(&own);
	return psprintf("guarded columns cannot be read, and nothing is recorded: the extension has version %s in this database, but the server runs the library of version %s; %s",
					own.version, CG_VERSION, version_hint(&own));
}

bool
cg_objectextension_calls_library(HeapTuple tuple, const char *name)
{
	bool		isnull;
	Datum		symbol = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);
	Datum		library;

	if (isnull || strcmp(TextDatumGetCString(symbol), psprintf("cg_%s", name)) != 0)
		return false;
	library = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_probin, &isnull);
	return !isnull && strcmp(TextDatumGetCString(library), LIBRARY) == 0;
}

int
cg_objectextension_missing_hint(const CgExtension *own)
{
	if (OidIsValid(own->oid) && own->other_version)
		return errhint("%s", version_hint(own));
	if (OidIsValid(own->oid) && !superuser_arg(own->owner))
		return errhint("Role \"%s\", which has installed the extension, is not a superuser any more, so the objects of the extension that it owns do not count. Make it a superuser again, or restart the server without the library and use REASSIGN OWNED to give the objects to a superuser.",
					   GetUserNameFromId(own->owner, true));
	return errhint("Run CREATE EXTENSION contact_guard, or ALTER EXTENSION contact_guard UPDATE.");
}
