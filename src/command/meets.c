/*
 * meets.c
 *		Types whose values a trusted function may meet.
 *
 * Casts are found by type, when an expression is prepared.  A new cast may replace another
 * one if a trusted function has a value of the type.  It may have one in three cases: its
 * text names the type, or an object that has such a value; it is called with such a value;
 * or the type is the row type of a guarded relation, of one above or below it, or an array
 * of such rows.  pg_depend tells which objects have a value of a type.  A migration's new
 * type has no such objects at first.
 *
 * A stored expression has its casts already.  It counts if its relation counts, since
 * to_json() in it looks for a cast when it runs.
 *
 * If an object is of a kind that is not listed here, the answer is yes.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/index.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/catalog.h"
#include "command/capture.h"
#include "command/meets.h"
#include "policy/policy.h"
#include "policy/trust.h"

/* The column by which a row of a catalog names its relation */
typedef struct Part
{
	Oid			catalog;
	AttrNumber	relation;
} Part;

static const Part parts[] = {
	{ConstraintRelationId, Anum_pg_constraint_conrelid},
	{RewriteRelationId, Anum_pg_rewrite_ev_class},
	{PolicyRelationId, Anum_pg_policy_polrelid},
	{TriggerRelationId, Anum_pg_trigger_tgrelid},
	{StatisticExtRelationId, Anum_pg_statistic_ext_stxrelid},
};

static bool is_met(Oid type, List **seen);
static bool is_met_in(const FormData_pg_depend *dependent, List **seen);
static bool is_relation_met(Oid relid, List **seen);
static bool is_part_met(const FormData_pg_depend *dependent, List **seen);
static bool is_row_or_array_met(Oid type, List **seen);

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
	found = cg_capture_is_named(TypeRelationId, type) || is_row_or_array_met(type, seen);
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

/*
 * A trusted function has rows as OLD and NEW.  It can convert them to the row type of a
 * relation above, and make arrays of them.
 */
static bool
is_row_or_array_met(Oid type, List **seen)
{
	Oid			relid = get_typ_typrelid(type);
	Oid			element = get_element_type(type);
	ListCell   *lc;

	foreach(lc, OidIsValid(relid) ? find_all_inheritors(relid, NoLock, NULL) : NIL)
		if (is_relation_met(lfirst_oid(lc), seen))
			return true;
	return OidIsValid(element) && is_met(element, seen);
}

/* Is the relation guarded, so that its triggers have its rows, or does a text name it? */
static bool
is_relation_met(Oid relid, List **seen)
{
	char		relkind = OidIsValid(relid) ? get_rel_relkind(relid) : '\0';

	if (relkind == RELKIND_INDEX || relkind == RELKIND_PARTITIONED_INDEX)
		relid = IndexGetRelation(relid, true);
	if (!OidIsValid(relid))
		return false;
	return cg_policy_get(relid) != NULL || cg_capture_is_named(RelationRelationId, relid) ||
		is_met(get_rel_type_id(relid), seen);
}

/* Looks at one object that depends on the type. */
static bool
is_met_in(const FormData_pg_depend *dependent, List **seen)
{
	switch (dependent->classid)
	{
			/* These have no values: they are found by the types of values. */
		case CastRelationId:
		case OperatorClassRelationId:
		case OperatorFamilyRelationId:
		case AccessMethodOperatorRelationId:
		case AccessMethodProcedureRelationId:
			return false;
			/* A function that has it as an argument or a result. */
		case ProcedureRelationId:
			return cg_trust_is_labelled(dependent->objid) ||
				cg_capture_is_named(ProcedureRelationId, dependent->objid);
		case OperatorRelationId:
			return cg_capture_is_named(OperatorRelationId, dependent->objid);
		case AttrDefaultRelationId:
			return is_relation_met(GetAttrDefaultColumnAddress(dependent->objid).objectId, seen);
			/* A column of this type, or an expression of an index. */
		case RelationRelationId:
			return is_relation_met(dependent->objid, seen);
			/* Its array type, a domain, a range. */
		case TypeRelationId:
			return is_met(dependent->objid, seen);
		default:
			return is_part_met(dependent, seen);
	}
}

/* Looks at a part of a relation, or the check of a domain. */
static bool
is_part_met(const FormData_pg_depend *dependent, List **seen)
{
	for (int i = 0; i < lengthof(parts); i++)
	{
		HeapTuple	tuple;
		bool		isnull;
		Oid			relid;

		if (parts[i].catalog != dependent->classid)
			continue;
		tuple = cg_catalog_row(dependent->classid, dependent->objid);
		if (tuple == NULL)
			return false;
		relid = DatumGetObjectId(cg_catalog_value(tuple, dependent->classid, parts[i].relation, &isnull));
		if (OidIsValid(relid))
			return is_relation_met(relid, seen);
		if (dependent->classid != ConstraintRelationId)
			return true;
		return is_met(((Form_pg_constraint) GETSTRUCT(tuple))->contypid, seen);
	}
	return true;
}
