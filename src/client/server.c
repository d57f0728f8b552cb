/*
 * server.c
 *		Queries to the server, through libpq.
 */
#include "client.h"

#include <stdlib.h>
#include <string.h>

static PGresult *query(PGconn *conn, const char *sql, int64_t first, int64_t second, int nparams);

static void
say_notice(void *arg, const char *message)
{
	say("%s", message);
}

PGconn *
server_connect(const char *conninfo)
{
	const char *const keywords[] = {"dbname", "fallback_application_name", NULL};
	const char *const values[] = {conninfo, "contact-guard", NULL};
	PGconn	   *conn = PQconnectdbParams(keywords, values, 1);
	const char *encoding;

	if (PQstatus(conn) != CONNECTION_OK)
		fail(EXIT_UNCHECKED, "%s", PQerrorMessage(conn));
	PQsetNoticeProcessor(conn, say_notice, NULL);
	/* Leaves are UTF-8; in a database of SQL_ASCII they have the stored bytes. */
	encoding = PQparameterStatus(conn, "server_encoding");
	if (PQsetClientEncoding(conn, encoding != NULL && strcmp(encoding, "SQL_ASCII") == 0 ?
							"SQL_ASCII" : "UTF8") != 0)
		fail(EXIT_UNCHECKED, "%s", PQerrorMessage(conn));
	/* With an empty search_path, because every name below is qualified. */
	PQclear(query(conn, "SELECT pg_catalog.set_config('search_path', '', false)", 0, 0, 0));
	return conn;
}

void
server_require(PGconn *conn, PGresult *result, ExecStatusType status)
{
	if (PQresultStatus(result) != status)
		fail(EXIT_UNCHECKED, "%s", PQerrorMessage(conn));
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
	result = PQexecParams(conn, sql, nparams, NULL, values, NULL, NULL, 1);
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
	CgBytes		note;

	if (text == NULL)
		fail(EXIT_UNCHECKED, "the server has no checkpoint yet");
	cg_bytes_init(&note);
	cg_note_put_dashes(&note, text, strlen(text), false);
	cg_bytes_put_uint8(&note, 0);
	if (note.failed)
		fail(EXIT_UNCHECKED, "out of memory");
	free(text);
	return (char *) note.data;
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
	Cursor		cursor = {bytes, bytes + length, bytes == NULL};
	CgLeafText *items = NULL;
	int			room = 0;
	int			count = take_array(&cursor, &items, &room);

	if (cursor.bad || count > CG_PROOF_LENGTH)
		fail(EXIT_UNCHECKED, "the server has no such proof");
	for (int i = 0; i < count; i++)
	{
		if (items[i].length != CG_HASH_LENGTH)
			fail(EXIT_UNCHECKED, "the server's proof makes no sense");
		memcpy(proof[i], items[i].data, CG_HASH_LENGTH);
	}
	free(items);
	free(bytes);
	return count;
}
