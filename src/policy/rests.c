/*
 * rests.c
 *		The objects that the question for windows rests on.
 *
 * Every command that changes definitions needs them.  So cg_rests_find() takes no lock on
 * the CRM's relations, and costs only a few index scans for each view beneath.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/objects.h"
#include "policy/interventions.h"
#include "policy/labelparse.h"
#include "policy/rests.h"

static List *objects_of(Oid catalog_id, Oid index, AttrNumber relation_column, AttrNumber oid_column,
						Oid relid);
static void add_references(CgRests *rests, Oid classId, Oid object);

/* The OIDs of the rules, or policies, of a relation. */
static List *
objects_of(Oid catalog_id, Oid index, AttrNumber relation_column, AttrNumber oid_column, Oid relid)
{
	Relation	catalog = table_open(catalog_id, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *result = NIL;
	bool		isnull;

	ScanKeyInit(&key, relation_column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(catalog, index, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		result = lappend_oid(result, DatumGetObjectId(heap_getattr(tuple, oid_column, RelationGetDescr(catalog),
																   &isnull)));
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/* Adds the objects that the object refers to.  Built-in objects do not change. */
static void
add_references(CgRests *rests, Oid classId, Oid object)
{
	Relation	catalog = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(classId));
	ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(object));
	scan = systable_beginscan(catalog, DependDependerIndexId, true, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->refobjid < FirstNormalObjectId)
			continue;
		if (form->refclassid == RelationRelationId)
			rests->relations = list_append_unique_oid(rests->relations, form->refobjid);
		else if (form->refclassid == ProcedureRelationId)
			rests->functions = list_append_unique_oid(rests->functions, form->refobjid);
		else if (form->refclassid == OperatorRelationId && OidIsValid(get_opcode(form->refobjid)))
			rests->functions = list_append_unique_oid(rests->functions, get_opcode(form->refobjid));
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
}

CgRests
cg_rests_find(void)
{
	CgRests		rests = {NIL, NIL, NIL};
	int			relations = 0;
	int			functions = 0;
	ListCell   *lc;

	/* Preparing the question for our own relation would lock it until the commit. */
	if (!cg_interventions_are_named())
		return rests;
	foreach(lc, cg_interventions_list())
	{
		CgInterventions *asked = lfirst(lc);

		/* Our own relation does not change. */
		if (get_rel_namespace(asked->relid) == cg_objects_schema())
			continue;
		rests.relations = list_append_unique_oid(rests.relations, asked->relid);
		/* pg_depend does not have the functions that conditions, types and casts call. */
		rests.relations = list_concat_unique_oid(rests.relations, asked->relations);
		rests.functions = list_concat_unique_oid(rests.functions, asked->functions);
	}
	foreach(lc, rests.relations)
	{
		CgTableLabel label;

		cg_labelparse_table(cg_labels_get(lfirst_oid(lc), 0), &label);
		if (label.open_when)
			rests.conditions = lappend(rests.conditions, label.open_when);
	}
	/* Both lists grow during the loop. */
	while (relations < list_length(rests.relations) || functions < list_length(rests.functions))
	{
		Oid			relid;

		if (functions < list_length(rests.functions))
		{
			add_references(&rests, ProcedureRelationId, list_nth_oid(rests.functions, functions++));
			continue;
		}
		relid = list_nth_oid(rests.relations, relations++);
		foreach(lc, objects_of(RewriteRelationId, RewriteRelRulenameIndexId, Anum_pg_rewrite_ev_class,
							   Anum_pg_rewrite_oid, relid))
			add_references(&rests, RewriteRelationId, lfirst_oid(lc));
		foreach(lc, objects_of(PolicyRelationId, PolicyPolrelidPolnameIndexId, Anum_pg_policy_polrelid,
							   Anum_pg_policy_oid, relid))
			add_references(&rests, PolicyRelationId, lfirst_oid(lc));
	}
	return rests;
}

bool
cg_rests_is_in_condition(const CgRests *rests, const char *name)
{
	ListCell   *lc;

	foreach(lc, rests->conditions)
		if (strstr(lfirst(lc), name))
			return true;
	return false;
}

bool
cg_rests_on_relation(const CgRests *rests, Oid relid)
{
	char	   *name = OidIsValid(relid) ? get_rel_name(relid) : NULL;

	return name && (list_member_oid(rests->relations, relid) || cg_rests_is_in_condition(rests, name));
}

bool
cg_rests_on_name(const CgRests *rests, const char *name)
{
	ListCell   *lc;

	if (cg_rests_is_in_condition(rests, name))
		return true;
	foreach(lc, rests->functions)
	{
		char	   *its = get_func_name(lfirst_oid(lc));

		if (its && strcmp(its, name) == 0)
			return true;
	}
	return false;
}

bool
cg_rests_on_function(const CgRests *rests, Oid function)
{
	char	   *name = get_func_name(function);

	if (list_member_oid(rests->functions, function))
		return true;
	return name && cg_rests_on_name(rests, name);
}
