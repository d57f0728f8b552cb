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
 *   So the answers tell which customers are alike, and nothing about a value.  Somebody who
 *   may also write rows can store a guess and compare with it: docs/limits.md says so.
 * - Each call makes a record, which is durable before the answer leaves: by which column and
 *   customer, and with how many others.  It does not say with whom, nor why: a record can only
 *   be erased from where it names somebody, and a reason stays.
 *
 * No function of others meets a value: rows come from a scan of ours, without triggers, row
 * security or the executor, and only columns that are text are compared.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "libpq/libpq-be.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/customerkey.h"
#include "base/names.h"
#include "compat.h"
#include "journal/journal.h"
#include "journal/messages.h"
#include "policy/policy.h"

PG_FUNCTION_INFO_V1(cg_same_value);

/* More customers than anybody reads one by one: one call does not compare a whole CRM. */
#define AMONG_MAX 10000

/* How two values are compared. */
typedef enum Likeness
{
	LIKE_VALUE,					/* the same text */
	LIKE_LETTERS,				/* the same letters: "12 Rue X" and "8, rue x" */
	LIKE_LAST_WORD,				/* the same letters of the last word: a surname */
	LIKE_DIGITS					/* the same last nine digits: a telephone number */
} Likeness;

#define NUMBER_DIGITS 9			/* what is the same with and without a country's code */

static const char *const likenesses[] = {"value", "letters", "last word", "digits"};

typedef struct Compared
{
	char	   *customer;
	bool		same;
} Compared;

typedef struct Comparison
{
	Likeness	likeness;
	const char *column;
	const char *key;			/* the column with the customer's key */
	Compared	own;			/* with whom the others are compared */
	List	   *values;			/* of his, folded */
	int			nothers;
	Compared   *others;			/* sorted, each once */
} Comparison;

static Likeness likeness_of(const char *how);
static int	by_customer(const void *left, const void *right);
static void take_others(Comparison *comparison, ArrayType *among);
static void check_compared_column(Relation rel, Comparison *comparison, const char *column);
static bool is_word_letter(char c);
static bool has_word_letter(const char *text);
static char *fold_value(const char *value, Likeness likeness);
static void compare_row(Comparison *comparison, const char *customer, const char *value, bool collect,
						MemoryContext keep);
static void scan_relation(Oid relid, Comparison *comparison, bool collect);
static void record_comparison(Oid relid, const Comparison *comparison, int nsame);

static Likeness
likeness_of(const char *how)
{
	for (int i = 0; i < lengthof(likenesses); i++)
		if (strcmp(how, likenesses[i]) == 0)
			return (Likeness) i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid way to compare values: \"%s\"", how),
			 errhint("Use \"value\", \"letters\", \"last word\" or \"digits\".")));
}

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

/* A character that is not ASCII counts as a letter. */
static bool
is_word_letter(char c)
{
	return IS_HIGHBIT_SET(c) || (c >= 'a' && c <= 'z');
}

static bool
has_word_letter(const char *text)
{
	while (*text != '\0' && !is_word_letter(*text))
		text++;
	return *text != '\0';
}

/* What is compared, palloc'd.  Empty: there is nothing, which is the same as nobody's. */
static char *
fold_value(const char *value, Likeness likeness)
{
	char	   *folded;
	char	   *to;
	const char *from;

	if (likeness == LIKE_VALUE)
		return pstrdup(value);
	from = folded = to = likeness == LIKE_DIGITS ? pstrdup(value) :
		str_tolower(value, strlen(value), DEFAULT_COLLATION_OID);
	for (; *from != '\0'; from++)
	{
		if (likeness == LIKE_DIGITS ? *from >= '0' && *from <= '9' : is_word_letter(*from))
			*to++ = *from;
		else if (likeness == LIKE_LAST_WORD && *from == ' ' && has_word_letter(from))
			to = folded;
	}
	*to = '\0';
	if (likeness == LIKE_DIGITS && to - folded > NUMBER_DIGITS)
		return to - NUMBER_DIGITS;
	return folded;
}

/* "collect": this scan is for the values of the one customer, in "keep". */
static void
compare_row(Comparison *comparison, const char *customer, const char *value, bool collect,
			MemoryContext keep)
{
	char	   *folded = fold_value(value, comparison->likeness);
	MemoryContext oldcontext;
	ListCell   *lc;

	foreach(lc, comparison->values)
		if (strcmp(lfirst(lc), folded) == 0)
			break;
	if (*folded == '\0' || collect == (lc != NULL))
		return;
	if (collect)
	{
		oldcontext = MemoryContextSwitchTo(keep);
		comparison->values = lappend(comparison->values, pstrdup(folded));
		MemoryContextSwitchTo(oldcontext);
	}
	else
	{
		Compared	key = {.customer = unconstify(char *, customer)};
		Compared   *other = bsearch(&key, comparison->others, comparison->nothers, sizeof(Compared), by_customer);

		other->same = true;
	}
}

/* A child has the columns of its parent by their names. */
static void
scan_relation(Oid relid, Comparison *comparison, bool collect)
{
	Relation	rel = table_open(relid, NoLock);
	AttrNumber	key = get_attnum(relid, comparison->key);
	AttrNumber	column = get_attnum(relid, comparison->column);
	MemoryContext keep = CurrentMemoryContext;
	MemoryContext row = AllocSetContextCreate(keep, "contact_guard same_value", ALLOCSET_DEFAULT_SIZES);
	Oid			type = getBaseType(get_atttype(relid, key));
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan = table_beginscan(rel, GetActiveSnapshot(), 0, NULL);

	MemoryContextSwitchTo(row);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		Compared	found = {0};
		bool		no_key;
		bool		no_value;
		Datum		datum;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(row);
		datum = slot_getattr(slot, key, &no_key);
		if (no_key)
			continue;
		found.customer = cg_customerkey_text(datum, type);
		if (collect ? strcmp(found.customer, comparison->own.customer) != 0 :
			bsearch(&found, comparison->others, comparison->nothers, sizeof(Compared), by_customer) == NULL)
			continue;
		datum = slot_getattr(slot, column, &no_value);
		if (!no_value)
			compare_row(comparison, found.customer, TextDatumGetCString(datum), collect, keep);
	}
	MemoryContextSwitchTo(keep);
	MemoryContextDelete(row);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	table_close(rel, NoLock);
}

static void
record_comparison(Oid relid, const Comparison *comparison, int nsame)
{
	const char *columns[] = {comparison->column};
	CgRecordContext context = {
		.actor = cg_actor_current().name,
		.login = MyProcPort ? MyProcPort->user_name : NULL,
		.client = MyProcPort ? MyProcPort->remote_host : NULL,
		.application = application_name,
	};
	CgRecord	record = {
		.event = CG_EVENT_AUDIT_READ,
		.read_at = GetCurrentTimestamp(),
		.relation = cg_names_relation(relid),
		.ncolumns = lengthof(columns),
		.columns = columns,
		.customer = cg_record_customer(comparison->own.customer),
		.count = comparison->nothers,
		.closed_at = CG_NO_TIME,
		.reason = psprintf("compared by %s: %d of %d customers have the value of this one",
						   likenesses[comparison->likeness], nsame, comparison->nothers),
	};

	cg_record_put_context(cg_messages_buffer(), &context);
	cg_messages_put(&record);
	cg_messages_write();
	if (!cg_messages_flush())
		ereport(ERROR,
				(errcode(ERRCODE_T_R_STATEMENT_COMPLETION_UNKNOWN),
				 errmsg("a synchronous standby has not acknowledged the record of the comparison")));
}

Datum
cg_same_value(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Comparison	comparison = {
		.likeness = likeness_of(text_to_cstring(PG_GETARG_TEXT_PP(4))),
		.own.customer = text_to_cstring(PG_GETARG_TEXT_PP(2)),
	};
	Relation	rel;
	List	   *relids;
	int			nsame = 0;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	cg_journal_require();
	take_others(&comparison, PG_GETARG_ARRAYTYPE_P(3));
	rel = relation_open(relid, AccessShareLock);
	check_compared_column(rel, &comparison, pstrdup(NameStr(*PG_GETARG_NAME(1))));
	relation_close(rel, NoLock);
	relids = find_all_inheritors(relid, AccessShareLock, NULL);
	for (int collect = 1; collect >= 0; collect--)
	{
		ListCell   *lc;

		foreach(lc, relids)
		{
			char		relkind = get_rel_relkind(lfirst_oid(lc));

			if (relkind == RELKIND_FOREIGN_TABLE)
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("cannot compare values of foreign table \"%s\"", get_rel_name(lfirst_oid(lc)))));
			if (relkind == RELKIND_RELATION)
				scan_relation(lfirst_oid(lc), &comparison, collect == 1);
		}
	}
	for (int i = 0; i < comparison.nothers; i++)
		nsame += comparison.others[i].same ? 1 : 0;
	record_comparison(relid, &comparison, nsame);
	for (int i = 0; i < comparison.nothers; i++)
	{
		bool		isnull = false;
		Datum		customer = CStringGetTextDatum(comparison.others[i].customer);

		if (comparison.others[i].same)
			tuplestore_putvalues(result->setResult, result->setDesc, &customer, &isnull);
	}
	return (Datum) 0;
}
