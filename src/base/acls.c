/*
 * acls.c
 *		Privileges on our objects: only those that the install script grants.
 *
 * The script revokes from PUBLIC and grants to roles of its own.  But the installer may
 * have used ALTER DEFAULT PRIVILEGES, for example for a report role.  That role would
 * then get the log, and the functions that write it, and the installer would not notice.
 * So no object of the extension gets default privileges: after each CREATE the object's
 * privileges are reset, before the script runs its REVOKE and its GRANTs.  This holds for
 * upgrade scripts, too, and for the partitions that the recorder creates later.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_init_privs.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "commands/alter.h"
#include "commands/tablecmds.h"
#include "commands/typecmds.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/acls.h"
#include "compat.h"

/* ObjectAddress, in TopTransactionContext */
static List *created = NIL;

static void give_away(Oid classId, Oid objectId);
static void forget_initial(Oid classId, Oid objectId);

void
cg_acls_created(Oid classId, Oid objectId)
{
	MemoryContext oldcontext;
	ObjectAddress *object;

	if (classId != RelationRelationId && classId != ProcedureRelationId && classId != TypeRelationId)
		return;
	/* A function that an upgrade script replaces keeps the privileges granted since. */
	if (classId == ProcedureRelationId && SearchSysCacheExists1(PROCOID, ObjectIdGetDatum(objectId)))
		return;
	oldcontext = MemoryContextSwitchTo(TopTransactionContext);
	object = palloc(sizeof(ObjectAddress));
	ObjectAddressSet(*object, classId, objectId);
	created = lappend(created, object);
	MemoryContextSwitchTo(oldcontext);
}

void
cg_acls_settle(void)
{
	List	   *objects = created;
	ListCell   *lc;

	if (objects == NIL)
		return;
	created = NIL;
	CommandCounterIncrement();
	foreach(lc, objects)
	{
		ObjectAddress *object = lfirst(lc);

		cg_acls_reset(object->classId, object->objectId);
		/* cg_acls_reset and give_away change the same row. */
		CommandCounterIncrement();
		if (GetUserId() != BOOTSTRAP_SUPERUSERID)
			give_away(object->classId, object->objectId);
	}
	CommandCounterIncrement();
}

/*
 * Makes the bootstrap superuser the owner, since that role always is a superuser.  The
 * role that installs the extension may become an ordinary role later, and would own our
 * SECURITY DEFINER functions.
 */
static void
give_away(Oid classId, Oid objectId)
{
	Relation	catalog;
	char		relkind;

	switch (classId)
	{
		case RelationRelationId:
			/* Indexes and TOAST tables get their table's owner. */
			relkind = get_rel_relkind(objectId);
			if (relkind == RELKIND_RELATION || relkind == RELKIND_PARTITIONED_TABLE || relkind == RELKIND_VIEW)
				ATExecChangeOwner(objectId, BOOTSTRAP_SUPERUSERID, false, AccessExclusiveLock);
			break;
		case ProcedureRelationId:
			catalog = table_open(ProcedureRelationId, RowExclusiveLock);
			cg_compat_change_owner(catalog, objectId, BOOTSTRAP_SUPERUSERID);
			table_close(catalog, RowExclusiveLock);
			break;
		case TypeRelationId:
			/*
			 * Row types and array types get their owner with their relation or element type.
			 * The script's role must own a shell type, or it could not complete it.
			 */
			if (get_typtype(objectId) == TYPTYPE_BASE && get_typisdefined(objectId) &&
				!OidIsValid(get_element_type(objectId)))
				AlterTypeOwner_oid(objectId, BOOTSTRAP_SUPERUSERID, true);
			break;
		default:
			break;
	}
	CommandCounterIncrement();
}

void
cg_acls_abandon(void)
{
	created = NIL;
}

void
cg_acls_reset(Oid classId, Oid objectId)
{
	Relation	catalog = table_open(classId, RowExclusiveLock);
	AttrNumber	attnum = get_object_attnum_acl(classId);
	HeapTuple	tuple = get_catalog_object_by_oid(catalog, get_object_attnum_oid(classId), objectId);
	bool		isnull = true;
	Datum		acl = (Datum) 0;

	if (HeapTupleIsValid(tuple))
		acl = heap_getattr(tuple, attnum, RelationGetDescr(catalog), &isnull);
	if (!isnull)
	{
		Datum	   *values = palloc0(sizeof(Datum) * RelationGetNumberOfAttributes(catalog));
		bool	   *nulls = palloc0(sizeof(bool) * RelationGetNumberOfAttributes(catalog));
		bool	   *replaces = palloc0(sizeof(bool) * RelationGetNumberOfAttributes(catalog));
		Oid			owner = DatumGetObjectId(heap_getattr(tuple, get_object_attnum_owner(classId),
														  RelationGetDescr(catalog), &isnull));
		Oid		   *members;
		int			nmembers = aclmembers(DatumGetAclP(acl), &members);
		HeapTuple	changed;

		nulls[attnum - 1] = true;
		replaces[attnum - 1] = true;
		changed = heap_modify_tuple(tuple, RelationGetDescr(catalog), values, nulls, replaces);
		CatalogTupleUpdate(catalog, &changed->t_self, changed);
		updateAclDependencies(classId, objectId, 0, owner, nmembers, members, 0, NULL);
		forget_initial(classId, objectId);
	}
	table_close(catalog, RowExclusiveLock);
}

/* Removes the entry by which pg_dump knows the privileges that the script gave. */
static void
forget_initial(Oid classId, Oid objectId)
{
	Relation	catalog = table_open(InitPrivsRelationId, RowExclusiveLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_init_privs_objoid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(objectId));
	ScanKeyInit(&keys[1], Anum_pg_init_privs_classoid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(classId));
	scan = systable_beginscan(catalog, InitPrivsObjIndexId, true, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		CatalogTupleDelete(catalog, &tuple->t_self);
	systable_endscan(scan);
	table_close(catalog, RowExclusiveLock);
}
