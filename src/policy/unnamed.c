/*
 * unnamed.c
 *		Functions that a text calls without showing who owns them.
 *
 * An SQL body that only computes stores no value, and yet it can reveal one: it may divide
 * by zero for one value and not for another.  An admin who trusts a function has read its
 * text, and also checks a function norm() that the text names.  But the text does not show
 * that NEW::text calls a user's cast of the row type.  Nor does it show that NEW IS DISTINCT
 * FROM OLD, or lower() of a varchar, calls a user's function that matches the types better
 * than the built-in one.  Below a trusted function such functions must be trusted, too, or
 * belong to a superuser or an admin.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/roles.h"
#include "policy/unnamed.h"

static bool may_trust_it(Oid owner);
static bool is_builtin_name(Oid classId, const char *name);
static bool is_unnamed(Oid classId, Oid object);
static bool is_found_unnamed(Oid function);

static bool
may_trust_it(Oid owner)
{
	Oid			group;

	if (superuser_arg(owner))
		return true;
	group = cg_roles_group(CG_GROUP_ADMIN);
	return OidIsValid(group) && has_privs_of_role(owner, group);
}

/* Has PostgreSQL a function, or an operator, of this name? */
static bool
is_builtin_name(Oid classId, const char *name)
{
	bool		function = classId == ProcedureRelationId;
	CatCList   *list = SearchSysCacheList1(function ? PROCNAMEARGSNSP : OPERNAMENSP, CStringGetDatum(name));
	bool		found = false;

	for (int i = 0; i < list->n_members && !found; i++)
	{
		HeapTuple	tuple = &list->members[i]->tuple;

		found = (function ? ((Form_pg_proc) GETSTRUCT(tuple))->pronamespace
				 : ((Form_pg_operator) GETSTRUCT(tuple))->oprnamespace) == PG_CATALOG_NAMESPACE;
	}
	ReleaseSysCacheList(list);
	return found;
}

/* Is it a cast, or an operator or aggregate with the name of a built-in one? */
static bool
is_unnamed(Oid classId, Oid object)
{
	char	   *name = NULL;

	if (classId == CastRelationId)
		return true;
	if (classId == OperatorRelationId)
		name = get_opname(object);
	else if (classId == ProcedureRelationId && get_func_prokind(object) == PROKIND_AGGREGATE)
		name = get_func_name(object);
	return name && is_builtin_name(classId, name);
}

/* Does such an object depend on the function? */
static bool
is_found_unnamed(Oid function)
{
	Relation	catalog = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(ProcedureRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(function));
	scan = systable_beginscan(catalog, DependReferenceIndexId, true, NULL, 2, keys);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		found = is_unnamed(form->classid, form->objid);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}

bool
cg_unnamed_is_foreign(Oid function)
{
	HeapTuple	tuple;
	Form_pg_proc form;
	bool		result;

	if (function < FirstNormalObjectId)
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	/* Only superusers create functions in C, even if these have other owners later. */
	result = form->prolang != INTERNALlanguageId && form->prolang != ClanguageId &&
		!may_trust_it(form->proowner) &&
		(is_builtin_name(ProcedureRelationId, NameStr(form->proname)) || is_found_unnamed(function));
	ReleaseSysCache(tuple);
	return result;
}
