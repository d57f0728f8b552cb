/*
 * rebuild.c
 *		Hashes of rows that are stored, for a tree that is made anew.
 *
 * sync() and the first reads wait meanwhile, so the leaves are made here, and not by
 * contact_guard.leaf(), which takes a hundred times as long.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/owncommand.h"
#include "base/owntables.h"
#include "common/leaf.h"
#include "common/salt.h"
#include "evidence/rebuild.h"
#include "evidence/rowleaf.h"

#define ROWS_QUERY \
	"SELECT l.seq, l.leaf_version, l.event, l.read_at, l.customer, l.actor, " CG_LOG_LOGIN ", l.client, l.application, " \
	CG_LOG_VALUE("relation") ", " CG_LOG_VALUE("columns") ", " CG_LOG_VALUE("count") ", l.intervention, l.closed_at, " \
	CG_LOG_VALUE("purpose") ", " CG_LOG_VALUE("reason") ", l.session, l.statement, l.query_id, q.query, " \
	"l.customer_salt, l.actor_salt, l.customer_commitment, l.actor_commitment, " CG_LOG_VALUE("identity") ", l.technician, " \
	"l.opens_at, l.closes_at, l.previous_opens_at, l.previous_closes_at, l.execution_salt " \
	"FROM " CG_LOG_JOIN " LEFT JOIN contact_guard.query_text q ON q.query_id OPERATOR(pg_catalog.=) l.query_id " \
	"WHERE l.seq BETWEEN $1 AND $2"

enum
{
	SEQ,
	LEAF_VERSION,
	EVENT,
	READ_AT,
	CUSTOMER,
	ACTOR,
	LOGIN,
	CLIENT,
	APPLICATION,
	RELATION,
	COLUMNS,
	COUNT,
	INTERVENTION,
	CLOSED_AT,
	PURPOSE,
	REASON,
	SESSION,
	STATEMENT,
	QUERY_ID,
	QUERY,
	CUSTOMER_SALT,
	ACTOR_SALT,
	CUSTOMER_COMMITMENT,
	ACTOR_COMMITMENT,
	IDENTITY,
	TECHNICIAN,
	OPENS_AT,
	CLOSES_AT,
	PREVIOUS_OPENS_AT,
	PREVIOUS_CLOSES_AT,
	EXECUTION_SALT,
	NCOLUMNS
};

typedef struct Rebuilding
{
	CgHasher   *hasher;
	int64		first;
	int64		last;
	uint8	   *hashes;
	MemoryContext scratch;		/* reset after each row */
} Rebuilding;

/* The values of a row, and what their leaf points to */
typedef struct StoredRow
{
	Datum		values[NCOLUMNS];
	bool		nulls[NCOLUMNS];
	int64		numbers[NCOLUMNS];
	uint8		salts[3][CG_SALT_LENGTH];
	uint8		query_hash[CG_HASH_LENGTH];
} StoredRow;

static CgLeafText utf8_of(const char *data, size_t length);
static CgLeafText stored_text(const StoredRow *row, int column);
static const int64_t *stored_number(StoredRow *row, int column);
static const int64_t *stored_time(StoredRow *row, int column);
static const uint8_t *stored_bytes(const StoredRow *row, int column, size_t length);
static void take_columns(const StoredRow *row, CgLeaf *leaf);
static bool take_stored_salts(CgHasher *hasher, StoredRow *row, CgLeaf *leaf);
static bool take_statement(CgHasher *hasher, StoredRow *row, CgLeaf *leaf);
static bool make_leaf(CgHasher *hasher, StoredRow *row, CgLeaf *leaf);
static void hash_row(Rebuilding *rebuilding, StoredRow *row);
static void hash_stored(HeapTuple tuple, TupleDesc tupdesc, void *arg);

/* In a database of SQL_ASCII as it is stored */
static CgLeafText
utf8_of(const char *data, size_t length)
{
	char	   *converted;

	if (GetDatabaseEncoding() == PG_SQL_ASCII || GetDatabaseEncoding() == PG_UTF8)
		return (CgLeafText) {data, length};
	converted = pg_server_to_any(data, length, PG_UTF8);
	return (CgLeafText) {converted, converted == data ? length : strlen(converted)};
}

static CgLeafText
stored_text(const StoredRow *row, int column)
{
	text	   *stored;

	if (row->nulls[column])
		return (CgLeafText) {NULL, 0};
	stored = DatumGetTextPP(row->values[column]);
	return utf8_of(VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored));
}

static const int64_t *
stored_number(StoredRow *row, int column)
{
	if (row->nulls[column])
		return NULL;
	row->numbers[column] = DatumGetInt64(row->values[column]);
	return &row->numbers[column];
}

/* NULL, too, if the value has another length. */
static const int64_t *
stored_time(StoredRow *row, int column)
{
	if (stored_number(row, column) == NULL)
		return NULL;
	row->numbers[column] = cg_rowleaf_time(row->numbers[column]);
	return &row->numbers[column];
}

static const uint8_t *
stored_bytes(const StoredRow *row, int column, size_t length)
{
	bytea	   *stored;

	if (row->nulls[column])
		return NULL;
	stored = DatumGetByteaPP(row->values[column]);
	return VARSIZE_ANY_EXHDR(stored) == length ? (const uint8_t *) VARDATA_ANY(stored) : NULL;
}

static void
take_columns(const StoredRow *row, CgLeaf *leaf)
{
	Datum	   *names;
	bool	   *nulls;
	int			count;
	CgLeafText *columns;

	if (row->nulls[COLUMNS])
		return;
	deconstruct_array(DatumGetArrayTypeP(row->values[COLUMNS]), TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &count);
	columns = palloc0(sizeof(CgLeafText) * (count + 1));
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			columns[i] = utf8_of(VARDATA_ANY(DatumGetTextPP(names[i])), VARSIZE_ANY_EXHDR(DatumGetTextPP(names[i])));
	leaf->columns = columns;
	leaf->ncolumns = count;
}

/* A row stores one secret for all salts, or the salts. */
static bool
take_stored_salts(CgHasher *hasher, StoredRow *row, CgLeaf *leaf)
{
	const uint8_t *secret = stored_bytes(row, ACTOR_SALT, CG_SECRET_LENGTH);

	leaf->customer_salt = stored_bytes(row, CUSTOMER_SALT, CG_SALT_LENGTH);
	leaf->actor_salt = stored_bytes(row, ACTOR_SALT, CG_SALT_LENGTH);
	leaf->customer_commitment = stored_bytes(row, CUSTOMER_COMMITMENT, CG_HASH_LENGTH);
	leaf->actor_commitment = stored_bytes(row, ACTOR_COMMITMENT, CG_HASH_LENGTH);
	leaf->execution_salt = stored_bytes(row, EXECUTION_SALT, CG_SALT_LENGTH);
	if (secret == NULL)
		return true;
	leaf->customer_salt = row->salts[0];
	leaf->actor_salt = row->salts[1];
	leaf->execution_salt = row->salts[2];
	return cg_salt_derive(hasher, secret, CG_LEAF_CUSTOMER, row->salts[0]) == CG_MERKLE_OK &&
		cg_salt_derive(hasher, secret, CG_LEAF_ACTOR, row->salts[1]) == CG_MERKLE_OK &&
		cg_salt_derive(hasher, secret, CG_LEAF_EXECUTION, row->salts[2]) == CG_MERKLE_OK;
}

static bool
take_statement(CgHasher *hasher, StoredRow *row, CgLeaf *leaf)
{
	CgLeafText	query = stored_text(row, QUERY);

	if (query.data == NULL)
		return true;
	leaf->query_hash = row->query_hash;
	return cg_hasher_digest(hasher, query.data, query.length, NULL, 0, row->query_hash) == CG_MERKLE_OK;
}

/* False if libcrypto fails. */
static bool
make_leaf(CgHasher *hasher, StoredRow *row, CgLeaf *leaf)
{
	CgLeafText	event = stored_text(row, EVENT);

	leaf->version = DatumGetInt16(row->values[LEAF_VERSION]);
	leaf->event = event.data == NULL ? 0 : cg_event_number(event.data, event.length);
	leaf->seq = DatumGetInt64(row->values[SEQ]);
	leaf->read_at = cg_rowleaf_time(DatumGetTimestampTz(row->values[READ_AT]));
	leaf->relation = stored_text(row, RELATION);
	take_columns(row, leaf);
	leaf->count = stored_number(row, COUNT);
	leaf->intervention = stored_text(row, INTERVENTION);
	leaf->closed_at = stored_time(row, CLOSED_AT);
	leaf->purpose = stored_text(row, PURPOSE);
	leaf->reason = stored_text(row, REASON);
	leaf->session = stored_text(row, SESSION);
	leaf->statement = stored_number(row, STATEMENT);
	leaf->query_id = stored_number(row, QUERY_ID);
	leaf->customer = stored_text(row, CUSTOMER);
	leaf->actor = stored_text(row, ACTOR);
	leaf->login = stored_text(row, LOGIN);
	leaf->client = stored_text(row, CLIENT);
	leaf->application = stored_text(row, APPLICATION);
	leaf->identity = stored_text(row, IDENTITY);
	leaf->technician = stored_text(row, TECHNICIAN);
	leaf->opens_at = stored_time(row, OPENS_AT);
	leaf->closes_at = stored_time(row, CLOSES_AT);
	leaf->previous_opens_at = stored_time(row, PREVIOUS_OPENS_AT);
	leaf->previous_closes_at = stored_time(row, PREVIOUS_CLOSES_AT);
	return take_stored_salts(hasher, row, leaf) && take_statement(hasher, row, leaf);
}

static void
hash_row(Rebuilding *rebuilding, StoredRow *row)
{
	static uint8 buffer[CG_LEAF_LENGTH];
	int64		seq = DatumGetInt64(row->values[SEQ]);
	CgLeaf		leaf = {0};
	CgBytes		out;

	if (row->nulls[SEQ] || row->nulls[LEAF_VERSION] || row->nulls[READ_AT] || seq < rebuilding->first || seq > rebuilding->last)
		return;
	cg_bytes_init_fixed(&out, buffer, sizeof(buffer));
	if (!make_leaf(rebuilding->hasher, row, &leaf))
		elog(ERROR, "could not compute SHA-256");
	if (cg_leaf_encode(rebuilding->hasher, &leaf, &out) != CG_LEAF_OK)
		return;
	if (cg_hasher_leaf(rebuilding->hasher, buffer, out.length,
					   rebuilding->hashes + (seq - rebuilding->first) * CG_HASH_LENGTH) != CG_MERKLE_OK)
		elog(ERROR, "could not compute SHA-256");
}

static void
hash_stored(HeapTuple tuple, TupleDesc tupdesc, void *arg)
{
	Rebuilding *rebuilding = arg;
	MemoryContext oldcontext = MemoryContextSwitchTo(rebuilding->scratch);
	StoredRow	row;

	if (tupdesc->natts != NCOLUMNS)
		elog(ERROR, "a row of the log has %d columns", tupdesc->natts);
	heap_deform_tuple(tuple, tupdesc, row.values, row.nulls);
	hash_row(rebuilding, &row);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(rebuilding->scratch);
}

void
cg_rebuild_hashes(CgHasher *hasher, int64 first, int64 last, uint8 *hashes)
{
	Rebuilding	rebuilding = {hasher, first, last, hashes};
	Oid			types[2] = {INT8OID, INT8OID};
	Datum		values[2] = {Int64GetDatum(first), Int64GetDatum(last)};

	rebuilding.scratch = AllocSetContextCreate(CurrentMemoryContext, "contact_guard rebuilding", ALLOCSET_DEFAULT_SIZES);
	memset(hashes, 0, (last - first + 1) * CG_HASH_LENGTH);
	cg_owncommand_query(ROWS_QUERY, 2, types, values, hash_stored, &rebuilding);
	MemoryContextDelete(rebuilding.scratch);
}
