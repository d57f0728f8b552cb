/*
 * objectextension.c
 *		The row of pg_extension, and what is wrong with it.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_extension.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "base/objects.h"

void
cg_objects_find_extension(CgExtension *result)
{
	Relation	catalog = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	memset(result, 0, sizeof(*result));
	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum(CG_SCHEMA));
	scan = systable_beginscan(catalog, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		Form_pg_extension form = (Form_pg_extension) GETSTRUCT(tuple);

		*result = (CgExtension) {form->oid, form->extowner, form->extnamespace};
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
}

int
cg_objects_missing_hint(const CgExtension *own)
{
	if (OidIsValid(own->oid) && !superuser_arg(own->owner))
		return errhint("Role \"%s\", which has installed the extension, is not a superuser any more: what it owns of the extension does not count. Make it a superuser again, or, with the library unloaded, REASSIGN OWNED to one.",
					   GetUserNameFromId(own->owner, true));
	return errhint("Run CREATE EXTENSION contact_guard, or ALTER EXTENSION contact_guard UPDATE.");
}
