/*
 * views.c
 *		contact-guard verify --views: do the views show what is in the tables?
 *
 * Auditors read views.  definitions.c notices one that was replaced, and does so in no time; this
 * comparison says how many rows it hides, and does not depend on what the catalogs say.  The
 * server compares the views with the tables, by SQL of ours: so a view that was replaced shows,
 * and not what a server answers that lies.  The tables are verified in another way.
 *
 * Compared are the numbers of rows and the sums of their hashes, whose seed nobody knows.
 */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "definitionlist.h"

/* So many rows at a time, so that no query takes long */
#define VIEW_ROWS (INT64_C(1) << 18)

typedef struct View
{
	const char *name;
	const char *definition;		/* as in the install script */
} View;

static const View views[] = {
	{"access_log", DEFINITION_OF_ACCESS_LOG},
	{"whole_log", DEFINITION_OF_WHOLE_LOG}
};

static void compare_view(Verify *verify, const View *view, int64_t seed, int64_t first, int64_t last);

void
check_views(Verify *verify)
{
	int64_t		seed;

	if (RAND_bytes((unsigned char *) &seed, sizeof(seed)) != 1)
		fail(EXIT_UNCHECKED, "libcrypto has no random bytes");
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
	{
		int64_t		size = (int64_t) verify->checkpoint.size;
		int64_t		first = 0;

		compare_view(verify, &views[i], seed, INT64_MIN, -1);
		for (; first + VIEW_ROWS < size; first += VIEW_ROWS)
		{
			compare_view(verify, &views[i], seed, first, first + VIEW_ROWS - 1);
			progress_show(first, size);
		}
		compare_view(verify, &views[i], seed, first, INT64_MAX);
	}
	progress_clear();
}

static void
compare_view(Verify *verify, const View *view, int64_t seed, int64_t first, int64_t last)
{
	char		sql[8192];
	PGresult   *result;

	snprintf(sql, sizeof(sql), "SELECT a.n, b.n, a.n = b.n AND a.h IS NOT DISTINCT FROM b.h "
			 "FROM (SELECT pg_catalog.count(*) AS n, pg_catalog.sum(pg_catalog.hash_record_extended(v, '%lld')) AS h "
			 "FROM contact_guard.%s v WHERE v.seq BETWEEN '%lld' AND '%lld') a, "
			 "(SELECT pg_catalog.count(*) AS n, pg_catalog.sum(pg_catalog.hash_record_extended(v, '%lld')) AS h "
			 "FROM (%s) v WHERE v.seq BETWEEN '%lld' AND '%lld') b",
			 (long long) seed, view->name, (long long) first, (long long) last,
			 (long long) seed, view->definition, (long long) first, (long long) last);
	result = server_execute(verify->conn, sql, 0, NULL);
	server_require(verify->conn, result, PGRES_TUPLES_OK);
	if (PQntuples(result) != 1 || PQnfields(result) != 3 || PQgetlength(result, 0, 0) != 8 || PQgetlength(result, 0, 1) != 8 ||
		PQgetlength(result, 0, 2) != 1)
		fail(EXIT_UNCHECKED, "the server's answer makes no sense: %s", view->name);
	if (PQgetvalue(result, 0, 2)[0] != 1)
		find(verify, -1, "view contact_guard.%s does not show what the log has from seq %lld to %lld: %lld rows, and not the %lld of the log",
			 view->name, (long long) first, (long long) last,
			 (long long) cg_bytes_get_uint64((const uint8_t *) PQgetvalue(result, 0, 0)),
			 (long long) cg_bytes_get_uint64((const uint8_t *) PQgetvalue(result, 0, 1)));
	PQclear(result);
}
