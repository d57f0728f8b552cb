/*
 * objectroles.c
 *		Who may use the extension's functions, and what they are told otherwise.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "commands/seclabel.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "objects.h"
#include "refused.h"

#define CG_ADMIN_ROLE "contact_guard_admin"

/*
 * By its mark, which only a superuser can set: a role that somebody has made under
 * this name, while ours bore another, is not the one that the extension uses.
 */
Oid
cg_objects_group_role(const char *name)
{
	Oid			oid = get_role_oid(name, true);
	ObjectAddress role;

	ObjectAddressSet(role, AuthIdRelationId, oid);
	return OidIsValid(oid) && GetSecurityLabel(&role, CG_SCHEMA) != NULL ? oid : InvalidOid;
}

void
cg_objects_check_role_renamed(Oid role)
{
	char	   *old_name = GetUserNameFromId(role, true);
	ObjectAddress object;
	Relation	catalog;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		renamed;

	ObjectAddressSet(object, AuthIdRelationId, role);
	if (superuser() || old_name == NULL || GetSecurityLabel(&object, CG_SCHEMA) == NULL)
		return;
	catalog = table_open(AuthIdRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_authid_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(role));
	scan = systable_beginscan(catalog, AuthIdOidIndexId, true, SnapshotSelf, 1, &key);
	tuple = systable_getnext(scan);
	renamed = HeapTupleIsValid(tuple) &&
		strcmp(NameStr(((Form_pg_authid) GETSTRUCT(tuple))->rolname), old_name) != 0;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	if (renamed)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be superuser to rename role \"%s\", a group role of extension \"%s\"",
						old_name, CG_SCHEMA)));
}

bool
cg_objects_is_admin(void)
{
	Oid			admin;

	if (superuser())
		return true;
	admin = get_role_oid(CG_ADMIN_ROLE, true);
	/* In this order: the mark is in no cache, and most are members of nothing. */
	return OidIsValid(admin) && has_privs_of_role(GetUserId(), admin) &&
		OidIsValid(cg_objects_group_role(CG_ADMIN_ROLE));
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
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of relation %s", get_rel_name(relid)),
				 cg_refused_relation(relid, InvalidAttrNumber)));
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
