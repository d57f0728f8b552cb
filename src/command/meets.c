/*
 * meets.c
 *		Types whose values a trusted function may meet.
 *
 * Casts are found by type, when an expression is made ready.  A new one may take the
 * place of another where a trusted function has a value of the type: because its text
 * names the type, or something that has such a value.  What that is, is in
 * pg_depend.  A migration's new type is met by nobody before something is made of it.
 *
 * A kind of object that is not listed here counts as met.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "command/capture.h"
#include "command/meets.h"
#include "policy/policy.h"

static bool is_met(Oid type, List **seen);
static bool is_met_in(const FormData_pg_depend *dependent, List **seen);

bool
cg_meets_type(Oid type)
{
	List	   *seen = NIL;

	return is_met(type, &seen);
}

static bool
is_met(Oid type, List **seen)
{
	Relation	catalog;
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found;

	if (type < FirstNormalObjectId || list_member_oid(*seen, type))
		return false;
	check_stack_depth();
	*seen = lappend_oid(*seen, type);
	found = cg_capture_is_named(TypeRelationId, type);
	catalog = table_open(DependRelationId, AccessShareLock);
	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(TypeRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(type));
	scan = systable_beginscan(catalog, DependReferenceIndexId, true, NULL, 2, keys);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
		found = is_met_in((FormData_pg_depend *) GETSTRUCT(tuple), seen);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}

/* Through what depends on the type. */
static bool
is_met_in(const FormData_pg_depend *dependent, List **seen)
{
	switch (dependent->classid)
	{
			/* These have no value: they are found by the types of values. */
		case CastRelationId:
		case OperatorClassRelationId:
		case OperatorFamilyRelationId:
		case AccessMethodOperatorRelationId:
		case AccessMethodProcedureRelationId:
			return false;
		case ProcedureRelationId:
		case OperatorRelationId:
			return cg_capture_is_named(dependent->classid, dependent->objid);
			/* A column: of a guarded relation, whose triggers have it, or of one that is read. */
		case RelationRelationId:
			return cg_policy_get(dependent->objid) != NULL ||
				cg_capture_is_named(RelationRelationId, dependent->objid) ||
				is_met(get_rel_type_id(dependent->objid), seen);
			/* Its array, a domain, a range. */
		case TypeRelationId:
			return is_met(dependent->objid, seen);
		default:
			return true;
	}
}
