/*
 * dependents.c
 *		Functions that a guarded relation's own definition calls.
 *
 * Such a function gets stored values without reveal(), for example at REINDEX, at ANALYZE,
 * or when a constraint is validated.  The function's owner could replace it by one that
 * tells the values.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/indexing.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/pg_list.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "command/dependents.h"
#include "policy/policy.h"

static bool has_object(const List *objects, const ObjectAddress *object);
static List *add_object(List *objects, Oid classId, Oid objectId, int subId);
static List *add_dependents(List *objects, const ObjectAddress *of);
static List *add_owners(List *objects, const ObjectAddress *of);
static bool has_body(Oid function);
static Oid	guarded_relation(Oid relid);

static bool
has_object(const List *objects, const ObjectAddress *object)
{
	ListCell   *lc;

	foreach(lc, objects)
	{
		const ObjectAddress *other = lfirst(lc);

		if (other->classId == object->classId && other->objectId == object->objectId &&
			other->objectSubId == object->objectSubId)
			return true;
	}
	return false;
}

static List *
add_object(List *objects, Oid classId, Oid objectId, int subId)
{
	ObjectAddress *object = palloc(sizeof(ObjectAddress));

	ObjectAddressSubSet(*object, classId, objectId, subId);
	return has_object(objects, object) ? objects : lappend(objects, object);
}

/* The objects that depend on an object. */
static List *
add_dependents(List *objects, const ObjectAddress *of)
{
	Relation	catalog = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(of->classId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(of->objectId));
	scan = systable_beginscan(catalog, DependReferenceIndexId, true, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		objects = add_object(objects, form->classid, form->objid, form->objsubid);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return objects;
}

/* The objects of which an object is a part, as a constraint is a part of a relation. */
static List *
add_owners(List *objects, const ObjectAddress *of)
{
	Relation	catalog = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(of->classId));
	ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(of->objectId));
	scan = systable_beginscan(catalog, DependDependerIndexId, true, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if ((form->deptype == DEPENDENCY_AUTO || form->deptype == DEPENDENCY_INTERNAL) &&
			(form->refclassid == RelationRelationId || form->refclassid == TypeRelationId))
			objects = add_object(objects, form->refclassid, form->refobjid, form->refobjsubid);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return objects;
}

/* Has it an SQL-standard body?  Then it depends on the functions that it calls. */
static bool
has_body(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		result = HeapTupleIsValid(tuple) &&
		!heap_attisnull(tuple, Anum_pg_proc_prosqlbody, NULL);

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return result;
}

/* The table of an index; other relations themselves. */
static Oid
guarded_relation(Oid relid)
{
	char		relkind = get_rel_relkind(relid);

	if (relkind == RELKIND_INDEX || relkind == RELKIND_PARTITIONED_INDEX)
		relid = IndexGetRelation(relid, true);
	return OidIsValid(relid) && cg_policy_get(relid) ? relid : InvalidOid;
}

Oid
cg_dependents_guarded(Oid function)
{
	ObjectAddress start = {ProcedureRelationId, function, 0};
	List	   *objects = add_dependents(NIL, &start);

	/* The list grows while we walk it. */
	for (int i = 0; i < list_length(objects); i++)
	{
		ObjectAddress *object = list_nth(objects, i);

		if (object->classId == RelationRelationId)
		{
			Oid			relid = guarded_relation(object->objectId);

			if (OidIsValid(relid))
				return relid;
		}
		/* PostgreSQL knows the dependencies of an SQL-standard body, but not of a text. */
		else if (object->classId != ProcedureRelationId || has_body(object->objectId))
		{
			objects = add_dependents(objects, object);
			objects = add_owners(objects, object);
		}
	}
	return InvalidOid;
}

bool
cg_dependents_uses_domain(Oid type, Oid domain)
{
	Oid			element = get_base_element_type(type);

	if (OidIsValid(element))
		type = element;
	/* The columns of a row type are not looked at, so a row type counts. */
	return type == domain || (get_typtype(type) == TYPTYPE_DOMAIN && getBaseType(type) == getBaseType(domain)) ||
		get_typtype(getBaseType(type)) == TYPTYPE_COMPOSITE;
}
