/*
 * rows.c
 *		Reads the log row by row: contact_guard.evidence_stream() through binary COPY.
 *
 * A row is read in libpq's memory, and the leaf points into it.  The stream begins with the
 * names of its columns (src/evidence/evidencestream.c has its format).  Unknown columns are
 * skipped; the row's version says whether its leaf needs them.
 */
#include "client.h"

#include <stdlib.h>
#include <string.h>

#define FORMAT 2				/* the version of the stream's format */
#define NO_ROW (-1)				/* in place of the number of columns: this is the header */
#define MOST_COLUMNS 1000
#define SIGNATURE "PGCOPY\n\377\r\n\0"
#define SIGNATURE_LENGTH 11

/* Each row has its statement's text, and few texts differ: so many hashes are kept. */
#define QUERIES 256

/* The columns of a leaf: first those of version 1.0's servers, in their order, then others */
typedef enum Column
{
	COLUMN_SEQ, COLUMN_EVENT, COLUMN_READ_AT, COLUMN_ACTOR, COLUMN_LOGIN, COLUMN_RELATION,
	COLUMN_COLUMNS, COLUMN_CUSTOMER, COLUMN_COUNT, COLUMN_INTERVENTION, COLUMN_CLOSED_AT,
	COLUMN_PURPOSE, COLUMN_REASON, COLUMN_CLIENT, COLUMN_APPLICATION, COLUMN_SESSION,
	COLUMN_STATEMENT, COLUMN_QUERY_ID, COLUMN_QUERY, COLUMN_CUSTOMER_SALT, COLUMN_ACTOR_SALT,
	COLUMN_CUSTOMER_COMMITMENT, COLUMN_ACTOR_COMMITMENT,
	COLUMNS_1_0,
	COLUMN_LEAF_VERSION = COLUMNS_1_0,
	COLUMN_IDENTITY, COLUMN_TECHNICIAN, COLUMN_OPENS_AT, COLUMN_CLOSES_AT,
	COLUMN_PREVIOUS_OPENS_AT, COLUMN_PREVIOUS_CLOSES_AT, COLUMN_EXECUTION_SALT,
	COLUMNS,
	COLUMN_UNKNOWN = COLUMNS
} Column;

static const char *const column_names[COLUMNS] = {
	"seq", "event", "read_at", "actor", "login", "relation", "columns", "customer", "count",
	"intervention", "closed_at", "purpose", "reason", "client", "application", "session",
	"statement", "query_id", "query", "customer_salt", "actor_salt", "customer_commitment",
	"actor_commitment", "leaf_version", "identity", "technician", "opens_at", "closes_at",
	"previous_opens_at", "previous_closes_at", "execution_salt"
};

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
	char	   *data;			/* one value of the stream, in libpq's memory */
	Cursor		batch;			/* the unread rest of it */
	bool		named;			/* the columns are known */
	int			ncolumns;		/* the number of columns of a row */
	Column		order[MOST_COLUMNS];
	CgLeafText *columns;
	int			room;
	int64_t		integers[8];	/* the leaf's pointers point here */
	CgLeafText	query;			/* the text of the row's statement */
};

static Query queries[QUERIES];

static bool next_data(Rows *rows, Cursor *cursor);
static bool next_batch(Rows *rows);
static void end_rows(Rows *rows);
static void read_header(Rows *rows, Cursor *cursor);
static void read_row(Rows *rows, Cursor *cursor, CgLeaf *leaf);
static void read_column(Rows *rows, Column column, CgLeafText value, CgLeaf *leaf);
static void read_names(Rows *rows, CgLeafText value, CgLeaf *leaf);
static const int64_t *get_int8(Rows *rows, CgLeafText value, int64_t *place);
static const int64_t *get_time(Rows *rows, CgLeafText value, int64_t *place);
static const uint8_t *get_bytes(Rows *rows, CgLeafText value, size_t length);
static const uint8_t *hash_query(CgLeafText text, int64_t id);

Rows *
rows_begin(PGconn *conn, int64_t first, int64_t last)
{
	Rows	   *rows = allocate(sizeof(Rows));
	char		sql[160];

	memset(rows, 0, sizeof(Rows));
	rows->conn = conn;
	/* Quoted, since the least number is not a bigint without quotes. */
	sprintf(sql, "COPY (SELECT contact_guard.evidence_stream('%lld', '%lld')) TO STDOUT (FORMAT binary)",
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
		PGresult   *result = server_result(rows->conn);

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
		if (!rows->named)
			read_header(rows, &rows->batch);
	}
	memset(leaf, 0, sizeof(CgLeaf));
	read_row(rows, &rows->batch, leaf);
	if (rows->batch.bad)
		fail(EXIT_UNCHECKED, "the server sent a row that makes no sense: it may be of another version");
	return true;
}

CgLeafText
rows_query(const Rows *rows)
{
	return rows->query;
}

/* Gets the next piece of COPY's data; false at the end. */
static bool
next_data(Rows *rows, Cursor *cursor)
{
	int			length;

	PQfreemem(rows->data);
	rows->data = NULL;
	length = server_copy_data(rows->conn, &rows->data);
	if (length < -1)
		fail(EXIT_UNCHECKED, "%s", PQerrorMessage(rows->conn));
	if (length == -1)
		return false;
	*cursor = cursor_of(rows->data, (size_t) length);
	return true;
}

/* Gets the next value of the stream, which has several rows; false at COPY's trailer. */
static bool
next_batch(Rows *rows)
{
	Cursor		cursor;
	CgLeafText	batch;
	int			columns;

	if (!next_data(rows, &cursor))
		return false;
	/* COPY's header comes together with the first value, or with the trailer. */
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
	rows->batch = cursor_of(batch.data, batch.length);
	return true;
}

static void
end_rows(Rows *rows)
{
	PGresult   *result = server_result(rows->conn);

	server_require(rows->conn, result, PGRES_COMMAND_OK);
	PQclear(result);
	if (server_result(rows->conn) != NULL)
		fail(EXIT_UNCHECKED, "the server sent something behind the rows");
	PQfreemem(rows->data);
	free(rows->columns);
	free(rows);
}

/* Finds the order of the columns.  A server of version 1.0 sends no header. */
static void
read_header(Rows *rows, Cursor *cursor)
{
	const uint8_t *start = cursor->at;
	bool		there[COLUMNS + 1] = {false};
	int			format;

	rows->named = true;
	if (take_int16(cursor) != NO_ROW)
	{
		cursor->at = start;
		cursor->bad = false;
		rows->ncolumns = COLUMNS_1_0;
		for (int i = 0; i < COLUMNS_1_0; i++)
			rows->order[i] = (Column) i;
		return;
	}
	format = (uint16_t) take_int16(cursor);
	if (!cursor->bad && format != FORMAT)
		fail(EXIT_UNCHECKED, "the server sends rows in format %d, and this contact-guard (version %s) reads format %d: a newer one may read them",
			 format, CG_VERSION, FORMAT);
	rows->ncolumns = take_int16(cursor);
	if (cursor->bad || rows->ncolumns < 0 || rows->ncolumns > MOST_COLUMNS)
		fail(EXIT_UNCHECKED, "the server sent a header that makes no sense");
	for (int i = 0; i < rows->ncolumns; i++)
	{
		CgLeafText	name = take_value(cursor);
		int			column = 0;

		while (column < COLUMNS && (name.data == NULL || strlen(column_names[column]) != name.length ||
									memcmp(column_names[column], name.data, name.length) != 0))
			column++;
		if (column < COLUMNS && there[column])
			cursor->bad = true;
		there[column] = true;
		rows->order[i] = (Column) column;
	}
	for (int i = 0; i < COLUMNS; i++)
		cursor->bad = cursor->bad || !there[i];
	if (cursor->bad)
		fail(EXIT_UNCHECKED, "the server does not send the columns that this contact-guard (version %s) needs", CG_VERSION);
}

static void
read_row(Rows *rows, Cursor *cursor, CgLeaf *leaf)
{
	rows->query = (CgLeafText) {NULL, 0};
	leaf->version = CG_LEAF_FIRST_VERSION;
	if (take_int16(cursor) != rows->ncolumns)
		cursor->bad = true;
	for (int i = 0; i < rows->ncolumns && !cursor->bad; i++)
	{
		CgLeafText	value = take_value(cursor);

		if (rows->order[i] == COLUMN_QUERY)
			rows->query = value;
		else if (!cursor->bad)
			read_column(rows, rows->order[i], value, leaf);
	}
	/* The hash is kept under the query_id, which may stand behind the text in the row. */
	if (rows->query.data != NULL)
		leaf->query_hash = hash_query(rows->query, leaf->query_id == NULL ? 0 : *leaf->query_id);
}

static void
read_column(Rows *rows, Column column, CgLeafText value, CgLeaf *leaf)
{
	const uint8_t *version;

	switch (column)
	{
		case COLUMN_SEQ:
			if (get_int8(rows, value, &leaf->seq) == NULL)
				rows->batch.bad = true;
			break;
		case COLUMN_EVENT:
			leaf->event = value.data == NULL ? 0 : cg_event_number(value.data, value.length);
			break;
		case COLUMN_READ_AT:
			if (get_time(rows, value, &leaf->read_at) == NULL)
				rows->batch.bad = true;
			break;
		case COLUMN_ACTOR:
			leaf->actor = value;
			break;
		case COLUMN_LOGIN:
			leaf->login = value;
			break;
		case COLUMN_RELATION:
			leaf->relation = value;
			break;
		case COLUMN_COLUMNS:
			read_names(rows, value, leaf);
			break;
		case COLUMN_CUSTOMER:
			leaf->customer = value;
			break;
		case COLUMN_COUNT:
			leaf->count = get_int8(rows, value, &rows->integers[0]);
			break;
		case COLUMN_INTERVENTION:
			leaf->intervention = value;
			break;
		case COLUMN_CLOSED_AT:
			leaf->closed_at = get_time(rows, value, &rows->integers[1]);
			break;
		case COLUMN_PURPOSE:
			leaf->purpose = value;
			break;
		case COLUMN_REASON:
			leaf->reason = value;
			break;
		case COLUMN_CLIENT:
			leaf->client = value;
			break;
		case COLUMN_APPLICATION:
			leaf->application = value;
			break;
		case COLUMN_SESSION:
			leaf->session = value;
			break;
		case COLUMN_STATEMENT:
			leaf->statement = get_int8(rows, value, &rows->integers[2]);
			break;
		case COLUMN_QUERY_ID:
			leaf->query_id = get_int8(rows, value, &rows->integers[3]);
			break;
		case COLUMN_CUSTOMER_SALT:
			leaf->customer_salt = get_bytes(rows, value, CG_SALT_LENGTH);
			break;
		case COLUMN_ACTOR_SALT:
			leaf->actor_salt = get_bytes(rows, value, CG_SALT_LENGTH);
			break;
		case COLUMN_CUSTOMER_COMMITMENT:
			leaf->customer_commitment = get_bytes(rows, value, CG_HASH_LENGTH);
			break;
		case COLUMN_ACTOR_COMMITMENT:
			leaf->actor_commitment = get_bytes(rows, value, CG_HASH_LENGTH);
			break;
		case COLUMN_IDENTITY:
			leaf->identity = value;
			break;
		case COLUMN_TECHNICIAN:
			leaf->technician = value;
			break;
		case COLUMN_OPENS_AT:
			leaf->opens_at = get_time(rows, value, &rows->integers[4]);
			break;
		case COLUMN_CLOSES_AT:
			leaf->closes_at = get_time(rows, value, &rows->integers[5]);
			break;
		case COLUMN_PREVIOUS_OPENS_AT:
			leaf->previous_opens_at = get_time(rows, value, &rows->integers[6]);
			break;
		case COLUMN_PREVIOUS_CLOSES_AT:
			leaf->previous_closes_at = get_time(rows, value, &rows->integers[7]);
			break;
		case COLUMN_EXECUTION_SALT:
			leaf->execution_salt = get_bytes(rows, value, CG_SALT_LENGTH);
			break;
		case COLUMN_LEAF_VERSION:
			version = get_bytes(rows, value, 2);
			leaf->version = version == NULL ? 0 : cg_bytes_get_uint16(version);
			break;
		case COLUMN_QUERY:		/* the caller handles it */
		case COLUMN_UNKNOWN:	/* a column of a later version */
			break;
	}
}

/* Reads the log's column "columns", the names of read columns. */
static void
read_names(Rows *rows, CgLeafText value, CgLeaf *leaf)
{
	static const CgLeafText none;
	Cursor		array = cursor_of(value.data, value.length);

	if (value.data == NULL)
		return;
	leaf->ncolumns = take_array(&array, &rows->columns, &rows->room);
	leaf->columns = leaf->ncolumns > 0 ? rows->columns : &none;
	rows->batch.bad = rows->batch.bad || array.bad;
}

/* Reads a bigint; NULL if it is null. */
static const int64_t *
get_int8(Rows *rows, CgLeafText value, int64_t *place)
{
	const uint8_t *data = get_bytes(rows, value, 8);

	/* NULL, too, if it has a wrong length; then the row is bad. */
	if (data == NULL || value.length != 8)
		return NULL;
	*place = (int64_t) cg_bytes_get_uint64(data);
	return place;
}

static const int64_t *
get_time(Rows *rows, CgLeafText value, int64_t *place)
{
	if (get_int8(rows, value, place) == NULL)
		return NULL;
	*place = time_since_1970(*place);
	return place;
}

/* Reads a value of this length, or the row is bad; NULL if it is null. */
static const uint8_t *
get_bytes(Rows *rows, CgLeafText value, size_t length)
{
	if (value.data == NULL)
		return NULL;
	if (value.length != length)
	{
		rows->batch.bad = true;
		return NULL;
	}
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
