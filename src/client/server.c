/*
 * server.c
 *		Queries to the server, through libpq.
 */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A query has one result, and perhaps an error behind it. */
#define MOST_RESULTS 3

/* A day; more is as good as no limit, and must fit into an int of milliseconds. */
#define MOST_PATIENCE 86400

int			server_patience = USUAL_PATIENCE;
const char *server_database;

static void prepare_session(PGconn *conn);
static int64_t milliseconds(void);
static void await(PGconn *conn, int64_t until);
static PGresult *await_result(PGconn *conn, int64_t until);
static char *put_dashes(const char *text);
static int	read_proof(const uint8_t *bytes, size_t length, uint8_t proof[CG_PROOF_LENGTH][CG_HASH_LENGTH]);
static PGresult *query(PGconn *conn, const char *sql, int64_t first, int64_t second, int nparams);

static void
say_notice(void *arg, const char *message)
{
	say("%s", message);
}

bool
server_option(int option, const char *value)
{
	int64_t		seconds;

	if (option != 'T')
		return false;
	seconds = parse_number("--timeout", value, 1);
	server_patience = (int) (seconds < MOST_PATIENCE ? seconds : MOST_PATIENCE);
	return true;
}

PGconn *
server_connect(const char *conninfo)
{
	char		seconds[24];
	/* The connection string stands behind the limit, so that it can set another. */
	const char *const keywords[] = {"connect_timeout", "dbname", "fallback_application_name", NULL};
	const char *const values[] = {getenv("PGCONNECT_TIMEOUT") == NULL ? seconds : NULL, conninfo, "contact-guard", NULL};
	PGconn	   *conn;

	sprintf(seconds, "%d", server_patience);
	conn = PQconnectdbParams(keywords, values, 1);
	server_database = conn != NULL ? PQdb(conn) : NULL;
	/* libpq quotes what it does not understand, which may be a part of a password. */
	if (server_database == NULL && before_failure != NULL)
		fail(EXIT_UNCHECKED, "libpq does not understand the connection string; psql says what is wrong with it");
	if (PQstatus(conn) != CONNECTION_OK)
		fail(EXIT_UNCHECKED, "%s", PQerrorMessage(conn));
	PQsetNoticeProcessor(conn, say_notice, NULL);
	prepare_session(conn);
	return conn;
}

/*
 * Leaves are UTF-8; in a database of SQL_ASCII they have the stored bytes.  The search_path is
 * empty, because every name in our queries is qualified.  An honest server gives up a query
 * when this program does.
 */
static void
prepare_session(PGconn *conn)
{
	const char *encoding = PQparameterStatus(conn, "server_encoding");
	char		seconds[24];
	const char *values[2] = {encoding != NULL && strcmp(encoding, "SQL_ASCII") == 0 ? "SQL_ASCII" : "UTF8", seconds};
	PGresult   *result;

	sprintf(seconds, "%ds", server_patience);
	result = server_execute(conn, "SELECT pg_catalog.set_config('search_path', '', false),"
							" pg_catalog.set_config('client_encoding', $1, false),"
							" pg_catalog.set_config('statement_timeout', $2, false)", 2, values);
	server_require(conn, result, PGRES_TUPLES_OK);
	PQclear(result);
}

static int64_t
milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Waits for bytes of the server, and reads them.  A server that says nothing, or too little at
 * a time, must not keep the program waiting for ever.
 */
static void
await(PGconn *conn, int64_t until)
{
	struct pollfd server = {PQsocket(conn), POLLIN, 0};
	int64_t		left = until - milliseconds();

	if (left <= 0)
		fail(EXIT_UNCHECKED, "the server has not answered within %d s", server_patience);
	if (poll(&server, 1, (int) left) < 0 && errno != EINTR)
		fail(EXIT_UNCHECKED, "could not wait for the server: %s", strerror(errno));
	if (server.revents != 0 && !PQconsumeInput(conn))
		fail(EXIT_UNCHECKED, "%s", PQerrorMessage(conn));
}

static PGresult *
await_result(PGconn *conn, int64_t until)
{
	while (PQisBusy(conn))
		await(conn, until);
	return PQgetResult(conn);
}

PGresult *
server_result(PGconn *conn)
{
	return await_result(conn, milliseconds() + server_patience * INT64_C(1000));
}

int
server_copy_data(PGconn *conn, char **data)
{
	int64_t		until = milliseconds() + server_patience * INT64_C(1000);
	int			length;

	while ((length = PQgetCopyData(conn, data, 1)) == 0)
		await(conn, until);
	return length;
}

PGresult *
server_execute(PGconn *conn, const char *sql, int nparams, const char *const *values)
{
	int64_t		until = milliseconds() + server_patience * INT64_C(1000);
	PGresult   *result = NULL;
	PGresult   *next;

	if (!PQsendQueryParams(conn, sql, nparams, NULL, values, NULL, NULL, 1))
		fail(EXIT_UNCHECKED, "%s", PQerrorMessage(conn));
	/* The last result counts: an error may follow.  A server could send results without end. */
	for (int i = 0; (next = await_result(conn, until)) != NULL; i++)
	{
		if (i == MOST_RESULTS)
			fail(EXIT_UNCHECKED, "the server's answer makes no sense: too many results");
		PQclear(result);
		result = next;
	}
	return result;
}

void
server_command(PGconn *conn, const char *sql)
{
	PGresult   *result = server_execute(conn, sql, 0, NULL);

	server_require(conn, result, PGRES_COMMAND_OK);
	PQclear(result);
}

void
server_require(PGconn *conn, PGresult *result, ExecStatusType status)
{
	ExecStatusType got = PQresultStatus(result);

	if (got == status)
		return;
	/* Without an error the server has answered something else, and there is no message. */
	if (result == NULL || got == PGRES_FATAL_ERROR || got == PGRES_BAD_RESPONSE)
		fail(EXIT_UNCHECKED, "%s", PQerrorMessage(conn));
	fail(EXIT_UNCHECKED, "the server's answer makes no sense: %s", PQresStatus(got));
}

/* Runs a query that returns one value, in binary, with up to two bigint parameters. */
static PGresult *
query(PGconn *conn, const char *sql, int64_t first, int64_t second, int nparams)
{
	char		text[2][24];
	const char *values[2] = {text[0], text[1]};
	PGresult   *result;

	sprintf(text[0], "%lld", (long long) first);
	sprintf(text[1], "%lld", (long long) second);
	result = server_execute(conn, sql, nparams, values);
	server_require(conn, result, PGRES_TUPLES_OK);
	if (PQntuples(result) != 1 || PQnfields(result) != 1)
		fail(EXIT_UNCHECKED, "the server's answer makes no sense: %s", sql);
	return result;
}

static char *
query_text(PGconn *conn, const char *sql)
{
	PGresult   *result = query(conn, sql, 0, 0, 0);
	char	   *text = PQgetisnull(result, 0, 0) ? NULL : strdup(PQgetvalue(result, 0, 0));

	PQclear(result);
	return text;
}

char *
server_checkpoint(PGconn *conn)
{
	char	   *text = query_text(conn, "SELECT contact_guard.checkpoint()");
	char	   *note;

	if (text == NULL)
		fail(EXIT_UNCHECKED, "the server has no checkpoint yet");
	note = put_dashes(text);
	free(text);
	return note;
}

/* The note with dashes, which some encodings do not have; malloc'd. */
static char *
put_dashes(const char *text)
{
	CgBytes		note;

	cg_bytes_init(&note);
	cg_note_put_dashes(&note, text, strlen(text), false);
	cg_bytes_put_uint8(&note, 0);
	if (note.failed)
		fail(EXIT_UNCHECKED, "out of memory");
	return (char *) note.data;
}

PGresult *
server_notes(PGconn *conn, const char *origin, int64_t below)
{
	char		size[24];
	const char *values[2] = {origin, size};
	PGresult   *result;

	sprintf(size, "%lld", (long long) below);
	result = server_execute(conn, "SELECT note FROM contact_guard.signed_checkpoint WHERE origin = $1 AND size < $2::bigint"
							" ORDER BY size DESC LIMIT 200", 2, values);
	server_require(conn, result, PGRES_TUPLES_OK);
	if (PQnfields(result) != 1)
		fail(EXIT_UNCHECKED, "the server's answer makes no sense");
	return result;
}

char *
server_note(const PGresult *notes, int row)
{
	return put_dashes(PQgetvalue(notes, row, 0));
}

bool
server_add_cosignature(PGconn *conn, const CgBytes *note)
{
	CgBytes		text;
	const char *values[1];
	PGresult   *result;
	bool		taken;

	/* In ASCII, which databases of every encoding accept. */
	cg_bytes_init(&text);
	cg_note_put_dashes(&text, (char *) note->data, note->length, true);
	cg_bytes_put_uint8(&text, 0);
	if (text.failed)
		fail(EXIT_UNCHECKED, "out of memory");
	values[0] = (char *) text.data;
	result = server_execute(conn, "SELECT contact_guard.add_cosignature($1::text)", 1, values);
	taken = PQresultStatus(result) == PGRES_TUPLES_OK;
	if (!taken)
		say("cosigned, but the server did not take it: %s", PQerrorMessage(conn));
	PQclear(result);
	cg_bytes_free(&text);
	return taken;
}

void
server_keys(PGconn *conn, Keys *keys)
{
	char	   *text = query_text(conn, "SELECT contact_guard.verification_key()");

	if (text == NULL)
		fail(EXIT_UNCHECKED, "the server has no key");
	keys_add_text(keys, text, "the server's key");
	say("taking the server's word for its key: use --vkey to be sure");
	free(text);
}

uint8_t *
server_bytes(PGconn *conn, const char *sql, int64_t first, int64_t second, size_t *length)
{
	PGresult   *result = query(conn, sql, first, second, strstr(sql, "$2") != NULL ? 2 : 1);
	uint8_t    *bytes = NULL;

	*length = 0;
	if (!PQgetisnull(result, 0, 0))
	{
		*length = (size_t) PQgetlength(result, 0, 0);
		bytes = allocate(*length);
		memcpy(bytes, PQgetvalue(result, 0, 0), *length);
	}
	PQclear(result);
	return bytes;
}

int
server_proof(PGconn *conn, const char *sql, int64_t first, int64_t second,
			 uint8_t proof[CG_PROOF_LENGTH][CG_HASH_LENGTH])
{
	size_t		length;
	uint8_t    *bytes = server_bytes(conn, sql, first, second, &length);
	int			count = read_proof(bytes, length, proof);

	free(bytes);
	return count;
}

PGresult *
server_inclusion_proofs(PGconn *conn, int64_t first, int64_t last, uint64_t size)
{
	char		sql[200];
	PGresult   *result;

	sprintf(sql, "SELECT contact_guard.inclusion_proof(n, %llu::bigint) FROM pg_catalog.generate_series(%lld::bigint, %lld) n ORDER BY n",
			(unsigned long long) size, (long long) first, (long long) last);
	result = server_execute(conn, sql, 0, NULL);
	server_require(conn, result, PGRES_TUPLES_OK);
	if (PQnfields(result) != 1 || PQntuples(result) != last - first + 1)
		fail(EXIT_UNCHECKED, "the server's answer makes no sense");
	return result;
}

int
server_inclusion_proof(const PGresult *proofs, int64_t row, uint8_t proof[CG_PROOF_LENGTH][CG_HASH_LENGTH])
{
	if (PQgetisnull(proofs, (int) row, 0))
		fail(EXIT_UNCHECKED, "the server has no such proof");
	return read_proof((const uint8_t *) PQgetvalue(proofs, (int) row, 0), (size_t) PQgetlength(proofs, (int) row, 0), proof);
}

/* Reads the hashes from a bytea[], which may be anything; bytes NULL: there is none. */
static int
read_proof(const uint8_t *bytes, size_t length, uint8_t proof[CG_PROOF_LENGTH][CG_HASH_LENGTH])
{
	Cursor		cursor = cursor_of(bytes, length);
	CgLeafText *items = NULL;
	int			room = 0;
	int			count;

	cursor.bad = bytes == NULL;
	count = take_array(&cursor, &items, &room);
	if (cursor.bad || count > CG_PROOF_LENGTH)
		fail(EXIT_UNCHECKED, "the server has no such proof");
	for (int i = 0; i < count; i++)
	{
		if (items[i].length != CG_HASH_LENGTH)
			fail(EXIT_UNCHECKED, "the server's proof makes no sense");
		memcpy(proof[i], items[i].data, CG_HASH_LENGTH);
	}
	free(items);
	return count;
}
