/*
 * treelog.c
 *		Appends rows of the log to the Merkle tree, in the recorder.
 *
 * The edge of the tree is the hashes that no full tile contains yet.  Between batches it is
 * kept in memory.  It is also in a table, with one row for each level.  A batch changes the
 * row of the lowest level; after each 256 leaves it also changes the next one.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/owncommand.h"
#include "base/ownrows.h"
#include "common/merkle.h"
#include "evidence/logrow.h"
#include "evidence/rebuild.h"
#include "evidence/rowleaf.h"
#include "evidence/treelog.h"
#include "journal/storable.h"

#define QUERIES_MAX 10000
/* Rows that are hashed at a time when the tree is rebuilt */
#define REBUILT_ROWS (64 * CG_TILE_WIDTH)

typedef struct QueryHash
{
	int64		id;				/* key */
	uint8		hash[CG_HASH_LENGTH];
	TimestampTz month;			/* the last month in which it was used; 0: not known */
} QueryHash;

static CgTree *tree = NULL;
static CgHasher hasher;
static HTAB *queries = NULL;

static Datum bytes(const uint8 *data, size_t length);
static void rebuild(int64 log_size);
static const uint8_t *fetch_edge(void *arg, int level, uint64_t n, int width);
static bool store_tile(void *arg, int level, uint64_t n, const uint8_t *hashes);
static void store_edges(uint64 before);
static QueryHash *enter_query(int64 query_id, bool *found);
static void take_salts(CgLogRow *row);
static bool hash_text(const char *query_text, uint8 *hash);
static QueryHash *find_query(int64 query_id);
static const uint8 *use_query(CgLogRow *row);

static Datum
bytes(const uint8 *data, size_t length)
{
	bytea	   *value = palloc(VARHDRSZ + length);

	SET_VARSIZE(value, VARHDRSZ + length);
	memcpy(VARDATA(value), data, length);
	return PointerGetDatum(value);
}

void
cg_treelog_load(int64 log_size)
{
	CgMerkleResult result = CG_MERKLE_OK;

	if (tree == NULL)
	{
		tree = MemoryContextAlloc(TopMemoryContext, sizeof(CgTree));
		result = cg_hasher_open(&hasher);
	}
	if (result == CG_MERKLE_OK)
		result = cg_tree_resume(tree, &hasher, log_size, fetch_edge, NULL);
	if (result == CG_MERKLE_OK)
		return;
	ereport(WARNING,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("contact_guard rebuilds the Merkle tree of " INT64_FORMAT " records: %s",
					log_size, cg_merkle_message(result)),
			 errhint("If the new tree differs from the old one, no checkpoint will be signed: see contact_guard.status().")));
	rebuild(log_size);
}

/*
 * Rebuilds the tree from the rows, for example after pg_resetwal.  Without a tree the
 * recorder could not begin, and at last no reader could read.  A missing row becomes a hash
 * of zeros, which fits no row.
 */
static void
rebuild(int64 log_size)
{
	uint8	   *hashes = palloc(REBUILT_ROWS * CG_HASH_LENGTH);

	cg_owncommand_truncate("tile_full");
	cg_owncommand_truncate("tile_edge");
	cg_tree_init(tree, &hasher);
	for (int64 first = 0; first < log_size; first += REBUILT_ROWS)
	{
		int64		count = Min(REBUILT_ROWS, log_size - first);

		CHECK_FOR_INTERRUPTS();
		cg_rebuild_hashes(&hasher, first, first + count - 1, hashes);
		if (cg_tree_append(tree, hashes, count, store_tile, NULL) != CG_MERKLE_OK)
			elog(ERROR, "could not append to the Merkle tree");
	}
	pfree(hashes);
	if (log_size > 0)
		store_edges(0);
}

/* The stored edge must have exactly this width; otherwise it belongs to another tree. */
static const uint8_t *
fetch_edge(void *arg, int level, uint64_t n, int width)
{
	Oid			types[1] = {INT2OID};
	Datum		values[1] = {Int16GetDatum(level)};
	Datum		stored;
	bytea	   *hashes;

	if (!cg_owncommand_select("SELECT hashes FROM contact_guard.tile_edge WHERE level = $1",
							 1, types, values, BYTEAOID, &stored))
		return NULL;
	hashes = DatumGetByteaPP(stored);
	return VARSIZE_ANY_EXHDR(hashes) == width * CG_HASH_LENGTH ? (const uint8_t *) VARDATA_ANY(hashes) : NULL;
}

uint64
cg_treelog_size(void)
{
	return tree ? tree->size : 0;
}

static bool
store_tile(void *arg, int level, uint64_t n, const uint8_t *hashes)
{
	Datum		values[Natts_tile_full];
	bool		nulls[Natts_tile_full] = {false};

	values[Anum_tile_full_level - 1] = Int16GetDatum(level);
	values[Anum_tile_full_n - 1] = Int64GetDatum((int64) n);
	values[Anum_tile_full_hashes - 1] = bytes(hashes, CG_TILE_LENGTH);
	cg_ownrows_insert(CG_OWN_TILE_FULL, values, nulls);
	return true;
}

/* Stores the edges of the levels that have changed since the tree had "before" leaves. */
static void
store_edges(uint64 before)
{
	for (int level = 0; level < CG_TREE_LEVELS; level++)
	{
		int			shift = 8 * level;
		Oid			types[2] = {INT2OID, BYTEAOID};
		Datum		values[2];

		if (before >> shift == tree->size >> shift)
			break;
		values[0] = Int16GetDatum(level);
		values[1] = bytes(tree->edge[level], cg_tree_edge_width(tree->size, level) * CG_HASH_LENGTH);
		(void) cg_owncommand_execute("INSERT INTO contact_guard.tile_edge (level, hashes) VALUES ($1, $2) "
									"ON CONFLICT (level) DO UPDATE SET hashes = excluded.hashes",
									2, types, values, NULL);
	}
}

static QueryHash *
enter_query(int64 query_id, bool *found)
{
	if (queries && hash_get_num_entries(queries) >= QUERIES_MAX)
	{
		hash_destroy(queries);
		queries = NULL;
	}
	if (queries == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(int64), .entrysize = sizeof(QueryHash)};

		queries = hash_create("contact_guard query hashes", 256, &ctl, HASH_ELEM | HASH_BLOBS);
	}
	return hash_search(queries, &query_id, HASH_ENTER, found);
}

/* The hash of a text, in the form that the text has in a leaf. */
static bool
hash_text(const char *query_text, uint8 *hash)
{
	if (GetDatabaseEncoding() != PG_SQL_ASCII && !cg_storable_is_ascii(query_text, strlen(query_text)))
		query_text = pg_server_to_any(query_text, strlen(query_text), PG_UTF8);
	return cg_hasher_digest(&hasher, query_text, strlen(query_text), NULL, 0, hash) == CG_MERKLE_OK;
}

void
cg_treelog_take_query(int64 query_id, const char *text)
{
	bool		found;
	QueryHash  *query;

	/* The table keeps the first text under an id. */
	if (find_query(query_id))
		return;
	query = enter_query(query_id, &found);
	/* store_queries() stores the text with this month. */
	query->month = cg_logrow_month(GetCurrentTimestamp());
	if (!hash_text(text, query->hash))
	{
		(void) hash_search(queries, &query_id, HASH_REMOVE, NULL);
		elog(ERROR, "could not compute SHA-256");
	}
}

/* The hash of the text in contact_guard.query_text, or in this batch; or NULL. */
static QueryHash *
find_query(int64 query_id)
{
	Oid			types[1] = {INT8OID};
	Datum		values[1] = {Int64GetDatum(query_id)};
	Datum		stored;
	uint8		hash[CG_HASH_LENGTH];
	bool		found;
	QueryHash  *query;

	query = queries ? hash_search(queries, &query_id, HASH_FIND, NULL) : NULL;
	if (query)
		return query;
	if (!cg_owncommand_select("SELECT query FROM contact_guard.query_text WHERE query_id = $1",
							 1, types, values, TEXTOID, &stored))
		return NULL;
	if (!hash_text(TextDatumGetCString(stored), hash))
		elog(ERROR, "could not compute SHA-256");
	query = enter_query(query_id, &found);
	memcpy(query->hash, hash, sizeof(hash));
	query->month = 0;
	return query;
}

/*
 * Notes for purge() that a record of this time needs the text.
 *
 * If the text is missing (because of a purge, or of a message that could not be stored),
 * the row is stored without the id.  Otherwise the text could come under this id later, and
 * the leaf, which is made now, would not have its hash.
 */
static const uint8 *
use_query(CgLogRow *row)
{
	int64		query_id = row->context.query_id;
	QueryHash  *query = query_id == 0 ? NULL : find_query(query_id);
	TimestampTz month = cg_logrow_month(row->record.read_at);

	if (query == NULL)
	{
		row->context.query_id = 0;
		return NULL;
	}
	if (query->month < month)
	{
		Oid			types[2] = {INT8OID, TIMESTAMPTZOID};
		Datum		values[2] = {Int64GetDatum(query_id), TimestampTzGetDatum(month)};

		(void) cg_owncommand_execute("UPDATE contact_guard.query_text SET used_in = $2 "
									"WHERE query_id = $1 AND (used_in IS NULL OR used_in < $2)",
									2, types, values, NULL);
		query->month = month;
	}
	return query->hash;
}

void
cg_treelog_forget_queries(void)
{
	if (queries)
		hash_destroy(queries);
	queries = NULL;
}

/* Secrets are generated by the hundred: a call for each would cost more than the hashes. */
static void
take_salts(CgLogRow *row)
{
	static uint8 secrets[256 * CG_SECRET_LENGTH];
	static int	left = 0;

	if (left == 0)
	{
		if (!pg_strong_random(secrets, sizeof(secrets)))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("could not generate random salts")));
		left = lengthof(secrets) / CG_SECRET_LENGTH;
	}
	left--;
	memcpy(row->secret, secrets + left * CG_SECRET_LENGTH, CG_SECRET_LENGTH);
	if (cg_salt_derive(&hasher, row->secret, CG_LEAF_CUSTOMER, row->customer_salt) != CG_MERKLE_OK ||
		cg_salt_derive(&hasher, row->secret, CG_LEAF_ACTOR, row->actor_salt) != CG_MERKLE_OK ||
		cg_salt_derive(&hasher, row->secret, CG_LEAF_EXECUTION, row->execution_salt) != CG_MERKLE_OK)
		elog(ERROR, "could not compute SHA-256");
}

void
cg_treelog_append(List *rows)
{
	uint64		before = tree->size;
	ListCell   *lc;

	foreach(lc, rows)
	{
		CgLogRow   *row = lfirst(lc);
		uint8		hash[CG_HASH_LENGTH];
		const uint8 *query_hash;
		CgMerkleResult result;

		if (row->seq != (int64) tree->size)
			elog(ERROR, "record " INT64_FORMAT " would be leaf " UINT64_FORMAT, row->seq, tree->size);
		row->leaf_version = CG_ROWLEAF_VERSION;
		take_salts(row);
		query_hash = use_query(row);
		cg_rowleaf_hash(&hasher, row, query_hash, hash);
		result = cg_tree_append(tree, hash, 1, store_tile, NULL);
		if (result != CG_MERKLE_OK)
			elog(ERROR, "could not append to the Merkle tree: %s", cg_merkle_message(result));
	}
	store_edges(before);
}
