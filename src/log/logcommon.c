/*
 * logcommon.c
 *		What many records of the log have in common, stored once.
 *
 * Two million reads of a day say the same relation, columns, purpose, reason and identity, and
 * mostly their login is their actor.  That was a third of the log.  So a row of
 * contact_guard.log_common has these values, and the records have its number, in the column
 * common, and NULL in place of the values.  A record that shares nothing has all values
 * itself, as all records of 1.0 have.  So the column's values are never in both places, and
 * whoever reads the log takes the first that is not NULL (CG_LOG_VALUE in owntables.h).
 *
 * The leaf of a record contains the values, wherever they stand.  So whoever changes a row
 * of log_common changes the leaves of all records that have its number, and contact-guard
 * verify names the first.
 *
 * What erasures remove (actor, login, client, application, customer) does not stand in
 * log_common, but for the identity, which names nobody: the record of whom an erasure removes
 * has all its values itself from then on, and no identity.  A reason names the role that a
 * permission was given to, in the record, too.  A row there belongs to one month, and purge() removes it with the last
 * record of that month that needs it (retention.c).
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/owncolumns.h"
#include "base/owncommand.h"
#include "base/ownrows.h"
#include "log/logcommon.h"

/*
 * Who reads another set of columns each time, or invents purposes, must not make this table
 * grow as the log does.  Further records of the month stand for themselves: they take more
 * room, and nothing else.  What is withheld from somebody without any window may not use all
 * of it, so that such a reader does not spend the room of all others.
 */
#define MONTH_MAX 1000
#define MONTH_MAX_WITHHELD 500

#define TEXTS 4					/* relation, purpose, reason, identity */

typedef struct Kept
{
	uint64		hash;			/* of the key; must be first */
	char	   *key;
	int			length;
	int32		number;
} Kept;

/* All rows of such a month are in kept, so the table is not asked for each record. */
typedef struct Month
{
	TimestampTz month;
	int			rows;
} Month;

static MemoryContext context = NULL;
static HTAB *kept = NULL;
static Month months[2];			/* of a batch there are rarely two */
static int	nmonths = 0;
static int64 next_number = 0;	/* 0: not known */

static bool is_common(const CgRecord *record);
static bool same_text(const char *a, const char *b);
static bool has_same(const CgLogRow *a, const CgLogRow *b);
static void forget_months(void);
static int32 common_number(StringInfo key, const CgLogRow *row);
static void put_common_key(StringInfo key, TimestampTz month, bool login_is_actor, const char *const texts[TEXTS],
						   const char **columns, int ncolumns);
static Month *load_month(TimestampTz month);
static void keep_row(HeapTuple row, TupleDesc tupdesc, void *arg);
static Kept *find_kept(const StringInfoData *key, HASHACTION action, bool *found);
static void keep(const StringInfoData *key, int32 number);
static void store_common(const CgLogRow *row, int32 number);
static Datum columns_of(const CgRecord *record);

void
cg_logcommon_assign(List *rows)
{
	const CgLogRow *before = NULL;
	StringInfoData key;
	ListCell   *lc;

	initStringInfo(&key);
	foreach(lc, rows)
	{
		CgLogRow   *row = lfirst(lc);

		row->common = 0;
		if (!is_common(&row->record))
			continue;
		if (before && has_same(before, row))
			row->common = before->common;
		else
			row->common = common_number(&key, row);
		before = row;
	}
	pfree(key.data);
}

void
cg_logcommon_forget(void)
{
	forget_months();
	next_number = 0;
}

static void
forget_months(void)
{
	if (kept)
		MemoryContextReset(context);
	kept = NULL;
	nmonths = 0;
}

bool
cg_logcommon_login_is_actor(const CgRecordContext *row_context)
{
	return row_context->actor && row_context->login && strcmp(row_context->actor, row_context->login) == 0;
}

/* Of these there are many, and their values come from policies. */
static bool
is_common(const CgRecord *record)
{
	return (record->event == CG_EVENT_SHOWN || record->event == CG_EVENT_WITHHELD) &&
		record->count == 1 && record->relation && record->ncolumns > 0;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool
has_same(const CgLogRow *a, const CgLogRow *b)
{
	if (!same_text(a->record.relation, b->record.relation) || !same_text(a->record.purpose, b->record.purpose) ||
		!same_text(a->record.reason, b->record.reason) || !same_text(a->context.identity, b->context.identity) ||
		a->record.ncolumns != b->record.ncolumns ||
		cg_logrow_month(a->record.read_at) != cg_logrow_month(b->record.read_at) ||
		cg_logcommon_login_is_actor(&a->context) != cg_logcommon_login_is_actor(&b->context))
		return false;
	for (int i = 0; a->record.columns != b->record.columns && i < a->record.ncolumns; i++)
		if (strcmp(a->record.columns[i], b->record.columns[i]) != 0)
			return false;
	return true;
}

/*
 * The row's number; 0: it stands for itself, since the month has no room for another row, or
 * since another key has the same hash.  A row that is not stored yet is.
 */
static int32
common_number(StringInfo key, const CgLogRow *row)
{
	const CgRecord *record = &row->record;
	const char *const texts[TEXTS] = {record->relation, record->purpose, record->reason, row->context.identity};
	TimestampTz at = cg_logrow_month(record->read_at);
	Month	   *month = load_month(at);
	Kept	   *entry;
	bool		found;
	int32		number;

	put_common_key(key, at, cg_logcommon_login_is_actor(&row->context), texts, record->columns, record->ncolumns);
	entry = find_kept(key, HASH_FIND, &found);
	if (found)
		return entry ? entry->number : 0;
	if (month->rows >= (record->event == CG_EVENT_WITHHELD ? MONTH_MAX_WITHHELD : MONTH_MAX) ||
		next_number > PG_INT32_MAX)
		return 0;
	number = (int32) next_number++;
	store_common(row, number);
	keep(key, number);
	month->rows++;
	return number;
}

/* No text has a zero byte, so different rows have different keys. */
static void
put_common_key(StringInfo key, TimestampTz month, bool login_is_actor, const char *const texts[TEXTS],
			   const char **columns, int ncolumns)
{
	resetStringInfo(key);
	appendBinaryStringInfo(key, (char *) &month, sizeof(month));
	appendStringInfoChar(key, login_is_actor ? 1 : 0);
	for (int i = 0; i < TEXTS; i++)
	{
		appendStringInfoChar(key, texts[i] ? 1 : 0);
		if (texts[i])
			appendBinaryStringInfo(key, texts[i], strlen(texts[i]) + 1);
	}
	for (int i = 0; i < ncolumns; i++)
		appendBinaryStringInfo(key, columns[i], strlen(columns[i]) + 1);
}

/*
 * Reads the rows of a month that are stored, once.  A question for each record that is not
 * among them would let a reader choose what his records cost the recorder.
 */
static Month *
load_month(TimestampTz month)
{
	Oid			types[] = {TIMESTAMPTZOID};
	Datum		values[] = {TimestampTzGetDatum(month)};

	for (int i = 0; i < nmonths; i++)
		if (months[i].month == month)
			return &months[i];
	/* A query may not see the rows of this batch yet, so the next number is not asked for again. */
	if (nmonths == lengthof(months))
		forget_months();
	if (next_number == 0)
		(void) cg_owncommand_select_int8("SELECT coalesce(max(number), 0)::bigint + 1 FROM contact_guard.log_common",
										 0, NULL, NULL, &next_number);
	if (kept == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(uint64), .entrysize = sizeof(Kept)};

		if (context == NULL)
			context = AllocSetContextCreate(TopMemoryContext, "contact_guard common values", ALLOCSET_DEFAULT_SIZES);
		ctl.hcxt = context;
		kept = hash_create("contact_guard common values", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	months[nmonths] = (Month) {month, 0};
	cg_owncommand_query("SELECT number, login_is_actor, relation, purpose, reason, identity, columns FROM contact_guard.log_common "
						"WHERE month = $1 AND count = 1 ORDER BY number", lengthof(types), types, values,
						keep_row, &months[nmonths]);
	return &months[nmonths++];
}

/* A row as the query above gives it */
static void
keep_row(HeapTuple row, TupleDesc tupdesc, void *arg)
{
	Month	   *month = arg;
	Datum		values[2 + TEXTS + 1];
	bool		nulls[2 + TEXTS + 1];
	const char *texts[TEXTS];
	Datum	   *names;
	const char **columns;
	int			ncolumns;
	StringInfoData key;

	heap_deform_tuple(row, tupdesc, values, nulls);
	for (int i = 0; i < TEXTS; i++)
		texts[i] = nulls[2 + i] ? NULL : TextDatumGetCString(values[2 + i]);
	deconstruct_array(DatumGetArrayTypeP(values[2 + TEXTS]), TEXTOID, -1, false, TYPALIGN_INT, &names, NULL, &ncolumns);
	columns = palloc(sizeof(char *) * ncolumns);
	for (int i = 0; i < ncolumns; i++)
		columns[i] = TextDatumGetCString(names[i]);
	initStringInfo(&key);
	put_common_key(&key, month->month, DatumGetBool(values[1]), texts, columns, ncolumns);
	keep(&key, DatumGetInt32(values[0]));
	month->rows++;
}

/* NULL though found: another key has the same hash. */
static Kept *
find_kept(const StringInfoData *key, HASHACTION action, bool *found)
{
	uint64		hash = DatumGetUInt64(hash_any_extended((unsigned char *) key->data, key->len, 0));
	Kept	   *entry = hash_search(kept, &hash, action, found);

	if (*found && (entry->length != key->len || memcmp(entry->key, key->data, key->len) != 0))
		return NULL;
	return entry;
}

static void
keep(const StringInfoData *key, int32 number)
{
	bool		found;
	Kept	   *entry = find_kept(key, HASH_ENTER, &found);

	if (found)
		return;
	entry->length = key->len;
	entry->number = number;
	entry->key = MemoryContextAlloc(context, key->len);
	memcpy(entry->key, key->data, key->len);
}

static Datum
columns_of(const CgRecord *record)
{
	Datum	   *names = palloc(sizeof(Datum) * record->ncolumns);

	for (int i = 0; i < record->ncolumns; i++)
		names[i] = CStringGetTextDatum(record->columns[i]);
	return PointerGetDatum(construct_array(names, record->ncolumns, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
store_common(const CgLogRow *row, int32 number)
{
	const CgRecord *record = &row->record;
	Datum		values[Natts_log_common] = {(Datum) 0};
	bool		nulls[Natts_log_common] = {false};

	values[Anum_log_common_number - 1] = Int32GetDatum(number);
	values[Anum_log_common_month - 1] = TimestampTzGetDatum(cg_logrow_month(record->read_at));
	values[Anum_log_common_relation - 1] = CStringGetTextDatum(record->relation);
	values[Anum_log_common_columns - 1] = columns_of(record);
	values[Anum_log_common_count - 1] = Int64GetDatum(record->count);
	nulls[Anum_log_common_purpose - 1] = record->purpose == NULL;
	if (record->purpose)
		values[Anum_log_common_purpose - 1] = CStringGetTextDatum(record->purpose);
	nulls[Anum_log_common_reason - 1] = record->reason == NULL;
	if (record->reason)
		values[Anum_log_common_reason - 1] = CStringGetTextDatum(record->reason);
	values[Anum_log_common_login_is_actor - 1] = BoolGetDatum(cg_logcommon_login_is_actor(&row->context));
	nulls[Anum_log_common_identity - 1] = row->context.identity == NULL;
	if (row->context.identity)
		values[Anum_log_common_identity - 1] = CStringGetTextDatum(row->context.identity);
	cg_ownrows_insert(CG_OWN_LOG_COMMON, values, nulls);
}
