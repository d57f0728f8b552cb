/*
 * files.c
 *		Reads files, and writes files that are never partial.
 */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_whole(const char *path, const void *data, size_t length, bool durable);
static void require_replaceable(const char *path);
static int	create_aside(const char *path, char *aside, size_t room);
static void abandon(const char *aside, const char *what, const char *path) __attribute__((noreturn));
static void sync_folder(const char *path);
static void make_folders(const char *path);

/* Our files are smaller than this.  A larger file may be endless, as a device is. */
#define FILE_BYTES ((size_t) 64 << 20)

/* So many names are tried for a temporary file. */
#define MOST_NAMES 100

char *
file_read(const char *path, size_t *length)
{
	FILE	   *file = fopen(path, "rb");
	char	   *data = NULL;
	size_t		room = 0;

	*length = 0;
	if (file == NULL)
		fail(EXIT_UNCHECKED, "could not open \"%s\": %s", path, strerror(errno));
	while (!feof(file) && !ferror(file))
	{
		if (*length > FILE_BYTES)
			fail(EXIT_UNCHECKED, "\"%s\" is too large", path);
		if (room - *length < 4096)
			data = reallocate(data, room = 2 * room + 65536);
		*length += fread(data + *length, 1, room - *length - 1, file);
	}
	if (ferror(file))
		fail(EXIT_UNCHECKED, "could not read \"%s\": %s", path, strerror(errno));
	fclose(file);
	data[*length] = '\0';
	return data;
}

bool
file_exists(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0)
		return true;
	if (errno != ENOENT)
		fail(EXIT_UNCHECKED, "could not look for \"%s\": %s", path, strerror(errno));
	return false;
}

void
file_write(const char *path, const void *data, size_t length)
{
	write_whole(path, data, length, true);
	sync_folder(path);
}

void
file_write_later(const char *path, const void *data, size_t length)
{
	write_whole(path, data, length, false);
}

void
file_sync_all(const char *folder)
{
	int			fd = open(folder, O_RDONLY | O_DIRECTORY);

	if (fd < 0 || syncfs(fd) != 0)
		fail(EXIT_UNCHECKED, "could not make \"%s\" durable: %s", folder, strerror(errno));
	close(fd);
}

/* Without durable, the file may be empty after a crash, until file_sync_all. */
static void
write_whole(const char *path, const void *data, size_t length, bool durable)
{
	size_t		room = strlen(path) + 64;
	char	   *aside = allocate(room);
	int			fd;
	size_t		written = 0;

	require_replaceable(path);
	fd = create_aside(path, aside, room);
	while (written < length)
	{
		ssize_t		n = write(fd, (const char *) data + written, length - written);

		if (n < 0 && errno != EINTR)
			abandon(aside, "write", aside);
		written += n > 0 ? (size_t) n : 0;
	}
	if ((durable && fsync(fd) != 0) || close(fd) != 0 || rename(aside, path) != 0)
		abandon(aside, "store", path);
	free(aside);
}

/*
 * Ends the program if there is something else than a file.  To rename a file over a device,
 * a link or a pipe would remove it: for root, that is /dev/null as well.
 */
static void
require_replaceable(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		fail(EXIT_UNCHECKED, "\"%s\" is not a file, and is not replaced by one", path);
}

/*
 * Creates a file beside the path, which did not exist, not even as a link.  Somebody else may
 * have put files of some of these names there.
 */
static int
create_aside(const char *path, char *aside, size_t room)
{
	int			fd = -1;

	for (int i = 0; fd < 0 && i < MOST_NAMES; i++)
	{
		snprintf(aside, room, "%s.%ld-%d.tmp", path, (long) getpid(), i);
		fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd < 0)
		fail(EXIT_UNCHECKED, "could not create \"%s\": %s", aside, strerror(errno));
	return fd;
}

/* Ends the program, and leaves nothing behind. */
static void
abandon(const char *aside, const char *what, const char *path)
{
	int			error = errno;

	(void) unlink(aside);
	fail(EXIT_UNCHECKED, "could not %s \"%s\": %s", what, path, strerror(error));
}

/* Flushes the folder, so that the file's name is durable, too. */
static void
sync_folder(const char *path)
{
	char	   *folder = strdup(path);
	char	   *slash = strrchr(folder, '/');
	int			fd;

	if (slash != NULL)
		slash[slash == folder] = '\0';
	fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY);
	if (fd < 0 || fsync(fd) != 0)
		fail(EXIT_UNCHECKED, "could not make \"%s\" durable: %s", path, strerror(errno));
	close(fd);
	free(folder);
}

char *
file_path(const char *folder, const char *name)
{
	char	   *path = allocate(strlen(folder) + strlen(name) + 2);

	sprintf(path, "%s/%s", folder, name);
	return path;
}

/* N is written in groups of three digits, with an "x" before all groups but the last. */
char *
file_tile_path(const char *folder, const char *kind, uint64_t n, int width)
{
	char		groups[64] = "";
	char		name[128];

	do
	{
		char		rest[64];

		strcpy(rest, groups);
		snprintf(groups, sizeof(groups), "/%s%03llu%s", rest[0] == '\0' ? "" : "x",
				 (unsigned long long) (n % 1000), rest);
		n /= 1000;
	} while (n > 0);
	if (width < CG_TILE_WIDTH)
		snprintf(name, sizeof(name), "tile/%s%s.p/%d", kind, groups, width);
	else
		snprintf(name, sizeof(name), "tile/%s%s", kind, groups);
	return file_path(folder, name);
}

void
file_write_below(char *path, const void *data, size_t length)
{
	make_folders(path);
	file_write(path, data, length);
	free(path);
}

/* Makes the folders of a file's path. */
static void
make_folders(const char *path)
{
	char	   *copy = strdup(path);

	for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
	{
		*slash = '\0';
		if (mkdir(copy, 0755) != 0 && errno != EEXIST)
			fail(EXIT_UNCHECKED, "could not create \"%s\": %s", copy, strerror(errno));
		*slash = '/';
	}
	free(copy);
}
