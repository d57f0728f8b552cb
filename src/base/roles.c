/*
 * roles.c
 *		Group roles, and the errors for roles that may not do something.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_init_privs.h"
#include "catalog/pg_proc.h"
#include "commands/extension.h"
#include "commands/seclabel.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/inval.h"
#include "base/objects.h"
#include "base/refused.h"
#include "base/roles.h"
#include "compat.h"

#define CG_ADMIN_ROLE "contact_guard_admin"

/* The known group roles; forgotten when a role, a function or a schema changes. */
static Oid	group_roles[CG_NGROUPS];
static bool groups_known = false;
static uint64 invalidations = 0;

static void groups_inval(int cacheid, uint32 hashvalue);
static Oid	initial_grantee(Oid function);
static void find_groups(void);

static void
groups_inval(int cacheid, uint32 hashvalue)
{
	invalidations++;
	groups_known = false;
}

/*
 * The role to which the install script has granted a function.  This entry does not change
 * by GRANT, REVOKE and ALTER ROLE, and only a superuser can write it.
 */
static Oid
initial_grantee(Oid function)
{
	Relation	catalog = table_open(InitPrivsRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			result = InvalidOid;

	ScanKeyInit(&keys[0], Anum_pg_init_privs_objoid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(function));
	ScanKeyInit(&keys[1], Anum_pg_init_privs_classoid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(ProcedureRelationId));
	scan = systable_beginscan(catalog, InitPrivsObjIndexId, true, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Acl		   *acl = DatumGetAclPCopy(heap_getattr(tuple, Anum_pg_init_privs_initprivs,
														RelationGetDescr(catalog), &isnull));

		for (int i = 0; i < ACL_NUM(acl); i++)
			if (ACL_DAT(acl)[i].ai_grantee != ACL_ID_PUBLIC &&
				ACL_DAT(acl)[i].ai_grantee != ACL_DAT(acl)[i].ai_grantor)
				result = ACL_DAT(acl)[i].ai_grantee;
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

static void
find_groups(void)
{
	static const char *const functions[CG_NGROUPS] = {"allow", "customer_of_record", "act_as", "resolve", "name_readers", "forward"};
	static bool listening = false;
	uint64		before;

	if (!listening)
	{
		cg_inval_on_catalog(AUTHOID, groups_inval);
		cg_inval_on_catalog(PROCOID, groups_inval);
		cg_inval_on_catalog(NAMESPACEOID, groups_inval);
		listening = true;
	}
	before = invalidations;
	for (int group = 0; group < CG_NGROUPS; group++)
	{
		Oid			function = cg_objects_function_if_there(functions[group]);

		group_roles[group] = OidIsValid(function) ? initial_grantee(function) : InvalidOid;
	}
	groups_known = invalidations == before && !creating_extension;
}

/*
 * The name does not count, because a superuser may rename the role, and another role may
 * then get the name.  The mark must be there, too, which only a superuser can set: the OID
 * of a dropped role may belong to another role later.
 */
Oid
cg_roles_group(CgGroup group)
{
	ObjectAddress role;

	if (!groups_known)
		find_groups();
	ObjectAddressSet(role, AuthIdRelationId, group_roles[group]);
	return OidIsValid(role.objectId) && GetSecurityLabel(&role, CG_SCHEMA) != NULL ? role.objectId : InvalidOid;
}

bool
cg_roles_is_proxy(Oid role, bool may_name)
{
	Oid			function;

	if (!groups_known)
		find_groups();
	/* Membership is checked first: it is cached, and the mark is not. */
	if (OidIsValid(group_roles[CG_GROUP_PROXY]))
	{
		if (!has_privs_of_role(role, group_roles[CG_GROUP_PROXY]))
			return false;
		return !may_name || OidIsValid(cg_roles_group(CG_GROUP_PROXY));
	}
	if (may_name || superuser_arg(role))
		return false;
	function = cg_objects_function_if_there("act_as");
	return OidIsValid(function) && object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE) == ACLCHECK_OK;
}

bool
cg_roles_may_become_proxy(Oid role)
{
	if (!groups_known)
		find_groups();
	return OidIsValid(group_roles[CG_GROUP_PROXY]) && is_member_of_role(role, group_roles[CG_GROUP_PROXY]);
}

void
cg_roles_check_renamed(Oid role)
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
cg_roles_is_admin(void)
{
	if (superuser())
		return true;
	if (!groups_known)
		find_groups();
	return OidIsValid(group_roles[CG_GROUP_ADMIN]) &&
		has_privs_of_role(GetUserId(), group_roles[CG_GROUP_ADMIN]) &&
		OidIsValid(cg_roles_group(CG_GROUP_ADMIN));
}

void
cg_roles_require_own(const char *what)
{
	if (GetUserId() != GetOuterUserId())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot %s with the privileges of a function's owner", what),
				 errhint("The record names who does it. Call it outside of SECURITY DEFINER functions.")));
}

void
cg_roles_require_admin(const char *what)
{
	if (!cg_roles_is_admin())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be a member of role \"%s\" to %s", CG_ADMIN_ROLE, what)));
}

void
cg_roles_require_policy_owner(Oid relid, const char *what)
{
	char		relkind = get_rel_relkind(relid);

	cg_roles_require_admin(what);
	if (relkind == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	if (!object_ownercheck(RelationRelationId, relid, GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of relation %s", get_rel_name(relid)),
				 cg_refused_relation(relid, InvalidAttrNumber)));
}
