/*
 * catalog.c
 *		Look-ups in catalogs for which PostgreSQL has no function.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/catalog.h"

int
cg_catalog_natts(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	int			natts = 0;

	if (HeapTupleIsValid(tuple))
	{
		natts = ((Form_pg_class) GETSTRUCT(tuple))->relnatts;
		ReleaseSysCache(tuple);
	}
	return natts;
}

HeapTuple
cg_catalog_row(Oid catalog_id, Oid object)
{
	bool		of_index = catalog_id == IndexRelationId;
	Relation	catalog = table_open(catalog_id, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, of_index ? Anum_pg_index_indexrelid : get_object_attnum_oid(catalog_id),
				BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(object));
	scan = systable_beginscan(catalog, of_index ? IndexRelidIndexId : get_object_oid_index(catalog_id),
							  true, SnapshotSelf, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		tuple = heap_copytuple(tuple);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return tuple;
}

Datum
cg_catalog_value(HeapTuple tuple, Oid catalog_id, AttrNumber attnum, bool *isnull)
{
	Relation	catalog = table_open(catalog_id, AccessShareLock);
	Datum		value = heap_getattr(tuple, attnum, RelationGetDescr(catalog), isnull);

	table_close(catalog, AccessShareLock);
	return value;
}

Node *
cg_catalog_expression(HeapTuple tuple, Oid catalog_id, AttrNumber attnum)
{
	bool		isnull;
	Datum		value = cg_catalog_value(tuple, catalog_id, attnum, &isnull);

	return isnull ? NULL : stringToNode(TextDatumGetCString(value));
}
