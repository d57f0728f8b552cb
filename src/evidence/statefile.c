/*
 * statefile.c
 *		Small files beside the signing key, outside the data directory.
 *
 * The last signed checkpoint must survive whatever happens to the data directory: after a
 * restore from a backup, another history must not be signed under the same name.
 */
#include "postgres.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "access/xlog.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/fd.h"

#include "base/datadir.h"
#include "base/guc.h"
#include "evidence/statefile.h"

#define STATE_MAX (64 * 1024)

/*
 * The beginning of a line that says whose file it is.  To others it is the signature of a key
 * that nobody knows, so the file stays a signed note.  Its bytes say nothing.
 */
#define OWNER "\xE2\x80\x94 contact_guard.log/"
#define OWNER_BYTES "AAAAAAA="

#define LOCK_TRIES 50
#define LOCK_PAUSE 100000L		/* microseconds */

static char *plain_name(const char *name);
static char *old_name(const char *name);
static bool is_file_of(const char *path, const char *name);
static bool parse_numbered(const char *name, int *number, char *mark);
static int number_in(const char *text);
static void consider(const char *origin, int number, const char *mark, CgLaterNames *later);

char *
cg_statefile_path(const char *name)
{
	char		directory[MAXPGPATH];
	char	   *path;
	char	   *old;

	if (cg_state_directory[0] != '\0')
		strlcpy(directory, cg_state_directory, sizeof(directory));
	else
	{
		strlcpy(directory, cg_signing_key_file, sizeof(directory));
		directory[strcspn(directory, ",")] = '\0';
		get_parent_directory(directory);
	}
	if (!is_absolute_path(directory))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIG_FILE_ERROR),
				 errmsg("contact_guard has no directory for the state of its checkpoints"),
				 errhint("Set contact_guard.state_directory, or contact_guard.signing_key_file to an absolute path.")));
	canonicalize_path(directory);
	if (cg_datadir_has(directory))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIG_FILE_ERROR),
				 errmsg("directory \"%s\" is in the data directory", directory),
				 errdetail("A restored backup would bring an old state of the checkpoints along.")));
	path = psprintf("%s/contact_guard.%s", directory, plain_name(name));
	old = psprintf("%s/contact_guard.%s", directory, old_name(name));
	return access(path, F_OK) != 0 && is_file_of(old, name) ? old : path;
}

/*
 * An origin may contain slashes, as a URL does.  No origin contains a "+", so two origins
 * never have the same file.
 */
static char *
plain_name(const char *name)
{
	char	   *plain = pstrdup(name);

	for (char *at = plain; *at; at++)
		if (*at == '/')
			*at = '+';
	return plain;
}

/* The name in version 1.0, in which ".../crm_2" and ".../crm/2" were the same */
static char *
old_name(const char *name)
{
	char	   *old = pstrdup(name);

	for (char *at = old; *at; at++)
		if (*at == '/' || *at == '\'')
			*at = '_';
	return old;
}

/*
 * Is there a file with the old name, and is it the one of this name?  It is not if its first
 * line is another origin that had the same file.  A damaged file is taken for ours, so that
 * its reader complains.
 */
static bool
is_file_of(const char *path, const char *name)
{
	char	   *text = cg_statefile_read(path);
	const char *suffix = strrchr(name, '.');
	char	   *other;

	if (text == NULL || suffix == NULL)
		return text != NULL;
	text[strcspn(text, "\n")] = '\0';
	other = psprintf("%s%s", text, suffix);
	return strcmp(other, name) == 0 || strcmp(old_name(other), old_name(name)) != 0;
}

void
cg_statefile_write(const char *path, const char *text)
{
	char	   *temporary = psprintf("%s.tmp", path);
	int			fd = OpenTransientFilePerm(temporary, O_WRONLY | O_CREAT | O_TRUNC | PG_BINARY, 0600);
	ssize_t		length = strlen(text);

	if (fd < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not create file \"%s\": %m", temporary)));
	errno = 0;
	if (write(fd, text, length) != length)
	{
		if (errno == 0)
			errno = ENOSPC;
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not write file \"%s\": %m", temporary)));
	}
	if (CloseTransientFile(fd) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not close file \"%s\": %m", temporary)));
	/* durable_rename flushes the file, renames it, and flushes the directory. */
	(void) durable_rename(temporary, path, ERROR);
}

/*
 * A lock of POSIX, since it holds over NFS as well, and ends with the process.  flock() and a
 * file that is made with O_EXCL were rejected: the one is local on some file systems, and the
 * other stays after a crash.
 */
int
cg_statefile_lock(const char *path)
{
	char	   *name = psprintf("%s.lock", path);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int			fd = OpenTransientFilePerm(name, O_RDWR | O_CREAT | PG_BINARY, 0600);

	if (fd < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not create file \"%s\": %m", name)));
	for (int tries = 1; fcntl(fd, F_SETLK, &lock) != 0; tries++)
	{
		if (errno != EACCES && errno != EAGAIN && errno != EINTR)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not lock file \"%s\": %m", name),
					 errhint("Set contact_guard.state_directory to a directory whose file system has locks of POSIX. NFS has them if its lock service runs.")));
		if (tries == LOCK_TRIES)
			ereport(ERROR,
					(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
					 errmsg("another server signs with the state file \"%s\"", path),
					 errdetail("It has held the lock of the file for %d seconds.", (int) (LOCK_TRIES * LOCK_PAUSE / 1000000)),
					 errhint("Only one server may sign under one name: stop the other one, or give it a contact_guard.origin of its own.")));
		CHECK_FOR_INTERRUPTS();
		pg_usleep(LOCK_PAUSE);
	}
	return fd;
}

void
cg_statefile_unlock(int fd)
{
	(void) CloseTransientFile(fd);
}

char *
cg_statefile_read(const char *path)
{
	FILE	   *file = AllocateFile(path, "r");
	char	   *text;
	size_t		length;

	if (file == NULL && errno == ENOENT)
		return NULL;
	if (file == NULL)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open file \"%s\": %m", path)));
	text = palloc(STATE_MAX);
	length = fread(text, 1, STATE_MAX - 1, file);
	if (ferror(file))
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read file \"%s\": %m", path)));
	FreeFile(file);
	text[length] = '\0';
	return text;
}

char *
cg_statefile_numbered(const char *origin, int number, const char *mark)
{
	if (number == 1)
		return pstrdup(origin);
	return psprintf("%s/%d%s%s", origin, number, mark[0] != '\0' ? "-" : "", mark);
}

char *
cg_statefile_read_checkpoint(const char *origin, int number, const char *mark)
{
	return cg_statefile_read(cg_statefile_path(psprintf("%s.checkpoint", cg_statefile_numbered(origin, number, mark))));
}

/* The number and the mark in what stands behind an origin in the name of a file; or false. */
static bool
parse_numbered(const char *name, int *number, char *mark)
{
	size_t		digits = strspn(name, "0123456789");

	if (digits == 0 || digits > 9 || name[0] == '0')
		return false;
	*number = atoi(name);
	name += digits;
	mark[0] = '\0';
	if (name[0] == '-' && strspn(name + 1, "0123456789abcdef") == CG_STATEFILE_MARK)
	{
		strlcpy(mark, name + 1, CG_STATEFILE_MARK + 1);
		name += 1 + CG_STATEFILE_MARK;
	}
	return strcmp(name, ".checkpoint") == 0;
}

char *
cg_statefile_owned(const char *note, int number)
{
	return psprintf("%s" OWNER UINT64_FORMAT "/%u/%d " OWNER_BYTES "\n", note,
					GetSystemIdentifier(), MyDatabaseId, number);
}

/* The number of its log's name, by the line that says whose file it is; 0 without such a line, as in 1.0. */
static int
number_in(const char *text)
{
	const char *line = text ? strstr(text, "\n" OWNER) : NULL;
	uint64		system;
	uint32		database;
	int			number;

	if (line == NULL || sscanf(line + strlen("\n" OWNER), UINT64_FORMAT "/%u/%d", &system, &database, &number) != 3)
		return 0;
	return number;
}

/* Takes into account that there is a file of a later name. */
static void
consider(const char *origin, int number, const char *mark, CgLaterNames *later)
{
	int			says = number_in(cg_statefile_read_checkpoint(origin, number, mark));

	later->highest = Max(later->highest, number);
	if (says == 0)
		later->unproved = Max(later->unproved, number);
	else if (says == number && number > later->newest)
	{
		later->newest = number;
		strlcpy(later->mark, mark, sizeof(later->mark));
	}
}

void
cg_statefile_find_later(const char *origin, int number, const char *mark, CgLaterNames *later)
{
	char	   *path = cg_statefile_path(psprintf("%s/", origin));
	char	   *prefix = strrchr(path, '/') + 1;
	DIR		   *dir;
	struct dirent *entry;

	*later = (CgLaterNames) {.newest = number, .highest = number};
	strlcpy(later->mark, mark, sizeof(later->mark));
	/* By their names, since version 1.0 has named some of them otherwise. */
	for (int next = number + 1; cg_statefile_read_checkpoint(origin, next, "") != NULL; next++)
		consider(origin, next, "", later);
	prefix[-1] = '\0';
	dir = AllocateDir(path);
	/* An error here is that of ReadDir. */
	while ((entry = ReadDir(dir, path)) != NULL)
	{
		int			found;
		char		found_mark[CG_STATEFILE_MARK + 1];

		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
			parse_numbered(entry->d_name + strlen(prefix), &found, found_mark) && found > number)
			consider(origin, found, found_mark, later);
	}
	FreeDir(dir);
}

void
cg_statefile_make_mark(char *mark)
{
	uint32		random;

	StaticAssertStmt(CG_STATEFILE_MARK == 2 * sizeof(random), "a mark has all digits of its number");
	if (!pg_strong_random(&random, sizeof(random)))
		elog(ERROR, "could not generate a random number");
	snprintf(mark, CG_STATEFILE_MARK + 1, "%08x", random);
}
