/*
 * salvage.c
 *		contact-guard salvage: the records that a lost primary had made, and that its successor
 *		does not have.
 *
 * They are read from the WAL of its data directory, which is not changed.  The records stand
 * in messages there, as plain bytes.  Their seals are not checked, because the key is in a
 * table of the database.  So any role may have made false messages, and nothing that a message
 * says may stop the reading of others.
 */
#include "salvage.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cells.h"

#define SEGMENT_NAME 24			/* hexadecimal digits */

typedef struct Salvage
{
	const char *folder;			/* the data directory */
	const char *conninfo;
	const char *programs;		/* where pg_controldata is; NULL: look */
	bool		has_since;		/* wal.since was given, or the new primary says it */
	bool		json;
} Salvage;

static Salvage salvage;
static Wal	wal;
static PGconn *conn;
static uint64_t records;
static int64_t first_at;
static int64_t last_at;
static uint64_t *last;			/* positions of messages that are read last */
static size_t nlast;

static void parse_salvage_options(int argc, char **argv);
static int	compare_numbers(const void *first, const void *second);
static void ask_fork(void);
static void find_segments(void);
static const char *database_name(uint32_t oid);
static void take_record(const Salvaged *record);
static void take_salvage_message(const Message *message);
static void take_last_message(const Message *message);
static int	not_read(const char *format,...) __attribute__((format(printf, 1, 2)));
static int	report_end(void);
static int	report_salvage(void);

int
run_salvage(int argc, char **argv)
{
	parse_salvage_options(argc, argv);
	wal.folder = file_path(salvage.folder, "pg_wal");
	control_read(&wal, salvage.folder, salvage.programs);
	ask_fork();
	find_segments();
	if (!salvage.json)
		salvage_put_names();
	wal_read(&wal, take_salvage_message);
	for (size_t i = 0; i < nlast; i++)
		wal_read_again(&wal, last[i], take_last_message);
	return report_salvage();
}

static void
parse_salvage_options(int argc, char **argv)
{
	static const struct option names[] = {
		{"since", required_argument, NULL, 's'}, {"timeline", required_argument, NULL, 't'},
		{"bindir", required_argument, NULL, 'b'}, {"json", no_argument, NULL, 'j'}, SERVER_OPTIONS, {0}
	};
	int			c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
	{
		if (c == 's')
		{
			salvage.has_since = true;
			if (!control_parse_position(optarg, &wal.since))
				fail(EXIT_UNCHECKED, "option --since: not a position of WAL, such as 0/3000148: \"%s\"", optarg);
		}
		else if (c == 't')
			wal.timeline = (uint32_t) parse_number("--timeline", optarg, 1);
		else if (c == 'b')
			salvage.programs = optarg;
		else if (c == 'j')
			salvage.json = true;
		else if (!server_option(c, optarg))
			exit(EXIT_UNCHECKED);
	}
	if (optind < argc)
		salvage.folder = argv[optind++];
	if (optind < argc)
		salvage.conninfo = argv[optind++];
	if (salvage.folder == NULL || optind < argc)
		fail(EXIT_UNCHECKED, "salvage needs a data directory, and at most a connection string of the new primary");
	if (salvage.conninfo != NULL && salvage.has_since)
		fail(EXIT_UNCHECKED, "salvage takes a connection string or --since, not both");
}

/* The new primary has a record of where it left the timeline of the old one. */
static void
ask_fork(void)
{
	char		left_at[64];
	const char *values[1] = {left_at};
	PGresult   *result;
	char		position[32];

	if (salvage.conninfo == NULL)
		return;
	snprintf(left_at, sizeof(left_at), "^timeline \\d+ left timeline %u at ([0-9A-F]+/[0-9A-F]+);", wal.timeline);
	conn = server_connect(salvage.conninfo);
	result = server_execute(conn, "SELECT (pg_catalog.regexp_match(reason, $1))[1] FROM contact_guard.log"
							" WHERE event = 'failover' AND reason OPERATOR(pg_catalog.~) $1 ORDER BY seq DESC LIMIT 1", 1, values);
	server_require(conn, result, PGRES_TUPLES_OK);
	if (PQntuples(result) != 1)
		fail(EXIT_UNCHECKED, "the log of this database has no record that its server has left timeline %u, on which \"%s\" is: see --since",
			 wal.timeline, salvage.folder);
	snprintf(position, sizeof(position), "%.*s", PQgetlength(result, 0, 0), PQgetvalue(result, 0, 0));
	if (!control_parse_position(position, &wal.since))
		fail(EXIT_UNCHECKED, "the server's record of the failover is not understood");
	salvage.has_since = true;
	PQclear(result);
}

static int
compare_numbers(const void *first, const void *second)
{
	uint64_t	a = *(const uint64_t *) first;
	uint64_t	b = *(const uint64_t *) second;

	return a < b ? -1 : a > b;
}

/*
 * Finds the segments from the position on, or, where its segment is not there any more, from
 * the oldest one that is.  Reading begins with a whole segment: that the bytes before the
 * position are records shows that it is one at which WAL can end.
 */
static void
find_segments(void)
{
	DIR		   *dir = opendir(wal.folder);
	struct dirent *entry;
	uint64_t	per_id = (UINT64_C(1) << 32) / wal.segment_bytes;
	uint64_t	wanted = (wal.since > SEGMENT_HEADER ? wal.since - SEGMENT_HEADER - 1 : 0) / wal.segment_bytes;
	size_t		room = 0;

	if (dir == NULL)
		fail(EXIT_UNCHECKED, "could not open \"%s\": %s", wal.folder, strerror(errno));
	while ((entry = readdir(dir)) != NULL)
	{
		uint32_t	timeline;
		uint32_t	high;
		uint32_t	low;

		if (strspn(entry->d_name, "0123456789ABCDEF") != SEGMENT_NAME || entry->d_name[SEGMENT_NAME] != '\0' ||
			sscanf(entry->d_name, "%8" SCNx32 "%8" SCNx32 "%8" SCNx32, &timeline, &high, &low) != 3 ||
			timeline != wal.timeline || low >= per_id || high * per_id + low < wanted)
			continue;
		if (wal.nsegments == room)
			wal.segments = reallocate(wal.segments, sizeof(uint64_t) * (room = 2 * room + 64));
		wal.segments[wal.nsegments++] = high * per_id + low;
	}
	closedir(dir);
	if (wal.nsegments == 0)
		fail(EXIT_UNCHECKED, "\"%s\" has no WAL of timeline %u from there on", wal.folder, wal.timeline);
	qsort(wal.segments, wal.nsegments, sizeof(uint64_t), compare_numbers);
	wal.from = wal.segments[0] * wal.segment_bytes;
}

/* The OIDs are those of the new primary, too.  Without it: the OID. */
static const char *
database_name(uint32_t oid)
{
	static uint32_t known = 0;
	static char name[256];
	char		text[16];
	const char *values[1] = {text};
	PGresult   *result;

	if (oid == known)
		return name;
	known = oid;
	snprintf(text, sizeof(text), "%u", oid);
	snprintf(name, sizeof(name), "%u", oid);
	if (conn != NULL)
	{
		result = server_execute(conn, "SELECT datname::pg_catalog.text FROM pg_catalog.pg_database WHERE oid = $1::pg_catalog.oid", 1, values);
		server_require(conn, result, PGRES_TUPLES_OK);
		if (PQntuples(result) == 1)
			snprintf(name, sizeof(name), "%.*s", PQgetlength(result, 0, 0), PQgetvalue(result, 0, 0));
		PQclear(result);
	}
	return name;
}

static void
take_record(const Salvaged *record)
{
	if (records++ == 0 || record->read_at < first_at)
		first_at = record->read_at;
	if (records == 1 || record->read_at > last_at)
		last_at = record->read_at;
	salvage_put(record, database_name(record->message->database), salvage.json);
}

static void
take_salvage_message(const Message *message)
{
	static size_t room = 0;

	if (message->database == NO_DATABASE || message_read(message, false, take_record))
		return;
	if (nlast == room)
		last = reallocate(last, sizeof(uint64_t) * (room = 2 * room + 64));
	last[nlast++] = message->position;
}

static void
take_last_message(const Message *message)
{
	(void) message_read(message, true, take_record);
}

/* Says what could not be read, and returns the exit status for that. */
static int
not_read(const char *format,...)
{
	va_list		arguments;
	char		text[2048];

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fputs("NOT READ: ", stderr);
	text_print_lines(stderr, text);
	return EXIT_UNCHECKED;
}

/* Is all of the WAL read, up to where it ends? */
static int
report_end(void)
{
	int			code = EXIT_GOOD;

	for (uint64_t i = 0; i < wal.gaps && i < MOST_GAPS; i++)
		code = not_read("WAL is damaged or missing from " POSITION " to " POSITION,
						POSITION_ARGS(wal.gap[i].from), POSITION_ARGS(wal.gap[i].to));
	if (wal.gaps > MOST_GAPS)
		code = not_read("WAL is damaged or missing at %" PRIu64 " more places", wal.gaps - MOST_GAPS);
	if (wal.last == 0)
		code = not_read("no valid record of WAL is there, so it is not known where WAL ends");
	else if (wal.last < wal.last_checkpoint)
		code = not_read("WAL is damaged behind " POSITION ", since the last checkpoint of the server is at " POSITION,
						POSITION_ARGS(wal.last), POSITION_ARGS(wal.last_checkpoint));
	else if (wal.end < wal_record_start(&wal, wal.since))
		code = not_read("WAL ends at " POSITION ", before the position from which records are wanted", POSITION_ARGS(wal.end));
	if (!wal_is_blank(&wal, wal.end))
		code = not_read("the bytes at " POSITION " are not a whole record:"
						" the server was stopped while it wrote it, and then nobody had its answer yet, or WAL is damaged there",
						POSITION_ARGS(wal.end));
	return code;
}

/* On stderr, since stdout has records only. */
static int
report_salvage(void)
{
	int			code = EXIT_GOOD;

	fflush(stdout);
	fprintf(stderr, "%" PRIu64 " records, in %" PRIu64 " messages in WAL of timeline %u from " POSITION " on%s",
			records, left.messages, wal.timeline, POSITION_ARGS(wal.from > wal.since ? wal.from : wal.since),
			salvage.has_since ? "" : ", which is all that there is");
	if (records > 0)
	{
		fputs(", made between ", stderr);
		cell_put_time(stderr, &first_at);
		fputs(" and ", stderr);
		cell_put_time(stderr, &last_at);
	}
	fputc('\n', stderr);
	if (wal.last != 0)
		fprintf(stderr, "the last valid record of WAL is at " POSITION "\nWAL ends at " POSITION "\n",
				POSITION_ARGS(wal.last), POSITION_ARGS(wal.end));
	if (salvage.has_since && wal.from > wal.since)
		code = not_read("WAL from " POSITION " to " POSITION " is not there any more: the archive may have it",
						POSITION_ARGS(wal.since), POSITION_ARGS(wal.from));
	if (report_end() != EXIT_GOOD)
		code = EXIT_UNCHECKED;
	if (left.unknown > 0)
		code = not_read("%" PRIu64 " messages are malformed, or of a later version of contact_guard", left.unknown);
	if (left.disordered > 0)
		code = not_read("the numbers of %" PRIu64 " messages do not follow those before them of their sessions:"
						" messages are missing there, or some are false", left.disordered);
	if (left.again > 0)
		fprintf(stderr, "%" PRIu64 " messages are there twice, and were taken once\n", left.again);
	if (left.messages > 0)
		fprintf(stderr, "the seals of the messages were not checked: a role of that server that could call pg_logical_emit_message() may have made false ones. The keys are in contact_guard.journal_key of each database, whose files are in \"%s/base/OID\" of the database: only a server that starts on a copy of the directory checks them\n", salvage.folder);
	return code;
}
