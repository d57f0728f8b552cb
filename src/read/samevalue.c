/*
 * samevalue.c
 *		same_value(): which customers have the same guarded value as another one?
 *
 * An auditor asks whether somebody has read customers of his own street.  A join of the log
 * with the CRM's tables cannot answer: its values are masks, which are equal or different
 * whatever the values are, and each of them is a withheld read of the auditor's own.  Here
 * the values are compared where they are stored.  What comes back are keys that the caller
 * has given.
 *
 * What a caller could find out by many questions:
 * - The value to compare with is that of a customer, never one that the caller writes down.
 *   So the answers tell which customers are alike, and nothing about a value.  Rows that the
 *   caller's own transaction has written do not count.  Somebody who commits a guess can
 *   compare with it: docs/limits.md says so.
 * - Each customer who was compared stands in a record of his own, and the one with whom in a
 *   record that says how many were alike.  They are durable before the answer leaves.
 *
 * No function of others meets a value: rows come from a scan of ours, without triggers, row
 * security or the executor, and only columns that are text are compared.  Relations and columns
 * of other kinds are refused: an answer "none" must not mean that nobody has looked.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "libpq/libpq-be.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/customerkey.h"
#include "base/names.h"
#include "base/roles.h"
#include "compat.h"
#include "journal/journal.h"
#include "journal/messages.h"
#include "policy/policy.h"
#include "read/likeness.h"

PG_FUNCTION_INFO_V1(cg_same_value);

/* More customers than anybody reads one by one: one call does not compare a whole CRM. */
#define AMONG_MAX 1000

/* So many customers without a row are named. */
#define NAMED_MAX 5

typedef struct Compared
{
	char	   *customer;
	bool		found;			/* a row of his was looked at */
	bool		same;
} Compared;

typedef struct Comparison
{
	CgLikeness	likeness;
	Oid			relid;
	const char *column;
	const char *key;			/* the column with the customer's key */
	Compared	own;			/* with whom the others are compared */
	List	   *values;			/* of his, folded */
	int			nothers;
	Compared   *others;			/* sorted, each once */
} Comparison;

static int	by_customer(const void *left, const void *right);
static void take_others(Comparison *comparison, ArrayType *among);
static void check_compared_column(Relation rel, Comparison *comparison, const char *column);
static void check_compared_kind(Relation rel, AttrNumber attnum);
static List *take_relations(const Comparison *comparison);
static void collect_value(Comparison *comparison, const char *value, MemoryContext keep);
static bool has_value(const Comparison *comparison, const char *value);
static void scan_relation(Oid relid, Comparison *comparison, Snapshot snapshot, bool collect);
static void scan_relations(Comparison *comparison);
static void put_comparison(CgRecord *record, const char *customer, int64 count, const char *reason);
static void record_comparison(const Comparison *comparison, int nsame);
static void warn_of_unknown(const Comparison *comparison);

static int
by_customer(const void *left, const void *right)
{
	return strcmp(((const Compared *) left)->customer, ((const Compared *) right)->customer);
}

static void
take_others(Comparison *comparison, ArrayType *among)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	int			distinct = 0;

	deconstruct_array(among, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	comparison->others = palloc0(sizeof(Compared) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		char	   *customer = nulls[i] ? NULL : TextDatumGetCString(elements[i]);

		if (customer && strcmp(customer, comparison->own.customer) != 0)
			comparison->others[comparison->nothers++].customer = customer;
	}
	qsort(comparison->others, comparison->nothers, sizeof(Compared), by_customer);
	for (int i = 0; i < comparison->nothers; i++)
		if (i == 0 || strcmp(comparison->others[i].customer, comparison->others[distinct - 1].customer) != 0)
			comparison->others[distinct++] = comparison->others[i];
	comparison->nothers = distinct;
	if (distinct > AMONG_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot compare more than %d customers at once", AMONG_MAX)));
}

/* The rest of the comparison comes from the policy. */
static void
check_compared_column(Relation rel, Comparison *comparison, const char *column)
{
	const CgPolicy *policy = cg_policy_get(RelationGetRelid(rel));
	AttrNumber	attnum = get_attnum(RelationGetRelid(rel), column);
	Oid			type;

	if (policy && policy->broken)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the policy of relation \"%s\" is broken: %s", RelationGetRelationName(rel), policy->broken)));
	if (policy == NULL || attnum <= 0 || cg_policy_column(policy, attnum) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("column \"%s\" of relation \"%s\" is not guarded", column, RelationGetRelationName(rel)),
				 errhint("Values of other columns are compared by a query.")));
	type = getBaseType(get_atttype(RelationGetRelid(rel), attnum));
	if (type != TEXTOID && type != VARCHAROID && type != BPCHAROID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is not of a type that is text", column)));
	comparison->column = column;
	comparison->key = get_attname(RelationGetRelid(rel), policy->customer, false);
}

/* Default deny: rows that this scan does not see, or values that it would not compute. */
static void
check_compared_kind(Relation rel, AttrNumber attnum)
{
	char		relkind = rel->rd_rel->relkind;

	if (relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot compare values of relation \"%s\"", RelationGetRelationName(rel)),
				 errdetail("It is not a table, and no partition of one.")));
	if (cg_compat_is_virtual(TupleDescAttr(RelationGetDescr(rel), attnum - 1)))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot compare values of virtual column \"%s\"", get_attname(RelationGetRelid(rel), attnum, false))));
}

/* The relation and its children, locked, but for temporary ones of other sessions: nobody can read those. */
static List *
take_relations(const Comparison *comparison)
{
	List	   *relids = find_all_inheritors(comparison->relid, AccessShareLock, NULL);
	ListCell   *lc;

	foreach(lc, relids)
	{
		Relation	rel = relation_open(lfirst_oid(lc), NoLock);

		if (RELATION_IS_OTHER_TEMP(rel))
			relids = foreach_delete_current(relids, lc);
		else
			check_compared_kind(rel, get_attnum(RelationGetRelid(rel), comparison->column));
		relation_close(rel, NoLock);
	}
	return relids;
}

static bool
has_value(const Comparison *comparison, const char *value)
{
	ListCell   *lc;

	foreach(lc, comparison->values)
		if (strcmp(lfirst(lc), value) == 0)
			return true;
	return false;
}

static void
collect_value(Comparison *comparison, const char *value, MemoryContext keep)
{
	MemoryContext oldcontext;

	if (*value == '\0' || has_value(comparison, value))
		return;
	oldcontext = MemoryContextSwitchTo(keep);
	comparison->values = lappend(comparison->values, pstrdup(value));
	MemoryContextSwitchTo(oldcontext);
}

/*
 * "collect": the values of the one customer; otherwise, who else has them.  A child has the
 * columns of its parent by their names.
 */
static void
scan_relation(Oid relid, Comparison *comparison, Snapshot snapshot, bool collect)
{
	Relation	rel = relation_open(relid, NoLock);
	AttrNumber	key = get_attnum(relid, comparison->key);
	AttrNumber	column = get_attnum(relid, comparison->column);
	Oid			type = getBaseType(get_atttype(relid, key));
	MemoryContext keep = CurrentMemoryContext;
	MemoryContext row = AllocSetContextCreate(keep, "contact_guard same_value", ALLOCSET_DEFAULT_SIZES);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan = table_beginscan(rel, snapshot, 0, NULL);

	MemoryContextSwitchTo(row);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		Compared	of_row = {0};
		Compared   *who = NULL;
		bool		isnull;
		Datum		datum;
		char	   *value = NULL;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(row);
		datum = slot_getattr(slot, key, &isnull);
		if (isnull)
			continue;
		of_row.customer = cg_customerkey_text(datum, type);
		if (!collect)
			who = bsearch(&of_row, comparison->others, comparison->nothers, sizeof(Compared), by_customer);
		if (collect ? strcmp(of_row.customer, comparison->own.customer) != 0 : who == NULL)
			continue;
		datum = slot_getattr(slot, column, &isnull);
		if (!isnull)
			value = cg_likeness_fold(comparison->likeness, TextDatumGetCString(datum));
		if (collect && value)
			collect_value(comparison, value, keep);
		else if (!collect)
		{
			who->found = true;
			who->same = who->same || (value && has_value(comparison, value));
		}
	}
	MemoryContextSwitchTo(keep);
	MemoryContextDelete(row);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	relation_close(rel, NoLock);
}

static void
scan_relations(Comparison *comparison)
{
	List	   *relids = take_relations(comparison);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());

	/* As if the caller's own transaction had written nothing: no guess of his is compared. */
	snapshot->curcid = FirstCommandId;
	for (int collect = 1; collect >= 0; collect--)
	{
		ListCell   *lc;

		foreach(lc, relids)
			if (get_rel_relkind(lfirst_oid(lc)) == RELKIND_RELATION)
				scan_relation(lfirst_oid(lc), comparison, snapshot, collect == 1);
	}
	UnregisterSnapshot(snapshot);
}

static void
put_comparison(CgRecord *record, const char *customer, int64 count, const char *reason)
{
	record->customer = cg_record_customer(customer);
	record->count = count;
	record->reason = reason;
	cg_messages_put(record);
	if (cg_messages_are_many())
		cg_messages_write();
}

/* One record for each who was compared, so that it can be erased with his other records. */
static void
record_comparison(const Comparison *comparison, int nsame)
{
	const char *columns[] = {comparison->column};
	const char *how = cg_likeness_name(comparison->likeness);
	CgActor		actor = cg_actor_current();
	CgRecordContext context = {
		.actor = actor.name,
		.login = MyProcPort ? MyProcPort->user_name : NULL,
		.client = MyProcPort ? MyProcPort->remote_host : NULL,
		.application = application_name,
		.identity = actor.identity,
	};
	CgRecord	record = {
		.event = CG_EVENT_AUDIT_READ,
		.read_at = GetCurrentTimestamp(),
		.relation = cg_names_relation(comparison->relid),
		.ncolumns = lengthof(columns),
		.columns = columns,
		.closed_at = CG_NO_TIME,
	};
	char	   *reason = psprintf("compared by %s with another customer", how);

	cg_record_put_context(cg_messages_buffer(), &context);
	put_comparison(&record, comparison->own.customer, comparison->nothers,
				   psprintf("compared by %s: %d of %d customers have the value of this one", how, nsame, comparison->nothers));
	for (int i = 0; i < comparison->nothers; i++)
	{
		/* A message begins with its context. */
		if (cg_messages_buffer()->len == 0)
			cg_record_put_context(cg_messages_buffer(), &context);
		if (comparison->others[i].found)
			put_comparison(&record, comparison->others[i].customer, 1, reason);
	}
	cg_messages_write();
	if (!cg_messages_flush())
		ereport(ERROR,
				(errcode(ERRCODE_T_R_STATEMENT_COMPLETION_UNKNOWN),
				 errmsg("a synchronous standby has not acknowledged the record of the comparison")));
}

/* That such a customer is not in the answer does not say that he has another value. */
static void
warn_of_unknown(const Comparison *comparison)
{
	StringInfoData names;
	int			unknown = 0;

	initStringInfo(&names);
	for (int i = 0; i < comparison->nothers; i++)
	{
		if (comparison->others[i].found)
			continue;
		if (unknown++ < NAMED_MAX)
			appendStringInfo(&names, "%s\"%s\"", unknown == 1 ? "" : ", ", comparison->others[i].customer);
	}
	if (unknown > 0)
		ereport(WARNING,
				(errmsg("relation \"%s\" has no row of %d of the %d customers to compare", get_rel_name(comparison->relid), unknown,
						comparison->nothers),
				 errdetail("Nothing is said about the keys %s%s.", names.data, unknown > NAMED_MAX ? ", and more" : "")));
}

Datum
cg_same_value(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Comparison	comparison = {
		.likeness = cg_likeness_parse(text_to_cstring(PG_GETARG_TEXT_PP(4))),
		.relid = PG_GETARG_OID(0),
		.own.customer = text_to_cstring(PG_GETARG_TEXT_PP(2)),
	};
	Relation	rel;
	int			nsame = 0;

	cg_roles_require_own("compare guarded values");
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	cg_journal_require();
	take_others(&comparison, PG_GETARG_ARRAYTYPE_P(3));
	rel = relation_open(comparison.relid, AccessShareLock);
	check_compared_column(rel, &comparison, pstrdup(NameStr(*PG_GETARG_NAME(1))));
	relation_close(rel, NoLock);
	scan_relations(&comparison);
	for (int i = 0; i < comparison.nothers; i++)
		nsame += comparison.others[i].same ? 1 : 0;
	record_comparison(&comparison, nsame);
	/* Otherwise "none" would be taken for an answer. */
	if (comparison.values == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("there is no value of customer \"%s\" to compare with", comparison.own.customer)));
	warn_of_unknown(&comparison);
	for (int i = 0; i < comparison.nothers; i++)
	{
		bool		isnull = false;
		Datum		customer = CStringGetTextDatum(comparison.others[i].customer);

		if (comparison.others[i].same)
			tuplestore_putvalues(result->setResult, result->setDesc, &customer, &isnull);
	}
	return (Datum) 0;
}
