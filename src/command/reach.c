/*
 * reach.c
 *		Values of guarded columns that are outside the reach of the guard.
 *
 * protect() cannot change the CRM's own triggers and copies, but the role that sets a policy
 * must know about them.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "command/reach.h"
#include "policy/policy.h"
#include "policy/trust.h"
#include "read/combined.h"
#include "read/uniques.h"

static bool key_array_has(HeapTuple tuple, Relation catalog, int column, AttrNumber attnum);
static Oid	rewrite_relation(Oid rule);
static void warn_triggers(Relation rel);
static void warn_uniques(Relation rel);
static char *names_of_columns(Oid relid, const Bitmapset *columns);
static void warn_combined(Oid relid, List **told);
static void warn_nullable(Relation rel, List *attnums);
static void warn_dependents(Oid relid, AttrNumber attnum);

static bool
key_array_has(HeapTuple tuple, Relation catalog, int column, AttrNumber attnum)
{
	bool		isnull;
	Datum		datum = heap_getattr(tuple, column, RelationGetDescr(catalog), &isnull);
	ArrayType  *array;
	int16	   *keys;

	if (isnull)
		return false;
	array = DatumGetArrayTypeP(datum);
	keys = (int16 *) ARR_DATA_PTR(array);
	for (int i = 0; i < ARR_DIMS(array)[0]; i++)
		if (keys[i] == attnum)
			return true;
	return false;
}

bool
cg_reach_is_distributed(Oid relid)
{
	Oid			citus = get_extension_oid("citus", true);
	Oid			list = OidIsValid(citus) ? get_relname_relid("pg_dist_partition", PG_CATALOG_NAMESPACE) : InvalidOid;
	Relation	rel;
	AttrNumber	attnum;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	if (!OidIsValid(list) || getExtensionOfObject(RelationRelationId, list) != citus)
		return false;
	rel = table_open(list, AccessShareLock);
	attnum = get_attnum(list, "logicalrelid");
	if (attnum <= 0 || get_atttype(list, attnum) != REGCLASSOID)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot tell whether relation \"%s\" is distributed by Citus", get_rel_name(relid)),
				 errdetail("Relation pg_dist_partition has no column \"logicalrelid\" of type regclass.")));
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		value = heap_getattr(tuple, attnum, RelationGetDescr(rel), &isnull);

		found = !isnull && DatumGetObjectId(value) == relid;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

bool
cg_reach_in_foreign_key(Oid relid, AttrNumber attnum)
{
	Relation	catalog = table_open(ConstraintRelationId, AccessShareLock);
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	/* pg_constraint has no index on the referenced table. */
	scan = systable_beginscan(catalog, InvalidOid, false, NULL, 0, NULL);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);

		if (form->contype != CONSTRAINT_FOREIGN)
			continue;
		found = (form->conrelid == relid &&
				 key_array_has(tuple, catalog, Anum_pg_constraint_conkey, attnum)) ||
			(form->confrelid == relid &&
			 key_array_has(tuple, catalog, Anum_pg_constraint_confkey, attnum));
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}

static void
warn_triggers(Relation rel)
{
	TriggerDesc *triggers = rel->trigdesc;

	for (int i = 0; triggers && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];
		Oid			function = trigger->tgfoid;

		/* If its function is trusted, an admin has looked at what it does with values. */
		if (trigger->tgisinternal || cg_trust_is_trusted(function) ||
			(function < FirstNormalObjectId && cg_trust_is_allowed(function)))
			continue;
		if (TRIGGER_FOR_ROW(trigger->tgtype))
			ereport(WARNING,
					(errcode(ERRCODE_WARNING),
					 errmsg("trigger \"%s\" on relation \"%s\" sees guarded values",
							trigger->tgname, RelationGetRelationName(rel)),
					 errdetail("OLD and NEW of a row trigger are not masked, and not recorded."),
					 errhint("Pin the search_path of its function and trust it: see contact_guard.trust_function(). If it writes values into another table, for example for an audit, protect that table as well.")));
		else if (TRIGGER_USES_TRANSITION_TABLE(trigger->tgoldtable) || TRIGGER_USES_TRANSITION_TABLE(trigger->tgnewtable))
			ereport(WARNING,
					(errcode(ERRCODE_WARNING),
					 errmsg("trigger \"%s\" on relation \"%s\" sees masks in its transition tables",
							trigger->tgname, RelationGetRelationName(rel)),
					 errdetail("If it stores guarded columns, or chooses by them what it writes, commands of roles without a standing permission fail."),
					 errhint("To give it the values, pin the search_path of its function and trust it: see contact_guard.trust_function(). Then protect the table that it writes, too.")));
	}
}

/* The relation that a rule belongs to. */
static Oid
rewrite_relation(Oid rule)
{
	Relation	catalog = table_open(RewriteRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			result = InvalidOid;

	ScanKeyInit(&key, Anum_pg_rewrite_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(rule));
	scan = systable_beginscan(catalog, RewriteOidIndexId, true, NULL, 1, &key);
	if (HeapTupleIsValid(tuple = systable_getnext(scan)))
		result = ((Form_pg_rewrite) GETSTRUCT(tuple))->ev_class;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/* The objects whose definition refers to the column. */
static void
warn_dependents(Oid relid, AttrNumber attnum)
{
	Relation	catalog = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[3];
	SysScanDesc scan;
	HeapTuple	tuple;
	const char *column = get_attname(relid, attnum, false);

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(RelationRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	ScanKeyInit(&keys[2], Anum_pg_depend_refobjsubid, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(attnum));
	scan = systable_beginscan(catalog, DependReferenceIndexId, true, NULL, 3, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->classid == RewriteRelationId)
		{
			Oid			owner = rewrite_relation(form->objid);

			if (get_rel_relkind(owner) == RELKIND_MATVIEW)
				ereport(WARNING,
						(errcode(ERRCODE_WARNING),
						 errmsg("materialized view \"%s\" keeps a copy of guarded column \"%s\"",
								get_rel_name(owner), column),
						 errhint("Protect the materialized view as well, or drop it. REFRESH is refused unless its owner has a standing permission: see contact_guard.allow().")));
		}
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
}

/* A mask NULL looks like a missing value, and an application may store it again. */
static void
warn_nullable(Relation rel, List *attnums)
{
	ListCell   *lc;

	foreach(lc, attnums)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel), lfirst_int(lc) - 1);
		const CgPolicy *policy = cg_policy_get(RelationGetRelid(rel));
		const CgGuarded *guarded = policy ? cg_policy_column(policy, att->attnum) : NULL;

		if (guarded && guarded->mask.kind == CG_MASK_NULL && att->attnotnull)
			ereport(WARNING,
					(errcode(ERRCODE_WARNING),
					 errmsg("mask \"null\" of column \"%s\" of relation \"%s\" gives NULL though the column is NOT NULL",
							NameStr(att->attname), RelationGetRelationName(rel)),
					 errdetail("An application that expects a value, or writes the row back, may fail."),
					 errhint("Protect it with mask => 'partial(2,2)', 'email', 'pseudonym' or 'constant(…)' instead.")));
		else if (guarded && guarded->mask.kind == CG_MASK_NULL)
			ereport(WARNING,
					(errcode(ERRCODE_WARNING),
					 errmsg("mask \"null\" of column \"%s\" of relation \"%s\" cannot be told from a value that is missing",
							NameStr(att->attname), RelationGetRelationName(rel)),
					 errdetail("An application that reads rows first may take them for incomplete, and delete or complete them."),
					 errhint("Any other mask can be told.")));
	}
}

static void
warn_uniques(Relation rel)
{
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(rel))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		(void) RelationGetIndexExpressions(index);
		(void) RelationGetIndexPredicate(index);
		if (cg_uniques_compared(index, cg_policy_get(RelationGetRelid(rel))) != NIL)
			ereport(WARNING,
					(errcode(ERRCODE_WARNING),
					 errmsg("index \"%s\" of relation \"%s\" tells whether a guarded value is stored",
							RelationGetRelationName(index), RelationGetRelationName(rel)),
					 errdetail("A role that may insert can find out, and its attempts are recorded.")));
		index_close(index, NoLock);
	}
}

static char *
names_of_columns(Oid relid, const Bitmapset *columns)
{
	StringInfoData out;
	int			column = -1;

	initStringInfo(&out);
	if (bms_is_member(CG_COMBINED_ANY, columns))
	{
		column = CG_COMBINED_ANY;
		appendStringInfoString(&out, "settings or the role");
	}
	while ((column = bms_next_member(columns, column)) > 0)
		appendStringInfo(&out, "%s\"%s\"", out.len > 0 ? ", " : "", get_attname(relid, column, false));
	return out.data;
}

/* If many definitions compare the same columns, as those of partitions do, one is named. */
static void
warn_combined(Oid relid, List **told)
{
	ListCell   *lc;
	ListCell   *of;

	foreach(lc, cg_combined_list(relid))
	{
		CgCombined *combined = lfirst(lc);
		char	   *columns = psprintf("guarded values (%s) with what others may choose (%s)",
									   names_of_columns(relid, combined->guarded),
									   names_of_columns(relid, combined->others));
		bool		outside = bms_is_member(CG_COMBINED_ANY, combined->others);
		bool		one = bms_num_members(combined->others) == 1;

		foreach(of, *told)
			if (strcmp(lfirst(of), columns) == 0)
				break;
		if (of != NULL)
			continue;
		*told = lappend(*told, columns);
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("%s of relation \"%s\" compares %s",
						combined->where, get_rel_name(relid), columns),
				 errdetail("A role that may update %s can guess a guarded value by it, and each attempt is recorded as a look-up.",
						   outside ? "the relation" : one ? "that column" : "one of those columns"),
				 outside ? errhint("To accept this, leave the definition as it is. Otherwise split it so that no expression has both.") :
				 errhint("To accept this, leave the definition as it is. Otherwise split it so that no expression has both kinds of columns, or guard the other %s, too.",
						 one ? "column" : "columns")));
	}
}

void
cg_reach_warn(Oid relid, List *attnums, bool is_new)
{
	Relation	rel = table_open(relid, NoLock);
	List	   *told = NIL;
	ListCell   *lc;

	if (is_new)
		warn_triggers(rel);
	warn_nullable(rel, attnums);
	warn_uniques(rel);
	table_close(rel, NoLock);
	foreach(lc, find_all_inheritors(relid, NoLock, NULL))
		warn_combined(lfirst_oid(lc), &told);
	foreach(lc, attnums)
		warn_dependents(relid, lfirst_int(lc));
}
