/*
 * rows.c
 *		The log, row by row: contact_guard.evidence_stream() through COPY in binary.
 *
 * It sends rows by the tile.  A row is read where libpq has put it, and the leaf
 * points into it.
 */
#include "client.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS 23
#define SIGNATURE "PGCOPY\n\377\r\n\0"
#define SIGNATURE_LENGTH 11

/* From 2000-01-01, where PostgreSQL begins, to 1970-01-01, in microseconds. */
#define EPOCH_OFFSET UINT64_C(946684800000000)

/* Statements come back again and again, with every row: their hashes are kept. */
#define QUERIES 256

typedef struct Query
{
	char	   *text;
	size_t		length;
	uint8_t		hash[CG_HASH_LENGTH];
} Query;

struct Rows
{
	PGconn	   *conn;
	bool		answered;		/* the query was accepted */
	bool		begun;			/* the header was read */
	char	   *data;			/* the rows that came together, libpq's */
	Cursor		batch;			/* the rest of these */
	CgLeafText *columns;
	int			room;
	int64_t		integers[4];	/* what the leaf's pointers point to */
};

static Query queries[QUERIES];

static bool next_data(Rows *rows, Cursor *cursor);
static bool next_batch(Rows *rows);
static void end_rows(Rows *rows);
static void read_row(Rows *rows, Cursor *cursor, CgLeaf *leaf);
static const int64_t *take_int8(Cursor *cursor, int64_t *place);
static const int64_t *take_time(Cursor *cursor, int64_t *place);
static const uint8_t *take_bytes(Cursor *cursor, size_t length);
static const uint8_t *hash_query(CgLeafText text, int64_t id);

Rows *
rows_begin(PGconn *conn, int64_t first, int64_t last)
{
	Rows	   *rows = allocate(sizeof(Rows));
	char		sql[160];

	memset(rows, 0, sizeof(Rows));
	rows->conn = conn;
	sprintf(sql, "COPY (SELECT contact_guard.evidence_stream(%lld, %lld)) TO STDOUT (FORMAT binary)",
			(long long) first, (long long) last);
	if (!PQsendQuery(conn, sql))
		fail(EXIT_UNCHECKED, "%s", PQerrorMessage(conn));
	return rows;
}

bool
rows_next(Rows *rows, CgLeaf *leaf)
{
	if (!rows->answered)
	{
		PGresult   *result = PQgetResult(rows->conn);

		server_require(rows->conn, result, PGRES_COPY_OUT);
		PQclear(result);
		rows->answered = true;
	}
	while (rows->batch.at == rows->batch.end)
	{
		if (!next_batch(rows))
		{
			end_rows(rows);
			return false;
		}
	}
	memset(leaf, 0, sizeof(CgLeaf));
	read_row(rows, &rows->batch, leaf);
	if (rows->batch.bad)
		fail(EXIT_UNCHECKED, "the server sent a row that makes no sense: it may be of another version");
	return true;
}

/* False at the end. */
static bool
next_data(Rows *rows, Cursor *cursor)
{
	int			length;

	PQfreemem(rows->data);
	rows->data = NULL;
	length = PQgetCopyData(rows->conn, &rows->data, 0);
	if (length < -1)
		fail(EXIT_UNCHECKED, "%s", PQerrorMessage(rows->conn));
	if (length == -1)
		return false;
	*cursor = (Cursor) {(uint8_t *) rows->data, (uint8_t *) rows->data + length, false};
	return true;
}

/* Rows that come together are one value to COPY; false at the trailer. */
static bool
next_batch(Rows *rows)
{
	Cursor		cursor;
	CgLeafText	batch;
	int			columns;

	if (!next_data(rows, &cursor))
		return false;
	/* The header comes along with the first value, or with the trailer. */
	if (!rows->begun)
	{
		const uint8_t *signature = take(&cursor, SIGNATURE_LENGTH);

		if (signature == NULL || memcmp(signature, SIGNATURE, SIGNATURE_LENGTH) != 0)
			fail(EXIT_UNCHECKED, "the server did not send rows in binary");
		take_int32(&cursor);
		take(&cursor, (size_t) take_int32(&cursor));
		rows->begun = true;
		if (!cursor.bad && cursor.at == cursor.end && !next_data(rows, &cursor))
			return false;
	}
	columns = take_int16(&cursor);
	if (columns == -1)
	{
		if (next_data(rows, &cursor))
			fail(EXIT_UNCHECKED, "the server sent something behind the rows");
		return false;
	}
	batch = take_value(&cursor);
	if (columns != 1 || batch.length == 0 || cursor.bad || cursor.at != cursor.end)
		fail(EXIT_UNCHECKED, "the server sent rows that make no sense");
	rows->batch = (Cursor) {(const uint8_t *) batch.data, (const uint8_t *) batch.data + batch.length, false};
	return true;
}

static void
end_rows(Rows *rows)
{
	PGresult   *result;

	while ((result = PQgetResult(rows->conn)) != NULL)
	{
		server_require(rows->conn, result, PGRES_COMMAND_OK);
		PQclear(result);
	}
	PQfreemem(rows->data);
	free(rows->columns);
	free(rows);
}

/* The columns of contact_guard.evidence_row, in order. */
static void
read_row(Rows *rows, Cursor *cursor, CgLeaf *leaf)
{
	int64_t		seq = 0;
	int64_t		read_at = 0;
	CgLeafText	event;
	CgLeafText	columns;
	CgLeafText	query;

	if (take_int16(cursor) != COLUMNS)
		cursor->bad = true;
	if (take_int8(cursor, &seq) == NULL)
		cursor->bad = true;
	leaf->seq = seq;
	event = take_value(cursor);
	leaf->event = event.data == NULL ? 0 : cg_leaf_event(event.data, event.length);
	if (take_time(cursor, &read_at) == NULL)
		cursor->bad = true;
	leaf->read_at = read_at;
	leaf->actor = take_value(cursor);
	leaf->login = take_value(cursor);
	leaf->relation = take_value(cursor);
	columns = take_value(cursor);
	if (columns.data != NULL)
	{
		Cursor		array = {(const uint8_t *) columns.data,
		(const uint8_t *) columns.data + columns.length, false};
		static const CgLeafText none;

		leaf->ncolumns = take_array(&array, &rows->columns, &rows->room);
		leaf->columns = leaf->ncolumns > 0 ? rows->columns : &none;
		cursor->bad = cursor->bad || array.bad;
	}
	leaf->customer = take_value(cursor);
	leaf->count = take_int8(cursor, &rows->integers[0]);
	leaf->intervention = take_value(cursor);
	leaf->closed_at = take_time(cursor, &rows->integers[1]);
	leaf->purpose = take_value(cursor);
	leaf->reason = take_value(cursor);
	leaf->client = take_value(cursor);
	leaf->application = take_value(cursor);
	leaf->session = take_value(cursor);
	leaf->statement = take_int8(cursor, &rows->integers[2]);
	leaf->query_id = take_int8(cursor, &rows->integers[3]);
	query = take_value(cursor);
	if (query.data != NULL)
		leaf->query_hash = hash_query(query, leaf->query_id == NULL ? 0 : *leaf->query_id);
	leaf->customer_salt = take_bytes(cursor, CG_SALT_LENGTH);
	leaf->actor_salt = take_bytes(cursor, CG_SALT_LENGTH);
	leaf->customer_commitment = take_bytes(cursor, CG_HASH_LENGTH);
	leaf->actor_commitment = take_bytes(cursor, CG_HASH_LENGTH);
}

/* A bigint; NULL if it is NULL. */
static const int64_t *
take_int8(Cursor *cursor, int64_t *place)
{
	const uint8_t *data = take_bytes(cursor, 8);

	if (data == NULL)
		return NULL;
	*place = (int64_t) cg_bytes_get_uint64(data);
	return place;
}

static const int64_t *
take_time(Cursor *cursor, int64_t *place)
{
	if (take_int8(cursor, place) == NULL)
		return NULL;
	/* Unsigned: infinity wraps around, and is no time that a leaf was made of. */
	*place = (int64_t) ((uint64_t) *place + EPOCH_OFFSET);
	return place;
}

/* A value of that length; NULL if it is NULL. */
static const uint8_t *
take_bytes(Cursor *cursor, size_t length)
{
	CgLeafText	value = take_value(cursor);

	if (value.data != NULL && value.length != length)
		cursor->bad = true;
	return (const uint8_t *) value.data;
}

static const uint8_t *
hash_query(CgLeafText text, int64_t id)
{
	Query	   *query = &queries[(uint64_t) id % QUERIES];

	if (query->text == NULL || query->length != text.length ||
		memcmp(query->text, text.data, text.length) != 0)
	{
		query->text = reallocate(query->text, text.length);
		query->length = text.length;
		memcpy(query->text, text.data, text.length);
		if (cg_hasher_digest(&hasher, text.data, text.length, NULL, 0, query->hash) != CG_MERKLE_OK)
			fail(EXIT_UNCHECKED, "SHA-256 failed");
	}
	return query->hash;
}
