/*
 * salvage.c
 *		contact-guard salvage: the records that a lost primary had made, and that its successor
 *		does not have.
 *
 * They are read from the WAL of its data directory, which is not changed.  Nothing of the
 * server's own programs is linked: pg_waldump, which knows the WAL of its version, prints the
 * messages.  The records themselves stand in them as plain bytes.  Their seals are not
 * checked, because the key is in a table of the database.
 */
#include "salvage.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cells.h"

#define SEGMENT_NAME 24			/* hexadecimal digits */

typedef struct Salvage
{
	const char *folder;			/* the data directory */
	const char *conninfo;
	const char *programs;		/* where pg_waldump is; NULL: look */
	bool		has_since;
	uint64_t	since;			/* position */
	bool		json;
	uint64_t	last_known;		/* WAL must be valid at least up to here */
} Salvage;

static Salvage salvage;
static Wal	wal;
static PGconn *conn;
static uint64_t records;
static int64_t first_at;
static int64_t last_at;

static void parse_salvage_options(int argc, char **argv);
static bool parse_position(const char *text, uint64_t *position);
static char *find_program(const char *name, const char *version);
static char *read_version(void);
static const char *find_line(char *text, const char *name);
static void read_control(const char *version);
static void ask_fork(void);
static void find_segments(void);
static const char *database_name(uint32_t oid);
static void take_record(const Salvaged *record);
static void take_salvage_message(const Message *message);
static int	not_read(const char *format,...) __attribute__((format(printf, 1, 2)));
static int	report_salvage(void);

int
run_salvage(int argc, char **argv)
{
	char	   *version;

	parse_salvage_options(argc, argv);
	version = read_version();
	wal.folder = file_path(salvage.folder, "pg_wal");
	wal.program = find_program("pg_waldump", version);
	read_control(version);
	ask_fork();
	find_segments();
	if (!salvage.json)
		salvage_put_names();
	wal_read(&wal, take_salvage_message);
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
			if (!parse_position(optarg, &salvage.since))
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

static bool
parse_position(const char *text, uint64_t *position)
{
	uint32_t	high;
	uint32_t	low;
	int			width = 0;

	if (sscanf(text, "%8" SCNx32 "/%8" SCNx32 "%n", &high, &low, &width) != 2 || text[width] != '\0')
		return false;
	*position = (uint64_t) high << 32 | low;
	return true;
}

/* The major version of the server, as its directory names it. */
static char *
read_version(void)
{
	char	   *path = file_path(salvage.folder, "PG_VERSION");
	size_t		length;
	char	   *version;

	if (!file_exists(path))
		fail(EXIT_UNCHECKED, "\"%s\" is not a data directory of PostgreSQL", salvage.folder);
	version = file_read(path, &length);
	version[strspn(version, "0123456789.")] = '\0';
	free(path);
	return version;
}

/* In --bindir, beside this program, where packages put it, or wherever PATH says. */
static char *
find_program(const char *name, const char *version)
{
	char		folders[3][1024] = {""};
	ssize_t		length = readlink("/proc/self/exe", folders[0], sizeof(folders[0]) - 1);

	if (salvage.programs != NULL)
		return file_path(salvage.programs, name);
	folders[0][length > 0 ? length : 0] = '\0';
	if (strrchr(folders[0], '/') != NULL)
		*strrchr(folders[0], '/') = '\0';
	snprintf(folders[1], sizeof(folders[1]), "/usr/lib/postgresql/%s/bin", version);
	snprintf(folders[2], sizeof(folders[2]), "/usr/pgsql-%s/bin", version);
	for (int i = 0; i < 3; i++)
	{
		char	   *path = file_path(folders[i], name);

		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return strdup(name);
}

/* What stands behind "name:" in the output of pg_controldata. */
static const char *
find_line(char *text, const char *name)
{
	char	   *line = strstr(text, name);

	if (line == NULL || line[strlen(name)] != ':')
		fail(EXIT_UNCHECKED, "pg_controldata does not say \"%s\"", name);
	line += strlen(name) + 1;
	return line + strspn(line, " ");
}

/* Also refuses a pg_waldump of another version: it would not know this WAL. */
static void
read_control(const char *version)
{
	char	   *program = find_program("pg_controldata", version);
	char	   *arguments[] = {program, (char *) salvage.folder, NULL};
	char	   *of_waldump[] = {wal.program, "--version", NULL};
	char		text[16384];
	size_t		length = 0;
	FILE	   *output;
	int			child;
	int			status;

	for (int i = 0; i < 2; i++)
	{
		output = wal_run(i == 0 ? of_waldump : arguments, STDERR_FILENO, &child);
		length = output == NULL ? 0 : fread(text, 1, sizeof(text) - 1, output);
		text[length] = '\0';
		if (output != NULL)
			fclose(output);
		if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
			fail(EXIT_UNCHECKED, "could not run \"%s\": see --bindir", i == 0 ? wal.program : program);
		if (i == 0)
		{
			const char *number = strstr(text, "(PostgreSQL) ");

			number = number != NULL ? number + strlen("(PostgreSQL) ") : "";
			if (strncmp(number, version, strlen(version)) != 0 || strspn(number + strlen(version), "0123456789") > 0)
				fail(EXIT_UNCHECKED, "\"%s\" has WAL of PostgreSQL %s, which \"%s\" does not know: see --bindir",
					 salvage.folder, version, wal.program);
		}
	}
	wal.segment_bytes = strtoull(find_line(text, "Bytes per WAL segment"), NULL, 10);
	wal.page_bytes = strtoull(find_line(text, "WAL block size"), NULL, 10);
	if (wal.timeline == 0)
		wal.timeline = (uint32_t) strtoul(find_line(text, "Latest checkpoint's TimeLineID"), NULL, 10);
	if (strtoul(find_line(text, "Latest checkpoint's TimeLineID"), NULL, 10) == wal.timeline)
	{
		char		position[32];

		snprintf(position, sizeof(position), "%.*s", (int) strcspn(find_line(text, "Latest checkpoint location"), "\n"),
				 find_line(text, "Latest checkpoint location"));
		(void) parse_position(position, &salvage.last_known);
	}
	if (wal.segment_bytes == 0 || wal.page_bytes == 0)
		fail(EXIT_UNCHECKED, "pg_controldata says nothing of WAL");
	free(program);
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
	if (!parse_position(position, &salvage.since))
		fail(EXIT_UNCHECKED, "the server's record of the failover is not understood");
	salvage.has_since = true;
	PQclear(result);
}

/*
 * Reads from the position, or, where its segment is not there any more, from the oldest one
 * that is.  Segments behind the end of WAL have been recycled: their names say nothing.
 */
static void
find_segments(void)
{
	DIR		   *dir = opendir(wal.folder);
	struct dirent *entry;
	uint64_t	wanted = salvage.since / wal.segment_bytes;
	uint64_t	oldest = UINT64_MAX;

	if (dir == NULL)
		fail(EXIT_UNCHECKED, "could not open \"%s\": %s", wal.folder, strerror(errno));
	while ((entry = readdir(dir)) != NULL)
	{
		uint32_t	timeline;
		uint32_t	high;
		uint32_t	low;
		uint64_t	number;

		if (strspn(entry->d_name, "0123456789ABCDEF") != SEGMENT_NAME || entry->d_name[SEGMENT_NAME] != '\0' ||
			sscanf(entry->d_name, "%8" SCNx32 "%8" SCNx32 "%8" SCNx32, &timeline, &high, &low) != 3 || timeline != wal.timeline)
			continue;
		number = high * ((UINT64_C(1) << 32) / wal.segment_bytes) + low;
		if (number >= wanted && number < oldest)
			oldest = number;
	}
	closedir(dir);
	if (oldest == UINT64_MAX)
		fail(EXIT_UNCHECKED, "\"%s\" has no WAL of timeline %u from there on", wal.folder, wal.timeline);
	wal.from = oldest > wanted || !salvage.has_since ? oldest * wal.segment_bytes : salvage.since;
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

	if (oid == UNKNOWN_DATABASE)
		return "unknown";
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
	if (message->database != NO_DATABASE)
		message_read(message, take_record);
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

/* On stderr, since stdout has records only. */
static int
report_salvage(void)
{
	int			code = EXIT_GOOD;

	fflush(stdout);
	fprintf(stderr, "%" PRIu64 " records, in %" PRIu64 " messages in WAL of timeline %u from " POSITION " on%s",
			records, left.messages, wal.timeline, POSITION_ARGS(wal.from), salvage.has_since ? "" : ", which is all that there is");
	if (records > 0)
	{
		fputs(", made between ", stderr);
		cell_put_time(stderr, &first_at);
		fputs(" and ", stderr);
		cell_put_time(stderr, &last_at);
	}
	fputc('\n', stderr);
	if (wal.last != 0)
		fprintf(stderr, "the last valid record of WAL is at " POSITION "\n", POSITION_ARGS(wal.last));
	if (salvage.has_since && wal.from > salvage.since)
		code = not_read("WAL from " POSITION " to " POSITION " is not there any more: the archive may have it",
						POSITION_ARGS(salvage.since), POSITION_ARGS(wal.from));
	if (wal.nothing && wal.from > salvage.last_known)
		fputs("WAL ends there\n", stderr);
	else if (wal.last == 0)
		code = not_read("it is not known where WAL ends; pg_waldump says: %s", wal.why);
	else if (wal.last < salvage.last_known)
		code = not_read("WAL is damaged behind " POSITION ", since the last checkpoint of the server is at " POSITION "; pg_waldump says: %s",
						POSITION_ARGS(wal.last), POSITION_ARGS(salvage.last_known), wal.why);
	if (left.unknown > 0)
		code = not_read("%" PRIu64 " messages are malformed, or of a later version of contact_guard", left.unknown);
	if (left.missing > 0)
		code = not_read("%" PRIu64 " messages are missing between others of their sessions", left.missing);
	if (left.again > 0)
		fprintf(stderr, "%" PRIu64 " messages are there twice, and were taken once\n", left.again);
	if (left.messages > 0)
		fprintf(stderr, "the seals of the messages were not checked: a role of that server that could call pg_logical_emit_message() may have made false ones. The keys are in contact_guard.journal_key of each database, whose files are in \"%s/base/OID\" of the database: only a server that starts on a copy of the directory checks them\n", salvage.folder);
	return code;
}
