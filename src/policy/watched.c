/*
 * watched.c
 *		Interventions relations whose changes of windows are recorded.
 *
 * What is enforced is the state of the catalog, and not which commands lead to it: the
 * trigger is there, fires for all rows in each setting of session_replication_role, and
 * each partition has its clone of it.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "storage/lockdefs.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/names.h"
#include "base/objects.h"
#include "journal/windowrecord.h"
#include "policy/interventions.h"
#include "policy/labelparse.h"
#include "policy/watched.h"
#include "policy/windowrow.h"
#include "policy/windowtrigger.h"

#define ROW_EVENTS (TRIGGER_TYPE_ROW | TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE)
#define TRUNCATE_EVENTS TRIGGER_TYPE_TRUNCATE

static bool fires(const FormData_pg_trigger *form, bool has_condition, int16 events);
static void look_at_triggers(Oid relid, bool *rows, bool *truncates, List **names);
static List *read_relations(const CgInterventions *from);
static char *member_problem(Oid relid, Oid member);

List *
cg_watched_named(void)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, cg_interventions_list())
		if (((CgInterventions *) lfirst(lc))->watch)
			result = lappend_oid(result, ((CgInterventions *) lfirst(lc))->relid);
	return result;
}

List *
cg_watched_list(void)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, cg_watched_named())
		result = list_concat_unique_oid(result, cg_watched_tables(lfirst_oid(lc)));
	return result;
}

/*
 * What a relation reads.  Nobody knows that of one whose question is refused, so it may be all
 * tables that are named: a privilege that is taken away for a moment silences no trigger.
 */
static List *
read_relations(const CgInterventions *from)
{
	return from->broken ? cg_labels_relations() : from->relations;
}

List *
cg_watched_tables(Oid relid)
{
	List	   *result = NIL;
	ListCell   *lc;
	ListCell   *lr;

	foreach(lc, cg_interventions_list())
	{
		CgInterventions *from = lfirst(lc);

		if (from->relid != relid || !from->watch)
			continue;
		if (!from->beneath)
			return list_make1_oid(relid);
		foreach(lr, read_relations(from))
			if (cg_watched_keys(lfirst_oid(lr)) != NIL)
				result = lappend_oid(result, lfirst_oid(lr));
	}
	return result;
}

static void
take_watched_key(AttrNumber attnum, const char *label, void *context)
{
	List	  **keys = context;
	CgColumnLabel parsed;

	if (attnum == 0)
		return;
	cg_labelparse_column(label, &parsed);
	if (parsed.watched)
		*keys = lappend_int(*keys, attnum);
}

List *
cg_watched_keys(Oid relid)
{
	List	   *keys = NIL;

	cg_labels_of_relation(relid, take_watched_key, &keys);
	return keys;
}

/* The table itself, and the partitioned tables above it. */
static List *
and_above(Oid relid)
{
	return get_rel_relispartition(relid) ? lcons_oid(relid, get_partition_ancestors(relid)) : list_make1_oid(relid);
}

List *
cg_watched_readers(Oid relid)
{
	List	   *above = and_above(relid);
	List	   *named = NIL;
	List	   *result = NIL;
	bool		beneath = false;
	ListCell   *lc;

	/* To look for labels of columns costs more than the rest. */
	foreach(lc, cg_interventions_list())
		beneath |= ((CgInterventions *) lfirst(lc))->beneath;
	if (!beneath)
		return NIL;
	foreach(lc, above)
		if (cg_watched_keys(lfirst_oid(lc)) != NIL)
			named = lappend_oid(named, lfirst_oid(lc));
	if (named == NIL)
		return NIL;
	foreach(lc, cg_interventions_list())
	{
		CgInterventions *from = lfirst(lc);

		if (from->beneath && list_length(list_difference_oid(named, read_relations(from))) < list_length(named))
			result = lappend_oid(result, from->relid);
	}
	return result;
}

void
cg_watched_note(Oid relid, const char *why)
{
	Oid			root = cg_watched_root(relid);
	ListCell   *lc;

	if (OidIsValid(root))
		cg_windowrecord_unknown(cg_names_relation(root), why);
	foreach(lc, cg_watched_readers(relid))
		cg_windowrecord_unknown(cg_names_relation(lfirst_oid(lc)), why);
}

List *
cg_watched_missing(void)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, cg_interventions_list())
	{
		CgInterventions *from = lfirst(lc);

		if (!from->watch && !from->broken && get_rel_namespace(from->relid) != cg_objects_schema())
			result = lappend_oid(result, from->relid);
	}
	return result;
}

Oid
cg_watched_root(Oid relid)
{
	List	   *watched = NIL;
	ListCell   *lc;

	foreach(lc, cg_interventions_list())
	{
		CgInterventions *from = lfirst(lc);

		if (from->watch && !from->beneath)
			watched = lappend_oid(watched, from->relid);
	}
	if (watched == NIL)
		return InvalidOid;
	foreach(lc, and_above(relid))
		if (list_member_oid(watched, lfirst_oid(lc)))
			return lfirst_oid(lc);
	return InvalidOid;
}

bool
cg_watched_decides(Oid relid, const char *column)
{
	Oid			root = cg_watched_root(relid);
	ListCell   *lc;

	foreach(lc, cg_interventions_list())
	{
		CgInterventions *from = lfirst(lc);

		if (from->relid == root)
			return from->broken ||
				list_member_int(cg_windowrow_columns(cg_windowrow_get(from)), get_attnum(root, column));
	}
	return true;
}

static bool
fires(const FormData_pg_trigger *form, bool has_condition, int16 events)
{
	return form->tgtype == (TRIGGER_TYPE_AFTER | events) && form->tgenabled == TRIGGER_FIRES_ALWAYS &&
		!form->tgdeferrable && form->tgattr.dim1 == 0 && !has_condition;
}

static void
look_at_triggers(Oid relid, bool *rows, bool *truncates, List **names)
{
	Oid			function = cg_objects_function_if_there(CG_WINDOWTRIGGER_FUNCTION);
	Relation	catalog = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	*rows = *truncates = false;
	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(catalog, TriggerRelidNameIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);
		bool		no_condition;

		if (!OidIsValid(function) || form->tgfoid != function)
			continue;
		(void) heap_getattr(tuple, Anum_pg_trigger_tgqual, RelationGetDescr(catalog), &no_condition);
		*rows |= fires(form, !no_condition, ROW_EVENTS);
		*truncates |= fires(form, !no_condition, TRUNCATE_EVENTS);
		if (!OidIsValid(form->tgparentid))
			*names = lappend(*names, pstrdup(NameStr(form->tgname)));
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
}

List *
cg_watched_triggers(Oid relid)
{
	List	   *names = NIL;
	bool		rows;
	bool		truncates;

	look_at_triggers(relid, &rows, &truncates, &names);
	return names;
}

/* Not by the index, which begins with the table: retire() alone calls it. */
List *
cg_watched_with_triggers(void)
{
	Oid			function = cg_objects_function(CG_WINDOWTRIGGER_FUNCTION);
	Relation	catalog = table_open(TriggerRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(catalog, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;
	List	   *result = NIL;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);

		if (form->tgfoid == function && !OidIsValid(form->tgparentid))
			result = list_append_unique_oid(result, form->tgrelid);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/* Has one table of a family the triggers, and are they always enabled? */
static char *
member_problem(Oid relid, Oid member)
{
	List	   *names = NIL;
	bool		rows;
	bool		truncates;

	if (member != relid && !get_rel_relispartition(member))
		return psprintf("rows of \"%s\", which inherits from it, have no trigger", get_rel_name(member));
	if (get_rel_relkind(member) == RELKIND_FOREIGN_TABLE)
		return psprintf("the rows of \"%s\" change on another server", get_rel_name(member));
	look_at_triggers(member, &rows, &truncates, &names);
	/* PostgreSQL gives a partition no trigger for TRUNCATE: objectaccess.c hears of that. */
	if (!rows || (!truncates && !get_rel_relispartition(member)))
		return psprintf("the trigger of contact_guard is not there or not always enabled on \"%s\"",
						get_rel_name(member));
	return NULL;
}

List *
cg_watched_problems(Oid relid)
{
	char		relkind = get_rel_relkind(relid);
	List	   *problems = NIL;
	ListCell   *lc;

	if (relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE)
		return list_make1(psprintf("\"%s\" is not a table", get_rel_name(relid)));
	foreach(lc, find_all_inheritors(relid, NoLock, NULL))
	{
		char	   *problem = member_problem(relid, lfirst_oid(lc));

		if (problem)
			problems = lappend(problems, problem);
	}
	return problems;
}
