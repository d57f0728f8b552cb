/*
 * salvagecontrol.c
 *		What the control file of a data directory says, by pg_controldata.
 *
 * Its form is another one in each version, so the program of that version reads it.  The
 * directory may be anybody's: what is not a file is not opened, and no size is believed that a
 * server cannot have.
 */
#include "salvage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_TEXT 16384

static bool is_regular(const char *path);
static char *read_version(const char *folder);
static char *find_program(const char *programs, const char *name, const char *version);
static void run_program(char *const *arguments, char *text);
static const char *find_line(const char *text, const char *name);
static uint64_t read_power(const char *text, const char *name, uint64_t least, uint64_t most);

bool
control_parse_position(const char *text, uint64_t *position)
{
	uint32_t	high;
	uint32_t	low;
	int			width = 0;

	if (sscanf(text, "%8" SCNx32 "/%8" SCNx32 "%n", &high, &low, &width) != 2 || (text[width] != '\0' && text[width] != '\n'))
		return false;
	*position = (uint64_t) high << 32 | low;
	return true;
}

static bool
is_regular(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The major version of the server, as its directory names it. */
static char *
read_version(const char *folder)
{
	char	   *path = file_path(folder, "PG_VERSION");
	char	   *control = file_path(folder, "global/pg_control");
	size_t		length;
	char	   *version;

	if (!is_regular(path))
		fail(EXIT_UNCHECKED, "\"%s\" is not a data directory of PostgreSQL", folder);
	if (!is_regular(control))
		fail(EXIT_UNCHECKED, "\"%s\" is not a file", control);
	version = file_read(path, &length);
	version[strspn(version, "0123456789.")] = '\0';
	free(path);
	free(control);
	return version;
}

/* In --bindir, beside this program, where packages put it, or wherever PATH says. */
static char *
find_program(const char *programs, const char *name, const char *version)
{
	char		folders[3][1024] = {""};
	ssize_t		length = readlink("/proc/self/exe", folders[0], sizeof(folders[0]) - 1);

	if (programs != NULL)
		return file_path(programs, name);
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

/* Puts the output of a program into text, which has MOST_TEXT bytes. */
static void
run_program(char *const *arguments, char *text)
{
	int			ends[2];
	int			child;
	int			status;
	FILE	   *output;

	fflush(stdout);
	if (pipe(ends) != 0 || (child = fork()) < 0)
		fail(EXIT_UNCHECKED, "could not start \"%s\": %s", arguments[0], strerror(errno));
	if (child == 0)
	{
		/* Its messages are parsed. */
		(void) setenv("LC_ALL", "C", 1);
		(void) dup2(ends[1], STDOUT_FILENO);
		(void) close(ends[0]);
		(void) execvp(arguments[0], arguments);
		_exit(127);
	}
	(void) close(ends[1]);
	output = fdopen(ends[0], "r");
	text[output == NULL ? 0 : fread(text, 1, MOST_TEXT - 1, output)] = '\0';
	if (output != NULL)
		fclose(output);
	if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail(EXIT_UNCHECKED, "could not run \"%s\": see --bindir", arguments[0]);
}

/* What stands behind "name:" in the output of pg_controldata. */
static const char *
find_line(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	if (line == NULL || line[strlen(name)] != ':')
		fail(EXIT_UNCHECKED, "pg_controldata does not say \"%s\"", name);
	line += strlen(name) + 1;
	return line + strspn(line, " ");
}

/* A power of two between the two */
static uint64_t
read_power(const char *text, const char *name, uint64_t least, uint64_t most)
{
	uint64_t	size = strtoull(find_line(text, name), NULL, 10);

	if (size < least || size > most || (size & (size - 1)) != 0)
		fail(EXIT_UNCHECKED, "the control file is damaged: \"%s\" cannot be %" PRIu64, name, size);
	return size;
}

void
control_read(Wal *wal, const char *folder, const char *programs)
{
	char	   *version = read_version(folder);
	char	   *program = find_program(programs, "pg_controldata", version);
	char	   *ask_version[] = {program, "--version", NULL};
	char	   *ask_control[] = {program, (char *) folder, NULL};
	char		text[MOST_TEXT];
	const char *number;
	uint32_t	timeline;

	run_program(ask_version, text);
	number = strstr(text, "(PostgreSQL) ");
	number = number != NULL ? number + strlen("(PostgreSQL) ") : "";
	if (strncmp(number, version, strlen(version)) != 0 || strspn(number + strlen(version), "0123456789") > 0)
		fail(EXIT_UNCHECKED, "\"%s\" has WAL of PostgreSQL %s, which \"%s\" does not know: see --bindir",
			 folder, version, program);
	run_program(ask_control, text);
	if (strstr(text, "WARNING:") != NULL)
		fail(EXIT_UNCHECKED, "the control file of \"%s\" is damaged: pg_controldata warns of it", folder);
	wal->segment_bytes = read_power(text, "Bytes per WAL segment", 1 << 20, 1 << 30);
	wal->page_bytes = read_power(text, "WAL block size", 1024, MOST_PAGE_BYTES);
	wal->system = strtoull(find_line(text, "Database system identifier"), NULL, 10);
	timeline = (uint32_t) strtoul(find_line(text, "Latest checkpoint's TimeLineID"), NULL, 10);
	if (wal->timeline == 0)
		wal->timeline = timeline;
	if (timeline == wal->timeline)
		(void) control_parse_position(find_line(text, "Latest checkpoint location"), &wal->last_checkpoint);
	free(program);
	free(version);
}
