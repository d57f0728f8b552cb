/*
 * logcommon.c
 *		What many records of the log have in common, stored once.
 *
 * Two million reads of a day say the same relation, columns, purpose and reason, and mostly
 * their login is their actor.  That was a third of the log.  So a row of
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
 * log_common.  A row there belongs to one month, and purge() removes it with the last
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
 * Who reads each month another set of columns, or invents purposes, must not make this table
 * grow as the log does.  Further records of the month stand for themselves.
 */
#define MONTH_MAX 1000

/* How many answers are kept, those for records that stand for themselves included. */
#define KEPT_MAX 4096

typedef struct Kept
{
	uint64		hash;			/* of the key; must be first */
	char	   *key;
	int			length;
	int32		number;			/* 0: no row, and no more of them */
} Kept;

static MemoryContext context = NULL;
static HTAB *kept = NULL;
static int64 next_number = 0;	/* 0: not known */
static TimestampTz last_month;
static int64 of_last_month = -1;	/* rows of last_month; -1: not known */

static bool is_common(const CgRecord *record);
static bool same_text(const char *a, const char *b);
static bool has_same(const CgLogRow *a, const CgLogRow *b);
static void put_common_key(StringInfo key, const CgLogRow *row);
static Kept *find_kept(const StringInfoData *key, bool *found);
static int32 find_common(const CgLogRow *row);
static int32 store_common(const CgLogRow *row);
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
		Kept	   *entry;
		bool		found;

		row->common = 0;
		if (!is_common(&row->record))
			continue;
		if (before && has_same(before, row))
		{
			row->common = before->common;
			continue;
		}
		before = row;
		put_common_key(&key, row);
		entry = find_kept(&key, &found);
		if (entry == NULL)
			continue;
		if (!found)
		{
			entry->number = find_common(row);
			if (entry->number == 0)
				entry->number = store_common(row);
		}
		row->common = entry->number;
	}
	pfree(key.data);
}

void
cg_logcommon_forget(void)
{
	if (kept)
		MemoryContextReset(context);
	kept = NULL;
	next_number = 0;
	of_last_month = -1;
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
		!same_text(a->record.reason, b->record.reason) || a->record.ncolumns != b->record.ncolumns ||
		cg_logrow_month(a->record.read_at) != cg_logrow_month(b->record.read_at) ||
		cg_logcommon_login_is_actor(&a->context) != cg_logcommon_login_is_actor(&b->context))
		return false;
	for (int i = 0; a->record.columns != b->record.columns && i < a->record.ncolumns; i++)
		if (strcmp(a->record.columns[i], b->record.columns[i]) != 0)
			return false;
	return true;
}

/* No text has a zero byte, so different rows have different keys. */
static void
put_common_key(StringInfo key, const CgLogRow *row)
{
	const CgRecord *record = &row->record;
	const char *const texts[] = {record->relation, record->purpose, record->reason};
	TimestampTz month = cg_logrow_month(record->read_at);

	resetStringInfo(key);
	appendBinaryStringInfo(key, (char *) &month, sizeof(month));
	appendStringInfoChar(key, cg_logcommon_login_is_actor(&row->context) ? 1 : 0);
	for (int i = 0; i < lengthof(texts); i++)
	{
		appendStringInfoChar(key, texts[i] ? 1 : 0);
		if (texts[i])
			appendBinaryStringInfo(key, texts[i], strlen(texts[i]) + 1);
	}
	for (int i = 0; i < record->ncolumns; i++)
		appendBinaryStringInfo(key, record->columns[i], strlen(record->columns[i]) + 1);
}

/* NULL: another key has the same hash.  Such a record stands for itself. */
static Kept *
find_kept(const StringInfoData *key, bool *found)
{
	uint64		hash = DatumGetUInt64(hash_any_extended((unsigned char *) key->data, key->len, 0));
	Kept	   *entry;

	if (kept && hash_get_num_entries(kept) >= KEPT_MAX)
	{
		MemoryContextReset(context);
		kept = NULL;
	}
	if (kept == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(uint64), .entrysize = sizeof(Kept)};

		if (context == NULL)
			context = AllocSetContextCreate(TopMemoryContext, "contact_guard common values", ALLOCSET_DEFAULT_SIZES);
		ctl.hcxt = context;
		kept = hash_create("contact_guard common values", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	entry = hash_search(kept, &hash, HASH_ENTER, found);
	if (*found)
		return entry->length == key->len && memcmp(entry->key, key->data, key->len) == 0 ? entry : NULL;
	entry->length = key->len;
	entry->number = 0;
	entry->key = MemoryContextAlloc(context, key->len);
	memcpy(entry->key, key->data, key->len);
	return entry;
}

static Datum
columns_of(const CgRecord *record)
{
	Datum	   *names = palloc(sizeof(Datum) * record->ncolumns);

	for (int i = 0; i < record->ncolumns; i++)
		names[i] = CStringGetTextDatum(record->columns[i]);
	return PointerGetDatum(construct_array(names, record->ncolumns, TEXTOID, -1, false, TYPALIGN_INT));
}

/* 0: not found */
static int32
find_common(const CgLogRow *row)
{
	const CgRecord *record = &row->record;
	Oid			types[] = {TIMESTAMPTZOID, BOOLOID, TEXTOID, TEXTARRAYOID, TEXTOID, TEXTOID};
	Datum		values[lengthof(types)];
	int64		number = 0;

	values[0] = TimestampTzGetDatum(cg_logrow_month(record->read_at));
	values[1] = BoolGetDatum(cg_logcommon_login_is_actor(&row->context));
	values[2] = CStringGetTextDatum(record->relation);
	values[3] = columns_of(record);
	values[4] = CStringGetTextDatum(record->purpose ? quote_literal_cstr(record->purpose) : "NULL");
	values[5] = CStringGetTextDatum(record->reason ? quote_literal_cstr(record->reason) : "NULL");
	(void) cg_owncommand_select_int8("SELECT number::bigint FROM contact_guard.log_common WHERE month = $1 AND login_is_actor = $2 AND "
									 "relation = $3 AND columns = $4 AND count = 1 AND quote_nullable(purpose) = $5 AND "
									 "quote_nullable(reason) = $6 ORDER BY number LIMIT 1",
									 lengthof(types), types, values, &number);
	return (int32) number;
}

/*
 * Stores what the row shares.  0: the month has enough of them.  The numbers of this batch
 * are counted here, since a query may not see its rows yet.
 */
static int32
store_common(const CgLogRow *row)
{
	const CgRecord *record = &row->record;
	TimestampTz month = cg_logrow_month(record->read_at);
	Oid			types[] = {TIMESTAMPTZOID};
	Datum		values[Natts_log_common] = {TimestampTzGetDatum(month)};
	bool		nulls[Natts_log_common] = {false};

	if (next_number == 0)
		(void) cg_owncommand_select_int8("SELECT coalesce(max(number), 0)::bigint + 1 FROM contact_guard.log_common",
										 0, NULL, NULL, &next_number);
	if (of_last_month < 0 || last_month != month)
		(void) cg_owncommand_select_int8("SELECT count(*) FROM contact_guard.log_common WHERE month = $1",
										 1, types, values, &of_last_month);
	last_month = month;
	if (of_last_month >= MONTH_MAX || next_number > PG_INT32_MAX)
		return 0;
	values[Anum_log_common_number - 1] = Int32GetDatum((int32) next_number);
	values[Anum_log_common_month - 1] = TimestampTzGetDatum(month);
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
	cg_ownrows_insert(CG_OWN_LOG_COMMON, values, nulls);
	of_last_month++;
	return (int32) next_number++;
}
