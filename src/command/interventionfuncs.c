/*
 * interventionfuncs.c
 *		use_interventions(), forget_interventions(), and the built-in interventions.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "common/int.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/customerkey.h"
#include "base/names.h"
#include "base/objects.h"
#include "base/owncolumns.h"
#include "base/owncommand.h"
#include "base/roles.h"
#include "command/watch.h"
#include "compat.h"
#include "journal/eventrecord.h"
#include "journal/windowrecord.h"
#include "policy/interventions.h"
#include "policy/labelparse.h"
#include "policy/labels.h"
#include "policy/policy.h"
#include "policy/question.h"
#include "policy/verdict.h"
#include "policy/windowquery.h"

PG_FUNCTION_INFO_V1(cg_use_interventions);
PG_FUNCTION_INFO_V1(cg_forget_interventions);
PG_FUNCTION_INFO_V1(cg_open_intervention);
PG_FUNCTION_INFO_V1(cg_close_intervention);

/* Stands in the lock's tag in place of a column's number; columns are never locked. */
#define ID_LOCK 1

static int64 draw_id(void);
static void read_parts(FunctionCallInfo fcinfo, Oid relid, AttrNumber *parts);
static char *interval_argument(FunctionCallInfo fcinfo, int argument);
static bool watch_argument(FunctionCallInfo fcinfo);
static void check_customers(Oid relid, AttrNumber customer);
static void warn_of_index(Oid relid, AttrNumber technician);
static void warn_of_owner(Oid relid);

/* The text of an interval, whatever the session's IntervalStyle; NULL if it is null. */
static char *
interval_argument(FunctionCallInfo fcinfo, int argument)
{
	int			nestlevel;
	char	   *text;

	if (PG_ARGISNULL(argument))
		return NULL;
	nestlevel = NewGUCNestLevel();
	(void) set_config_option("IntervalStyle", "postgres", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	text = DatumGetCString(DirectFunctionCall1(interval_out, PG_GETARG_DATUM(argument)));
	AtEOXact_GUC(true, nestlevel);
	return text;
}

/* A script of version 1.0 has a function without it. */
static bool
watch_argument(FunctionCallInfo fcinfo)
{
	char	   *watch;

	if (PG_NARGS() <= 11 || PG_ARGISNULL(11))
		return false;
	watch = text_to_cstring(PG_GETARG_TEXT_PP(11));
	if (strcmp(watch, "trigger") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("watch \"%s\" is not known", watch),
				 errhint("Use watch => 'trigger', or leave watch out.")));
	return true;
}

/* Protected relations must have the same kind of customer key. */
static void
check_customers(Oid relid, AttrNumber customer)
{
	ListCell   *lc;

	if (get_rel_namespace(relid) == cg_objects_schema())
		return;
	foreach(lc, cg_labels_relations())
	{
		const CgPolicy *policy = cg_policy_get(lfirst_oid(lc));

		if (policy == NULL || policy->broken)
			continue;
		if (cg_customerkey_lookup_type(policy->relid, policy->customer) !=
			cg_customerkey_lookup_type(relid, customer))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("customer column \"%s\" of relation \"%s\" has type %s, but the customer key of protected relation \"%s\" is of another kind",
							get_attname(relid, customer, false), get_rel_name(relid),
							format_type_be(get_atttype(relid, customer)), get_rel_name(policy->relid))));
	}
}

static void
warn_of_index(Oid relid, AttrNumber technician)
{
	Relation	rel = table_open(relid, NoLock);
	char		relkind = rel->rd_rel->relkind;
	bool		found = relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE &&
		relkind != RELKIND_MATVIEW;
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(rel))
	{
		Relation	index = relation_open(lfirst_oid(lc), AccessShareLock);

		if (index->rd_index->indkey.values[0] == technician)
			found = true;
		relation_close(index, AccessShareLock);
	}
	table_close(rel, NoLock);
	if (!found)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("relation \"%s\" has no index that begins with \"%s\"",
						get_rel_name(relid), get_attname(relid, technician, false)),
				 errhint("Create an index on (%s, %s): each read of a guarded column looks for the windows of its reader.",
						 quote_identifier(get_attname(relid, technician, false)), "the opening time")));
}

static void
warn_of_owner(Oid relid)
{
	Relation	rel = table_open(relid, NoLock);

	if (superuser_arg(rel->rd_rel->relowner) && rel->rd_rel->relkind == RELKIND_VIEW)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("interventions view \"%s\" is owned by a superuser", get_rel_name(relid)),
				 errdetail("Every look at the interventions runs its functions with the superuser's rights."),
				 errhint("Make the role that owns the CRM the owner of the view.")));
	table_close(rel, NoLock);
}

/* The columns that the arguments name, by CgPart. */
static void
read_parts(FunctionCallInfo fcinfo, Oid relid, AttrNumber *parts)
{
	static const int arguments[CG_NPARTS] = {5, 1, 2, 3, 4};

	for (int part = 0; part < CG_NPARTS; part++)
	{
		char	   *name = NameStr(*PG_GETARG_NAME(arguments[part]));

		parts[part] = get_attnum(relid, name);
		if (parts[part] <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" of relation \"%s\" does not exist", name, get_rel_name(relid))));
		for (int other = 0; other < part; other++)
			if (parts[other] == parts[part])
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("column \"%s\" cannot be both %s and %s", name,
								cg_labels_part_names[other], cg_labels_part_names[part])));
	}
}

Datum
cg_use_interventions(PG_FUNCTION_ARGS)
{
	Oid			relid;
	CgTableLabel label;
	AttrNumber	parts[CG_NPARTS];
	char	   *problem;
	List	   *trees;
	List	   *columns;

	for (int argument = 0; argument <= 5; argument++)
		if (PG_ARGISNULL(argument))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("relation, customer, technician, opens_at, closes_at and id must not be null")));
	relid = PG_GETARG_OID(0);
	/* A trigger needs the stronger lock, which must not be asked for later. */
	LockRelationOid(relid, watch_argument(fcinfo) ? ShareRowExclusiveLock : ShareUpdateExclusiveLock);
	cg_roles_require_policy_owner(relid, "name an interventions relation");
	read_parts(fcinfo, relid, parts);
	cg_labelparse_table(cg_labels_get(relid, 0), &label);
	label.interventions = true;
	label.open_when = PG_ARGISNULL(6) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(6));
	label.early = interval_argument(fcinfo, 7);
	label.late = interval_argument(fcinfo, 8);
	label.longest = interval_argument(fcinfo, 9);
	label.timezone = PG_ARGISNULL(10) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(10));
	label.watch = watch_argument(fcinfo);
	columns = PG_NARGS() <= 12 || PG_ARGISNULL(12) ? NIL : cg_watch_columns(PG_GETARG_ARRAYTYPE_P(12));
	label.beneath = label.watch && columns != NIL;
	problem = cg_question_trees(relid, &label, parts, &trees);
	if (problem)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("relation \"%s\" cannot hold interventions: %s",
						get_rel_name(relid), problem),
				 strstr(problem, "reader's transaction") || strstr(problem, "volatile") ?
				 errhint("contact_guard itself compares the time with opens_at and closes_at, including early and late. clock_timestamp() is volatile.") : 0));
	check_customers(relid, parts[CG_PART_CUSTOMER]);

	cg_watch_forget(relid);
	cg_interventions_set_parts(relid, parts);
	cg_labels_set_table(relid, &label);
	if (get_rel_namespace(relid) == cg_objects_schema())
		PG_RETURN_VOID();
	if (label.watch)
		cg_watch_make(relid, columns);
	cg_eventrecord_add("use interventions of %s: customer %s, technician %s, opens at %s, closes at %s, id %s, "
					   "open when %s, early %s, late %s, longest %s, time zone %s, %s%s",
					   get_rel_name(relid), get_attname(relid, parts[CG_PART_CUSTOMER], false),
					   get_attname(relid, parts[CG_PART_TECHNICIAN], false),
					   get_attname(relid, parts[CG_PART_OPENS_AT], false),
					   get_attname(relid, parts[CG_PART_CLOSES_AT], false),
					   get_attname(relid, parts[CG_PART_ID], false),
					   label.open_when ? label.open_when : "in time",
					   label.early ? label.early : "0", label.late ? label.late : "0",
					   label.longest ? label.longest : "unlimited",
					   label.timezone ? label.timezone : "none",
					   label.watch ? "changes of windows are recorded, " : "", cg_verdict_definition(relid));
	cg_verdict_require_trust(relid);
	problem = cg_verdict_row_security(trees);
	if (problem)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("%s", problem)));
	warn_of_index(relid, parts[CG_PART_TECHNICIAN]);
	warn_of_owner(relid);
	PG_RETURN_VOID();
}

Datum
cg_forget_interventions(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	CgTableLabel label;

	LockRelationOid(relid, ShareUpdateExclusiveLock);
	cg_roles_require_policy_owner(relid, "name an interventions relation");
	cg_labelparse_table(cg_labels_get(relid, 0), &label);
	if (!label.interventions)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("relation \"%s\" is not an interventions relation", get_rel_name(relid))));
	cg_watch_forget(relid);
	cg_interventions_set_parts(relid, NULL);
	label.interventions = false;
	cg_labels_set_table(relid, &label);
	cg_eventrecord_add("forget interventions of %s", get_rel_name(relid));
	PG_RETURN_VOID();
}

/*
 * One more than the greatest number at this moment.  A sequence could be set by each role
 * that may write all data, and would start anew in a restore.  A lock makes other sessions
 * wait for their number until we commit.
 */
static int64
draw_id(void)
{
	Oid			relid = cg_objects_relation("intervention", false);
	Relation	rel;
	Relation	index;
	SysScanDesc scan;
	HeapTuple	tuple;
	int			place[CG_OWN_COLUMNS];
	bool		isnull;
	int64		id = 0;

	cg_objects_require();
	LockDatabaseObject(RelationRelationId, relid, ID_LOCK, ExclusiveLock);
	rel = table_open(relid, AccessShareLock);
	(void) cg_owncolumns_place(CG_OWN_INTERVENTION, RelationGetDescr(rel), place);
	index = index_open(cg_compat_primary_key(rel), AccessShareLock);
	/* With a new snapshot, which may be later than the transaction's. */
	scan = systable_beginscan_ordered(rel, index, NULL, 0, NULL);
	tuple = systable_getnext_ordered(scan, BackwardScanDirection);
	if (HeapTupleIsValid(tuple))
		id = DatumGetInt64(heap_getattr(tuple, place[Anum_intervention_id - 1] + 1, RelationGetDescr(rel), &isnull));
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(rel, AccessShareLock);
	if (pg_add_s64_overflow(id, 1, &id))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("there is no number left for an intervention")));
	return id;
}

Datum
cg_open_intervention(PG_FUNCTION_ARGS)
{
	Oid			types[5] = {TEXTOID, NAMEOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID};
	Datum		values[5];
	CgWindowState opened;
	int64		id;

	if (PG_GETARG_TIMESTAMPTZ(3) <= PG_GETARG_TIMESTAMPTZ(2))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the intervention would end before it begins")));
	for (int i = 0; i < 4; i++)
		values[i] = PG_GETARG_DATUM(i);
	id = draw_id();
	values[4] = Int64GetDatum(id);
	/* In tables of version 1.0 the column id is an identity column. */
	(void) cg_owncommand_execute("INSERT INTO contact_guard.intervention (customer, technician, opens_at, closes_at, id) "
								"OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5)",
								5, types, values, NULL);
	opened.id = psprintf(INT64_FORMAT, id);
	opened.customer = text_to_cstring(PG_GETARG_TEXT_PP(0));
	opened.technician = NameStr(*PG_GETARG_NAME(1));
	opened.opens_at = PG_GETARG_TIMESTAMPTZ(2);
	opened.closes_at = PG_GETARG_TIMESTAMPTZ(3);
	cg_windowrecord_moved(cg_names_relation(cg_objects_relation("intervention", false)), NULL, &opened);
	cg_eventrecord_add("open intervention " INT64_FORMAT " of %s at customer %s", id,
					   NameStr(*PG_GETARG_NAME(1)), text_to_cstring(PG_GETARG_TEXT_PP(0)));
	PG_RETURN_INT64(id);
}

/* For cg_owncommand_query(): customer, technician and id as text, opens_at and closes_at. */
static void
take_intervention(HeapTuple row, TupleDesc tupdesc, void *arg)
{
	CgWindowState *state = arg;
	char	  **texts[] = {&state->customer, &state->technician, &state->id};
	bool		isnull;

	for (int i = 0; i < lengthof(texts); i++)
		*texts[i] = TextDatumGetCString(heap_getattr(row, i + 1, tupdesc, &isnull));
	state->opens_at = DatumGetTimestampTz(heap_getattr(row, 4, tupdesc, &isnull));
	state->closes_at = DatumGetTimestampTz(heap_getattr(row, 5, tupdesc, &isnull));
}

Datum
cg_close_intervention(PG_FUNCTION_ARGS)
{
	Oid			types[1] = {INT8OID};
	Datum		values[1] = {PG_GETARG_DATUM(0)};
	CgWindowState closed = {0};

	cg_owncommand_query("SELECT customer, technician::text, id::text, opens_at, closes_at FROM contact_guard.intervention "
						"WHERE id = $1 AND closed_at IS NULL",
						1, types, values, take_intervention, &closed);
	if (cg_owncommand_execute("UPDATE contact_guard.intervention SET closed_at = clock_timestamp() "
							 "WHERE id = $1 AND closed_at IS NULL",
							 1, types, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("there is no open intervention " INT64_FORMAT, PG_GETARG_INT64(0))));
	if (closed.id)
		cg_windowrecord_moved(cg_names_relation(cg_objects_relation("intervention", false)), &closed, NULL);
	cg_eventrecord_add("close intervention " INT64_FORMAT, PG_GETARG_INT64(0));
	PG_RETURN_VOID();
}
