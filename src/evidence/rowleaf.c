/*
 * rowleaf.c
 *		Makes the leaf of a row that the recorder is about to store.
 */
#include "postgres.h"

#include "common/int.h"
#include "datatype/timestamp.h"
#include "mb/pg_wchar.h"

#include "evidence/rowleaf.h"
#include "journal/storable.h"

typedef struct LeafTimes
{
	int64		closed_at;
	int64		opens_at;
	int64		closes_at;
	int64		previous_opens_at;
	int64		previous_closes_at;
} LeafTimes;

static CgLeafText leaf_text(const char *text);

int64
cg_rowleaf_time(TimestampTz time)
{
	int64		result;

	if (TIMESTAMP_IS_NOBEGIN(time))
		return PG_INT64_MIN;
	/* PostgreSQL has times of the year 294276, which do not fit. */
	return pg_add_s64_overflow(time, (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY, &result) ? PG_INT64_MAX : result;
}

/* A text of the leaf: UTF-8, but in a database of SQL_ASCII as it is stored. */
static CgLeafText
leaf_text(const char *text)
{
	if (text && GetDatabaseEncoding() != PG_SQL_ASCII && !cg_storable_is_ascii(text, strlen(text)))
		text = pg_server_to_any(text, strlen(text), PG_UTF8);
	return (CgLeafText) {text, text ? strlen(text) : 0};
}

/*
 * A row that cannot be stored, or cannot become a leaf, would stop the recorder.  The
 * verifier computes the leaf from the stored row.  So the row is cleaned here, and not only
 * its leaf.
 */
static void
make_storable(CgRecordContext *context, CgRecord *record)
{
	record->relation = cg_storable_text(record->relation, CG_NAME_LENGTH);
	for (int i = 0; i < record->ncolumns; i++)
		record->columns[i] = cg_storable_text(record->columns[i], CG_NAME_LENGTH);
	record->customer = cg_storable_text(record->customer, CG_CUSTOMER_LENGTH);
	record->intervention = cg_storable_text(record->intervention, CG_NAME_LENGTH);
	record->purpose = cg_storable_text(record->purpose, CG_TEXT_LENGTH);
	record->reason = cg_storable_text(record->reason, CG_TEXT_LENGTH);
	record->technician = cg_storable_text(record->technician, CG_NAME_LENGTH);
	context->actor = cg_storable_text(context->actor, CG_NAME_LENGTH);
	context->login = cg_storable_text(context->login, CG_NAME_LENGTH);
	context->client = cg_storable_text(context->client, CG_NAME_LENGTH);
	context->application = cg_storable_text(context->application, CG_NAME_LENGTH);
	context->identity = cg_storable_text(context->identity, CG_NAME_LENGTH);
}

/* The times, of which the leaf points to those that there are. */
static void
set_windows(CgLeaf *leaf, const CgRecord *record, LeafTimes *times)
{
	if (record->closed_at != CG_NO_TIME)
	{
		times->closed_at = cg_rowleaf_time(record->closed_at);
		leaf->closed_at = &times->closed_at;
	}
	if (record->window.known)
	{
		times->opens_at = cg_rowleaf_time(record->window.opens_at);
		times->closes_at = cg_rowleaf_time(record->window.closes_at);
		leaf->opens_at = &times->opens_at;
		leaf->closes_at = &times->closes_at;
	}
	if (record->previous_window.known)
	{
		times->previous_opens_at = cg_rowleaf_time(record->previous_window.opens_at);
		times->previous_closes_at = cg_rowleaf_time(record->previous_window.closes_at);
		leaf->previous_opens_at = &times->previous_opens_at;
		leaf->previous_closes_at = &times->previous_closes_at;
	}
}

void
cg_rowleaf_hash(CgHasher *hasher, CgLogRow *row, const uint8 *query_hash, uint8 *hash)
{
	static uint8 buffer[CG_LEAF_LENGTH];
	CgRecord   *record = &row->record;
	CgRecordContext *context = &row->context;
	CgLeafText	columns[CG_COLUMNS_MAX];
	LeafTimes	times;
	CgLeaf		leaf = {0};
	CgBytes		out;
	CgLeafResult result;

	make_storable(context, record);
	leaf.version = row->leaf_version;
	leaf.event = record->event;
	leaf.seq = row->seq;
	leaf.read_at = cg_rowleaf_time(record->read_at);
	leaf.relation = leaf_text(record->relation);
	for (int i = 0; i < record->ncolumns; i++)
		columns[i] = leaf_text(record->columns[i]);
	leaf.columns = record->ncolumns > 0 ? columns : NULL;
	leaf.ncolumns = record->ncolumns;
	leaf.count = &record->count;
	leaf.intervention = leaf_text(record->intervention);
	set_windows(&leaf, record, &times);
	leaf.purpose = leaf_text(record->purpose);
	leaf.reason = leaf_text(record->reason);
	leaf.session = leaf_text(row->session);
	leaf.statement = context->statement == 0 ? NULL : &context->statement;
	leaf.query_id = context->query_id == 0 ? NULL : &context->query_id;
	leaf.query_hash = query_hash;
	leaf.customer = leaf_text(record->customer);
	leaf.customer_salt = row->customer_salt;
	leaf.actor = leaf_text(context->actor);
	leaf.login = leaf_text(context->login);
	leaf.client = leaf_text(context->client);
	leaf.application = leaf_text(context->application);
	leaf.identity = leaf_text(context->identity);
	leaf.technician = leaf_text(record->technician);
	leaf.actor_salt = row->actor_salt;
	leaf.execution_salt = row->execution_salt;
	cg_bytes_init_fixed(&out, buffer, sizeof(buffer));
	result = cg_leaf_encode(hasher, &leaf, &out);
	if (result != CG_LEAF_OK)
		ereport(ERROR,
				(errcode(result == CG_LEAF_TOO_LONG ? ERRCODE_PROGRAM_LIMIT_EXCEEDED : ERRCODE_INTERNAL_ERROR),
				 errmsg("could not make a leaf of a record: %s", cg_leaf_message(result))));
	if (cg_hasher_leaf(hasher, buffer, out.length, hash) != CG_MERKLE_OK)
		elog(ERROR, "could not compute SHA-256");
}
