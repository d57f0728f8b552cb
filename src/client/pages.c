/*
 * pages.c
 *		contact-guard pages: what is on record, as static HTML.
 *
 * The pages answer the questions that are known in advance.  They can be kept, signed, mailed,
 * and opened in ten years: they fetch nothing and need no server.  They show what the tables
 * say; what is proved is said by contact-guard verify, whose report a page can quote.
 */
#include "pages.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "pagesquery.h"

/* What is asked, as the server takes it. */
typedef struct Asked
{
	const char *since;			/* NULL: 90 days before until */
	const char *until;			/* NULL: now */
	CgBytes		customers;		/* arrays of PostgreSQL */
	CgBytes		actors;
} Asked;

/* The period begins with a day of the session's time zone, as do the days of the charts. */
#define PERIOD_QUERY \
	"SELECT pg_catalog.set_config('datestyle', 'ISO', false), p.since::text, p.until::text," \
	" (extract(epoch FROM p.until - p.since) / 86400)::bigint::text" \
	" FROM (SELECT coalesce($1::timestamptz, date_trunc('day', u.until - '90 days'::interval)) AS since, u.until" \
	" FROM (SELECT coalesce($2::timestamptz, now()) AS until) u) p"

static void add_item(CgBytes *array, const char *item);
static void ask_period(PGconn *conn, Asked *asked);
static void ask_pages(PGconn *conn, Asked *asked, Pages *pages);
static char *read_report(const char *path);

int
run_pages(int argc, char **argv)
{
	static const struct option names[] = {
		{"since", required_argument, NULL, 's'}, {"until", required_argument, NULL, 'u'},
		{"customer", required_argument, NULL, 'c'}, {"actor", required_argument, NULL, 'a'},
		{"verified", required_argument, NULL, 'v'}, SERVER_OPTIONS, {0}
	};
	static Asked asked;
	static Pages pages;
	PGconn	   *conn;
	int			c;

	cg_bytes_init(&asked.customers);
	cg_bytes_init(&asked.actors);
	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
	{
		if (c == 's')
			asked.since = optarg;
		else if (c == 'u')
			asked.until = optarg;
		else if (c == 'c' || c == 'a')
			add_item(c == 'c' ? &asked.customers : &asked.actors, optarg);
		else if (c == 'v')
			pages.verified = read_report(optarg);
		else if (!server_option(c, optarg))
			return EXIT_UNCHECKED;
	}
	if (argc - optind < 1 || argc - optind > 2)
		fail(EXIT_UNCHECKED, "pages needs a folder, and at most a connection string before it");
	pages.folder = argv[argc - 1];
	/* A folder of its own: no page of an earlier time stays between the new ones. */
	if (file_exists(pages.folder))
		fail(EXIT_UNCHECKED, "\"%s\" is there already", pages.folder);
	conn = server_connect(argc - optind == 2 ? argv[optind] : NULL);
	ask_period(conn, &asked);
	progress_show(0, 1);
	ask_pages(conn, &asked, &pages);
	PQfinish(conn);
	if (mkdir(pages.folder, 0700) != 0)
		fail(EXIT_UNCHECKED, "could not create \"%s\": %s", pages.folder, strerror(errno));
	pages_write_all(&pages);
	file_sync_all(pages.folder);
	progress_clear();
	printf("%d pages in %s: open index.html\n", pages.written, pages.folder);
	return EXIT_GOOD;
}

/* Appends to an array of text, whose items are all quoted. */
static void
add_item(CgBytes *array, const char *item)
{
	cg_bytes_put_text(array, array->length == 0 ? "{\"" : ",\"");
	for (; *item != '\0'; item++)
	{
		if (*item == '"' || *item == '\\')
			cg_bytes_put_uint8(array, '\\');
		cg_bytes_put_uint8(array, (uint8_t) *item);
	}
	cg_bytes_put_text(array, "\"");
}

/* The text of contact-guard verify, to be quoted. */
static char *
read_report(const char *path)
{
	size_t		length;
	char	   *text = file_read(path, &length);

	if (strlen(text) != length)
		fail(EXIT_UNCHECKED, "\"%s\" is not a text", path);
	return text;
}

/* The bounds of the period, as the server writes them from now on. */
static void
ask_period(PGconn *conn, Asked *asked)
{
	const char *values[] = {asked->since, asked->until};
	PGresult   *result = server_execute(conn, PERIOD_QUERY, 2, values);

	server_require(conn, result, PGRES_TUPLES_OK);
	if (PQntuples(result) != 1 || PQnfields(result) != 4 || PQgetisnull(result, 0, 1) || PQgetisnull(result, 0, 2) ||
		PQgetisnull(result, 0, 3))
		fail(EXIT_UNCHECKED, "the period has no beginning or no end");
	asked->since = PQgetvalue(result, 0, 1);
	asked->until = PQgetvalue(result, 0, 2);
	if (strtoll(PQgetvalue(result, 0, 3), NULL, 10) > PAGES_LONGEST || asked->since[0] == '-')
		fail(EXIT_UNCHECKED, "a period of pages has at most %d days", PAGES_LONGEST);
}

static void
ask_pages(PGconn *conn, Asked *asked, Pages *pages)
{
	char		who[24];
	char		list[24];
	char		records[24];
	const char *values[] = {asked->since, asked->until, NULL, NULL, who, list, records};
	int			head;

	sprintf(who, "%d", PAGES_WHO);
	sprintf(list, "%d", PAGES_LIST);
	sprintf(records, "%d", PAGES_RECORDS);
	cg_bytes_put(&asked->customers, asked->customers.length == 0 ? "{}" : "}", asked->customers.length == 0 ? 3 : 2);
	cg_bytes_put(&asked->actors, asked->actors.length == 0 ? "{}" : "}", asked->actors.length == 0 ? 3 : 2);
	if (asked->customers.failed || asked->actors.failed)
		fail(EXIT_UNCHECKED, "out of memory");
	values[2] = (const char *) asked->customers.data;
	values[3] = (const char *) asked->actors.data;
	pages->answer = server_execute(conn, PAGES_QUERY, 7, values);
	server_require(conn, pages->answer, PGRES_TUPLES_OK);
	pages->rows = PQntuples(pages->answer);
	head = PQnfields(pages->answer) == I + 1 ? pages_first(pages, "head") : -1;
	if (head < 0)
		fail(EXIT_UNCHECKED, "the server's answer makes no sense: no head");
	pages->actors = pages_first(pages, "actor");
	pages->customers = pages_first(pages, "customer");
	pages->since = pages_number(pages, head, F);
	pages->until = pages_number(pages, head, G);
	/* A server that says so would make us draw without end. */
	if (pages->until < pages->since || pages->until - pages->since > (PAGES_LONGEST + 1) * PAGES_DAY)
		fail(EXIT_UNCHECKED, "the server's answer makes no sense: another period");
}
