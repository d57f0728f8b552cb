/*
 * metrics.c
 *		contact-guard metrics: the numbers of status() in the text format of Prometheus.
 *
 * Each line is for the database that was asked.  Texts of the server are not told, because
 * each other text would be another time series: contact_guard_problems counts them.
 */
#include "monitor.h"

#include <getopt.h>
#include <string.h>

typedef struct Metric
{
	Number		number;
	const char *name;			/* behind contact_guard_ */
	const char *type;
	const char *help;
} Metric;

static const Metric metrics[] = {
	{NUMBER_LAG, "lag_bytes", "gauge", "Bytes of read records in WAL that are not in the access log yet."},
	{NUMBER_MAX_BACKLOG, "max_backlog_bytes", "gauge", "The lag at which guarded values are refused."},
	{NUMBER_ROWS, "log_rows", "counter", "Records that the access log has had so far."},
	{NUMBER_EPOCH, "epoch", "gauge", "Number of the journal; it grows when the database is found to be a copy."},
	{NUMBER_REJECTED, "rejected_messages_total", "counter", "Messages in WAL that were forged, repeated, or of another copy."},
	{NUMBER_SIGNED_ROWS, "signed_rows", "gauge", "Size of the newest signed checkpoint, in records."},
	{NUMBER_SIGNED_AT, "signed_timestamp_seconds", "gauge", "When the newest checkpoint was signed, in seconds since 1970."},
	{NUMBER_WAL_KEPT, "wal_kept_bytes", "gauge", "WAL that the replication slot contact_guard of this server keeps."},
	{NUMBER_RELATIONS, "guarded_relations", "gauge", "Relations with guarded columns; children of them do not count."},
	{NUMBER_COLUMNS, "guarded_columns", "gauge", "Guarded columns of these relations."},
	{NUMBER_INTERVENTIONS, "interventions_relations", "gauge", "Relations that windows are asked from."}
};

#define UP_HELP "Has the server answered?"

static const char *database_label(void);
static void metrics_failed(const char *why);
static void put_metric(const char *name, const char *type, const char *help, int64_t value);
static void put_label(const char *text);

int
run_metrics(int argc, char **argv)
{
	static const struct option names[] = {SERVER_OPTIONS, {0}};
	static Status status;
	PGconn	   *conn;
	int			c;

	server_patience = MONITOR_PATIENCE;
	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
		if (!server_option(c, optarg))
			return EXIT_UNCHECKED;
	if (argc - optind > 1)
		fail(EXIT_UNCHECKED, "metrics takes at most a connection string");
	before_failure = metrics_failed;
	/* Without a label, since the name is known only when libpq has ended. */
	monitor_limit("# HELP contact_guard_up " UP_HELP "\n# TYPE contact_guard_up gauge\ncontact_guard_up 0\n", EXIT_UNCHECKED);
	conn = server_connect(argc > optind ? argv[optind] : NULL);
	monitor_ask(conn, &status);
	monitor_answered();
	/* From here on something is printed, and a failure says nothing more there. */
	before_failure = NULL;
	put_metric("up", "gauge", UP_HELP, 1);
	put_metric("on", "gauge", "Does the guard record reads? 0 on a standby that withholds everything, too.",
			   status.guard == GUARD_ON || status.guard == GUARD_FORWARDS);
	put_metric("standby", "gauge", "Is this a standby?", status.guard == GUARD_STANDBY || status.guard == GUARD_FORWARDS);
	put_metric("recorder_up", "gauge", "Does the recorder work, or does a standby keep WAL for it?",
			   status.recorder == RECORDER_WORKS || status.recorder == RECORDER_STANDBY_KEEPS);
	if (status.refused[0] != '\0')
	{
		say("contact_guard is not working: %s", status.refused);
		return EXIT_GOOD;
	}
	put_metric("problems", "gauge", "Problems that contact_guard.status() names.", status.problem_count);
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
		if (status.known[metrics[i].number])
			put_metric(metrics[i].name, metrics[i].type, metrics[i].help, status.numbers[metrics[i].number]);
	PQfinish(conn);
	return EXIT_GOOD;
}

/*
 * The label of each line: the database; NULL: it is not known.  It is the same whether the server
 * answers or not.  What looks like a connection string to libpq may have a password in it, and is
 * no label: libpq takes it for a name where it stands in dbname= or in PGDATABASE.
 */
static const char *
database_label(void)
{
	const char *name = server_database;

	if (name == NULL || strchr(name, '=') != NULL || strncmp(name, "postgresql://", 13) == 0 ||
		strncmp(name, "postgres://", 11) == 0)
		return NULL;
	return name;
}

/* What reads this file afterwards learns it, too. */
static void
metrics_failed(const char *why)
{
	(void) why;
	monitor_answered();
	put_metric("up", "gauge", UP_HELP, 0);
}

static void
put_metric(const char *name, const char *type, const char *help, int64_t value)
{
	const char *database = database_label();

	printf("# HELP contact_guard_%s %s\n# TYPE contact_guard_%s %s\ncontact_guard_%s", name, help, name, type, name);
	if (database != NULL)
	{
		printf("{database=\"");
		put_label(database);
		printf("\"}");
	}
	printf(" %lld\n", (long long) value);
}

/* The format knows the escapes \\, \" and \n.  What is not plain becomes a backslash and a number. */
static void
put_label(const char *text)
{
	size_t		length = strlen(text);

	for (size_t at = 0; at < length;)
	{
		size_t		width = text_plain_width(text + at, length - at);

		if (text[at] == '\\' || text[at] == '"')
			printf("\\%c", text[at]);
		else if (width == 0)
			printf("\\\\x%02x", (unsigned char) text[at]);
		else
			fwrite(text + at, 1, width, stdout);
		at += width > 0 ? width : 1;
	}
}
