/*
 * tiles.c
 *		Reads the Merkle tree's tiles from their tables, with an SQL snapshot; and the SQL
 *		functions that return them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "common/merkle.h"
#include "evidence/tiles.h"

PG_FUNCTION_INFO_V1(cg_tile);
PG_FUNCTION_INFO_V1(cg_inclusion_proof);
PG_FUNCTION_INFO_V1(cg_consistency_proof);

/* A query with its plan, which is kept because planning costs more than running it */
typedef struct Question
{
	const char *sql;
	int			nargs;
	Oid			types[2];
	SPIPlanPtr	plan;
} Question;

static bool ask(Question *question, Datum *values);
static bytea *stored_tile(int level, uint64 n);
static const uint8_t *fetch_tile(void *arg, int level, uint64_t n, int width);
static Datum proof_array(const uint8 *proof, int count);
static bytea *one_bytea(Question *question, Datum *values);

/* Runs a query.  False if it returns no row. */
static bool
ask(Question *question, Datum *values)
{
	if (question->plan == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare(question->sql, question->nargs, question->types);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare \"%s\"", question->sql);
		question->plan = plan;
	}
	if (SPI_execute_plan(question->plan, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not execute \"%s\"", question->sql);
	return SPI_processed == 1;
}

/* The bytea that a query returns; NULL if it returns no row. */
static bytea *
one_bytea(Question *question, Datum *values)
{
	bool		isnull;

	if (!ask(question, values))
		return NULL;
	return DatumGetByteaPP(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

uint64
cg_tiles_size(void)
{
	static Question question = {
		"SELECT coalesce((SELECT n + 1 FROM contact_guard.tile_full WHERE level = 0 ORDER BY n DESC LIMIT 1), 0) * 256 "
		"+ coalesce((SELECT octet_length(hashes) / 32 FROM contact_guard.tile_edge WHERE level = 0), 0)"
	};
	bool		isnull;

	if (!ask(&question, NULL))
		elog(ERROR, "could not read the size of the Merkle tree");
	return (uint64) DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

/* NULL if the tree has no such tile. */
static bytea *
stored_tile(int level, uint64 n)
{
	static Question full = {
		"SELECT hashes FROM contact_guard.tile_full WHERE level = $1 AND n = $2", 2, {INT2OID, INT8OID}
	};
	static Question edge = {
		"SELECT hashes FROM contact_guard.tile_edge WHERE level = $1", 1, {INT2OID}
	};
	Datum		values[2] = {Int16GetDatum(level), Int64GetDatum((int64) n)};
	bytea	   *tile = one_bytea(&full, values);

	if (tile == NULL && n == cg_tiles_size() >> (8 * level) >> 8)
		tile = one_bytea(&edge, values);
	return tile;
}

const uint8 *
cg_tiles_tile(int level, uint64 n, int width)
{
	bytea	   *tile = stored_tile(level, n);

	if (tile == NULL || VARSIZE_ANY_EXHDR(tile) < width * CG_HASH_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("tile " UINT64_FORMAT " of level %d has fewer than %d hashes", n, level, width)));
	return (const uint8 *) VARDATA_ANY(tile);
}

static const uint8_t *
fetch_tile(void *arg, int level, uint64_t n, int width)
{
	return cg_tiles_tile(level, n, width);
}

void
cg_tiles_root(uint64 size, uint8 *root)
{
	CgMerkleResult result = cg_merkle_root(cg_tiles_hasher(), size, fetch_tile, NULL, root);

	if (result != CG_MERKLE_OK)
		elog(ERROR, "could not compute the root of the access log: %s", cg_merkle_message(result));
}

static Datum
proof_array(const uint8 *proof, int count)
{
	Datum	   *hashes = palloc(sizeof(Datum) * (count + 1));

	for (int i = 0; i < count; i++)
	{
		bytea	   *hash = palloc(VARHDRSZ + CG_HASH_LENGTH);

		SET_VARSIZE(hash, VARHDRSZ + CG_HASH_LENGTH);
		memcpy(VARDATA(hash), proof + i * CG_HASH_LENGTH, CG_HASH_LENGTH);
		hashes[i] = PointerGetDatum(hash);
	}
	return PointerGetDatum(construct_array(hashes, count, BYTEAOID, -1, false, TYPALIGN_INT));
}

static void
check_size(int64 size)
{
	if (size < 0 || (uint64) size > cg_tiles_size())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the access log has never had a size of " INT64_FORMAT, size),
				 errdetail("It has " UINT64_FORMAT " records.", cg_tiles_size())));
}

/* Copies the result, which must outlive SPI's memory. */
static Datum
finish(MemoryContext caller, const uint8 *proof, int count)
{
	Datum		result;
	MemoryContext oldcontext = MemoryContextSwitchTo(caller);

	result = proof_array(proof, count);
	MemoryContextSwitchTo(oldcontext);
	SPI_finish();
	return result;
}

CgHasher *
cg_tiles_hasher(void)
{
	static CgHasher hasher;
	static bool opened = false;

	if (!opened && cg_hasher_open(&hasher) != CG_MERKLE_OK)
		elog(ERROR, "libcrypto has no SHA-256");
	opened = true;
	return &hasher;
}

Datum
cg_inclusion_proof(PG_FUNCTION_ARGS)
{
	int64		seq = PG_GETARG_INT64(0);
	int64		size = PG_GETARG_INT64(1);
	MemoryContext caller = CurrentMemoryContext;
	uint8		proof[CG_PROOF_LENGTH][CG_HASH_LENGTH];
	CgMerkleResult result;
	int			count = 0;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	check_size(size);
	if (seq < 0 || seq >= size)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a log of size " INT64_FORMAT " has no record " INT64_FORMAT, size, seq)));
	result = cg_merkle_prove_inclusion(cg_tiles_hasher(), seq, size, fetch_tile, NULL, proof, &count);
	if (result != CG_MERKLE_OK)
		elog(ERROR, "could not make the proof: %s", cg_merkle_message(result));
	PG_RETURN_DATUM(finish(caller, proof[0], count));
}

Datum
cg_consistency_proof(PG_FUNCTION_ARGS)
{
	int64		old = PG_GETARG_INT64(0);
	int64		new = PG_GETARG_INT64(1);
	MemoryContext caller = CurrentMemoryContext;
	uint8		proof[CG_PROOF_LENGTH][CG_HASH_LENGTH];
	CgMerkleResult result;
	int			count = 0;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	check_size(new);
	if (old < 0 || old > new)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("size " INT64_FORMAT " does not come before size " INT64_FORMAT, old, new)));
	result = cg_merkle_prove_consistency(cg_tiles_hasher(), old, new, fetch_tile, NULL, proof, &count);
	if (result != CG_MERKLE_OK)
		elog(ERROR, "could not make the proof: %s", cg_merkle_message(result));
	PG_RETURN_DATUM(finish(caller, proof[0], count));
}

/* NULL if there is no such tile. */
Datum
cg_tile(PG_FUNCTION_ARGS)
{
	int32		level = PG_GETARG_INT32(0);
	int64		n = PG_GETARG_INT64(1);
	MemoryContext caller = CurrentMemoryContext;
	bytea	   *tile = NULL;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (level >= 0 && level < CG_TREE_LEVELS && n >= 0)
		tile = stored_tile(level, n);
	if (tile)
	{
		MemoryContext oldcontext = MemoryContextSwitchTo(caller);

		tile = DatumGetByteaPCopy(PointerGetDatum(tile));
		MemoryContextSwitchTo(oldcontext);
	}
	SPI_finish();
	if (tile == NULL || VARSIZE_ANY_EXHDR(tile) == 0)
		PG_RETURN_NULL();
	PG_RETURN_BYTEA_P(tile);
}
