/*
 * definitions.c
 *		Are the views and functions that auditors read those of the install script?
 *
 * Somebody who replaces one of them changes what auditors see and no record.  The server tells
 * a hash of each definition, and this program has those that the install script makes
 * (definitionlist.h).  A function that is not in that list may be one that a call finds before
 * ours, with fewer arguments.  The tables below are compared, too, so that the views read the
 * table that is verified.
 *
 * That is what the catalogs say.  A server with other code can say anything.
 */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

#include "definitionlist.h"

/* A later PostgreSQL may print the same definition in another way. */
#define NEWEST_SERVER 180000

typedef struct Definition
{
	const char *what;
	const char *digest;
} Definition;

static const Definition definitions[] = {DEFINITIONS};
static const int ndefinitions = sizeof(definitions) / sizeof(definitions[0]);

static char *extension_version(PGconn *conn);
static const char *why_not_compared(Verify *verify);
static void compare_with_list(Verify *verify, const PGresult *result);

/* To be freed; NULL: the database has no such extension. */
static char *
extension_version(PGconn *conn)
{
	PGresult   *result = server_execute(conn, "SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'contact_guard'", 0, NULL);
	char	   *version = NULL;

	server_require(conn, result, PGRES_TUPLES_OK);
	if (PQntuples(result) == 1 && PQnfields(result) == 1)
		version = strdup(PQgetvalue(result, 0, 0));
	PQclear(result);
	return version;
}

/* NULL: they can be compared. */
static const char *
why_not_compared(Verify *verify)
{
	char	   *version = extension_version(verify->conn);
	bool		known = version != NULL && strcmp(version, CG_VERSION) == 0;

	free(version);
	if (!known)
		return "the database does not have the extension of this program's version, " CG_VERSION;
	if (PQserverVersion(verify->conn) / 10000 > NEWEST_SERVER / 10000)
		return "PostgreSQL is of a version that this program does not know";
	return NULL;
}

/* Both are in the order of the names. */
static void
compare_with_list(Verify *verify, const PGresult *result)
{
	int			nthere = PQntuples(result);
	int			i = 0;
	int			there = 0;

	while (i < ndefinitions || there < nthere)
	{
		const Definition *definition = &definitions[i];
		const char *what = there < nthere ? PQgetvalue(result, there, 0) : NULL;
		int			order = i == ndefinitions ? 1 : what == NULL ? -1 : strcmp(definition->what, what);

		if (order < 0)
			find(verify, -1, "%s is not there", definition->what);
		else if (order > 0)
			find(verify, -1, "%s is in the extension's schema, but not one of its own", text_is_plain(what) ? what : "a function of an unusual name");
		else if (strcmp(definition->digest, PQgetvalue(result, there, 1)) != 0)
			find(verify, -1, "%s is not as contact_guard " CG_VERSION " defines it", what);
		i += order <= 0;
		there += order >= 0;
	}
}

void
check_definitions(Verify *verify)
{
	PGresult   *result;

	verify->not_compared = why_not_compared(verify);
	if (verify->not_compared != NULL)
		return;
	/* These settings decide how a definition is printed. */
	server_command(verify->conn, "BEGIN READ ONLY");
	result = server_execute(verify->conn, "SELECT pg_catalog.set_config('quote_all_identifiers', 'off', true),"
							" pg_catalog.set_config('bytea_output', 'hex', true), pg_catalog.set_config('DateStyle', 'ISO', true),"
							" pg_catalog.set_config('IntervalStyle', 'postgres', true), pg_catalog.set_config('TimeZone', 'UTC', true)", 0, NULL);
	server_require(verify->conn, result, PGRES_TUPLES_OK);
	PQclear(result);
	result = server_execute(verify->conn, DEFINITIONS_QUERY, 0, NULL);
	server_require(verify->conn, result, PGRES_TUPLES_OK);
	if (PQnfields(result) != 2)
		fail(EXIT_UNCHECKED, "the server's answer makes no sense: definitions");
	compare_with_list(verify, result);
	PQclear(result);
	server_command(verify->conn, "COMMIT");
}
