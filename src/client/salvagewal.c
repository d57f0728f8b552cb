/*
 * salvagewal.c
 *		The messages in the WAL of a stopped server, by pg_waldump.
 *
 * pg_waldump finds the records, checks their CRC and prints the bytes of messages.  It prints
 * neither the database nor where the bytes stand, so the database is read from the segment:
 * it is the first number of the record's data.
 */
#include "salvage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE_HEADER 24
#define SEGMENT_HEADER 40		/* of the first page of a segment */
#define RECORD_HEADER 24
#define DATA_SHORT 255			/* a byte with the length of the data follows */
#define DATA_LONG 254			/* four bytes */
#define ORIGIN 253
#define TOPLEVEL_XID 252

#define PREFIX "MESSAGE non-transactional, prefix \"contact_guard\"; payload ("

static bool read_bytes(const Wal *wal, uint64_t *position, uint8_t *bytes, size_t length);
static uint32_t database_at(const Wal *wal, uint64_t position);
static bool parse_hex(const char *text, uint8_t *bytes, size_t length);
static void take_line(const Wal *wal, char *line, void (*take) (const Message *message));
static void read_end(Wal *wal, int errors);

FILE *
wal_run(char *const *arguments, int errors, int *child)
{
	int			ends[2];

	fflush(stdout);
	if (pipe(ends) != 0 || (*child = fork()) < 0)
		fail(EXIT_UNCHECKED, "could not start \"%s\": %s", arguments[0], strerror(errno));
	if (*child == 0)
	{
		/* Its messages are parsed. */
		(void) setenv("LC_ALL", "C", 1);
		(void) dup2(ends[1], STDOUT_FILENO);
		(void) dup2(errors, STDERR_FILENO);
		(void) close(ends[0]);
		(void) execvp(arguments[0], arguments);
		_exit(127);
	}
	(void) close(ends[1]);
	return fdopen(ends[0], "r");
}

/* Reads bytes of a record, which may go on on the next page, and moves the position. */
static bool
read_bytes(const Wal *wal, uint64_t *position, uint8_t *bytes, size_t length)
{
	static FILE *file;
	static uint64_t opened = UINT64_MAX;

	for (size_t at = 0; at < length;)
	{
		uint64_t	in_segment = *position % wal->segment_bytes;
		uint64_t	number = *position / wal->segment_bytes;
		uint64_t	per_id = (UINT64_C(1) << 32) / wal->segment_bytes;
		uint64_t	left_in_page = wal->page_bytes - *position % wal->page_bytes;
		size_t		part = length - at < left_in_page ? length - at : (size_t) left_in_page;

		if (*position % wal->page_bytes == 0)
		{
			*position += in_segment == 0 ? SEGMENT_HEADER : PAGE_HEADER;
			continue;
		}
		if (number != opened)
		{
			char		name[32];
			char	   *path;

			snprintf(name, sizeof(name), "%08X%08X%08X", wal->timeline, (uint32_t) (number / per_id), (uint32_t) (number % per_id));
			path = file_path(wal->folder, name);
			if (file != NULL)
				fclose(file);
			file = fopen(path, "r");
			free(path);
			opened = number;
		}
		if (file == NULL || fseeko(file, (off_t) in_segment, SEEK_SET) != 0 || fread(bytes + at, 1, part, file) != part)
			return false;
		at += part;
		*position += part;
	}
	return true;
}

/* The database of the message that begins there. */
static uint32_t
database_at(const Wal *wal, uint64_t position)
{
	uint8_t		bytes[RECORD_HEADER];
	uint32_t	database;

	if (!read_bytes(wal, &position, bytes, RECORD_HEADER))
		return UNKNOWN_DATABASE;
	do
	{
		if (!read_bytes(wal, &position, bytes, 1))
			return UNKNOWN_DATABASE;
		if ((bytes[0] == ORIGIN && !read_bytes(wal, &position, bytes + 1, 2)) ||
			(bytes[0] == TOPLEVEL_XID && !read_bytes(wal, &position, bytes + 1, 4)))
			return UNKNOWN_DATABASE;
	} while (bytes[0] == ORIGIN || bytes[0] == TOPLEVEL_XID);
	if ((bytes[0] != DATA_SHORT && bytes[0] != DATA_LONG) ||
		!read_bytes(wal, &position, bytes + 1, bytes[0] == DATA_SHORT ? 1 : 4) ||
		!read_bytes(wal, &position, (uint8_t *) &database, sizeof(database)))
		return UNKNOWN_DATABASE;
	return database;
}

static bool
parse_hex(const char *text, uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		char		digits[3] = {text[0], text[0] != '\0' ? text[1] : '\0', '\0'};
		char	   *end;

		bytes[i] = (uint8_t) strtoul(digits, &end, 16);
		if (end != digits + 2)
			return false;
		text += 2;
		if (*text == ' ')
			text++;
	}
	return *text == '\0' || *text == '\n';
}

/* Lines of other messages have another prefix.  The bytes are written over the line. */
static void
take_line(const Wal *wal, char *line, void (*take_message) (const Message *message))
{
	const char *lsn = strstr(line, ", lsn: ");
	char	   *payload = strstr(line, PREFIX);
	uint32_t	high;
	uint32_t	low;
	unsigned long long length;
	int			width = 0;
	Message		message = {0};

	/* The description comes behind the position, so no prefix of others can pretend to be ours. */
	if (lsn == NULL || payload == NULL || strncmp(payload - strlen("desc: "), "desc: ", strlen("desc: ")) != 0 ||
		strstr(line, "desc: ") != payload - strlen("desc: ") ||
		sscanf(lsn, ", lsn: %" SCNx32 "/%" SCNx32, &high, &low) != 2)
		return;
	payload += strlen(PREFIX);
	if (sscanf(payload, "%llu bytes): %n", &length, &width) != 1 || width == 0)
		return;
	message.position = (uint64_t) high << 32 | low;
	message.data = (const uint8_t *) payload;
	message.length = (size_t) length;
	if (length > strlen(payload + width) || !parse_hex(payload + width, (uint8_t *) payload, (size_t) length))
		fail(EXIT_UNCHECKED, "a line of pg_waldump is not understood, of the message at %X/%X", high, low);
	message.database = database_at(wal, message.position);
	take_message(&message);
}

/* Where WAL ends, pg_waldump fails, and says where and why. */
static void
read_end(Wal *wal, int errors)
{
	ssize_t		length;
	const char *at;
	uint32_t	high;
	uint32_t	low;

	(void) lseek(errors, 0, SEEK_SET);
	length = read(errors, wal->why, sizeof(wal->why) - 1);
	wal->why[length > 0 ? length : 0] = '\0';
	wal->why[strcspn(wal->why, "\n")] = '\0';
	at = strstr(wal->why, "WAL record at ");
	if (at != NULL && sscanf(at, "WAL record at %" SCNx32 "/%" SCNx32, &high, &low) == 2)
		wal->last = (uint64_t) high << 32 | low;
	/* It ends with a segment. */
	at = strstr(wal->why, "could not find file \"");
	if (at != NULL && sscanf(at, "could not find file \"%*8c%8" SCNx32 "%8" SCNx32 "\"", &high, &low) == 2)
		wal->last = (high * ((UINT64_C(1) << 32) / wal->segment_bytes) + low) * wal->segment_bytes - 1;
	wal->nothing = strstr(wal->why, "could not find a valid record") != NULL;
}

void
wal_read(Wal *wal, void (*take_message) (const Message *message))
{
	char		start[32];
	char		timeline[16];
	char	   *arguments[] = {wal->program, "--path", wal->folder, "--timeline", timeline, "--start", start,
	"--rmgr", "LogicalMessage", NULL};
	FILE	   *errors = tmpfile();
	FILE	   *output;
	int			child;
	int			status;
	char	   *line = NULL;
	size_t		room = 0;

	if (errors == NULL)
		fail(EXIT_UNCHECKED, "could not create a temporary file: %s", strerror(errno));
	snprintf(start, sizeof(start), "%X/%X", (uint32_t) (wal->from >> 32), (uint32_t) wal->from);
	snprintf(timeline, sizeof(timeline), "%u", wal->timeline);
	output = wal_run(arguments, fileno(errors), &child);
	while (output != NULL && getline(&line, &room, output) > 0)
		take_line(wal, line, take_message);
	if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) == 127)
		fail(EXIT_UNCHECKED, "could not run \"%s\": see --bindir", wal->program);
	read_end(wal, fileno(errors));
	free(line);
	fclose(output);
	fclose(errors);
}
