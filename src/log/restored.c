/*
 * restored.c
 *		A base backup that is started: its WAL is kept until it is recorded.
 *
 * A base backup has no slots.  Recovery ends with a checkpoint, which removes the WAL that
 * came with the backup, before a launcher can make a slot.  Records that were not stored
 * when the backup was taken would be lost, and the log would have a gap in any case.  So
 * while a backup begins its life, wal_keep_size is what its WAL needs.  It stays so until the
 * next start: the setting of the running server cannot be taken back.
 */
#include "postgres.h"

#include <limits.h>
#include <sys/stat.h>

#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/guc.h"

#include "log/restored.h"

static int	count_segments(void);

static int
count_segments(void)
{
	DIR		   *dir = AllocateDir(XLOGDIR);
	struct dirent *entry;
	int			count = 0;

	while ((entry = ReadDirExtended(dir, XLOGDIR, LOG)) != NULL)
		count += IsXLogFileName(entry->d_name) || IsPartialXLogFileName(entry->d_name);
	FreeDir(dir);
	return count;
}

void
cg_restored_init(void)
{
	struct stat st;
	int64		needed;
	char		value[32];

	if (!process_shared_preload_libraries_in_progress || IsBinaryUpgrade ||
		stat(BACKUP_LABEL_FILE, &st) != 0)
		return;
	/* The segment that recovery ends in, and the next one, may come on top. */
	needed = (int64) (count_segments() + 2) * wal_segment_size / (1024 * 1024);
	if (needed <= wal_keep_size_mb || needed > INT_MAX)
		return;
	snprintf(value, sizeof(value), "%d", (int) needed);
	SetConfigOption("wal_keep_size", value, PGC_POSTMASTER, PGC_S_OVERRIDE);
}
