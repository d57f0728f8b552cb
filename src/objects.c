/*
 * objects.c
 *		The extension's own objects in the current database.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "inval.h"
#include "objects.h"

#define CG_ADMIN_ROLE "contact_guard_admin"

/* Asked for every plan and every range table entry of every session. */
static Oid	schema = InvalidOid;
static bool schema_known = false;
static uint64 invalidations = 0;

static void
objects_inval(int cacheid, uint32 hashvalue)
{
	schema_known = false;
	invalidations++;
}

Oid
cg_objects_schema(void)
{
	if (!schema_known)
	{
		uint64		before;

		cg_inval_on_catalog(NAMESPACEOID, objects_inval);
		before = invalidations;
		schema = get_namespace_oid(CG_SCHEMA, true);
		schema_known = (invalidations == before);
	}
	return schema;
}

Oid
cg_objects_relation(const char *name, bool missing_ok)
{
	Oid			namespace = cg_objects_schema();
	Oid			relid = OidIsValid(namespace) ? get_relname_relid(name, namespace) : InvalidOid;

	if (!OidIsValid(relid) && !missing_ok)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"%s.%s\" does not exist", CG_SCHEMA, name),
				 errhint("Run CREATE EXTENSION contact_guard in this database.")));
	return relid;
}

Oid
cg_objects_site_type(void)
{
	Oid			namespace = cg_objects_schema();
	Oid			type = InvalidOid;

	if (OidIsValid(namespace))
		type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
							   CStringGetDatum("site"), ObjectIdGetDatum(namespace));
	if (!OidIsValid(type))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("guarded columns cannot be read: extension \"contact_guard\" is not installed in this database"),
				 errhint("Run CREATE EXTENSION contact_guard.")));
	return type;
}

/* By name: none of the functions that a rewrite calls is overloaded. */
Oid
cg_objects_function(const char *name)
{
	Oid			namespace = cg_objects_schema();
	CatCList   *list = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name));
	Oid			result = InvalidOid;

	for (int i = 0; i < list->n_members; i++)
	{
		Form_pg_proc form = (Form_pg_proc) GETSTRUCT(&list->members[i]->tuple);

		if (form->pronamespace == namespace)
			result = form->oid;
	}
	ReleaseSysCacheList(list);
	if (!OidIsValid(namespace) || !OidIsValid(result))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("function %s.%s is not there", CG_SCHEMA, name),
				 errhint("Run CREATE EXTENSION contact_guard, or ALTER EXTENSION contact_guard UPDATE.")));
	return result;
}

int
cg_objects_natts(Oid relid)
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

bool
cg_objects_is_admin(void)
{
	Oid			admin = get_role_oid(CG_ADMIN_ROLE, true);

	if (superuser())
		return true;
	return OidIsValid(admin) && has_privs_of_role(GetUserId(), admin);
}

void
cg_objects_require_admin(const char *what)
{
	if (!cg_objects_is_admin())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be a member of role \"%s\" to %s", CG_ADMIN_ROLE, what)));
}

void
cg_objects_require_policy_owner(Oid relid, const char *what)
{
	char		relkind = get_rel_relkind(relid);

	cg_objects_require_admin(what);
	if (relkind == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	if (!pg_class_ownercheck(relid, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(relkind), get_rel_name(relid));
}

char *
cg_objects_text_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n) || VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(n)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the %s must not be empty", name)));
	return text_to_cstring(PG_GETARG_TEXT_PP(n));
}
