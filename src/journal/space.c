/*
 * space.c
 *		Free space where WAL is written: contact_guard.min_free_space.
 *
 * A record of a read is WAL.  If WAL cannot be written because the disk is full, PostgreSQL
 * stops the whole server.  So guarded reads, and the WAL of their records, end before that,
 * and the rest of the database goes on.
 */
#include "postgres.h"

#include <sys/statvfs.h>

#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "utils/timestamp.h"

#include "base/guc.h"
#include "journal/space.h"

#define MEGABYTE (1024 * 1024)
#define RECORDER_SHARE 8

static uint64 free_megabytes(void);

/* PG_UINT64_MAX if it is not known.  The processes of a server stand in its data directory. */
static uint64
free_megabytes(void)
{
	static TimestampTz looked_at = 0;
	static uint64 result = PG_UINT64_MAX;
	TimestampTz now = GetCurrentTimestamp();
	struct statvfs fs;

	if (now >= looked_at && now - looked_at < USECS_PER_SEC)
		return result;
	looked_at = now;
	result = statvfs(XLOGDIR, &fs) == 0 ? (uint64) fs.f_bavail * fs.f_frsize / MEGABYTE : PG_UINT64_MAX;
	return result;
}

void
cg_space_require(void)
{
	uint64		left;

	/* A standby's records are on the disk of the primary, which looks at it. */
	if (cg_min_free_space == 0 || RecoveryInProgress())
		return;
	left = free_megabytes();
	if (left < (uint64) cg_min_free_space)
		ereport(ERROR,
				(errcode(ERRCODE_DISK_FULL),
				 errmsg("guarded columns cannot be read: the disk of the write-ahead log is nearly full"),
				 errdetail("The file system of pg_wal has " UINT64_FORMAT " MB left, and contact_guard.min_free_space is %d MB.",
						   left, cg_min_free_space),
				 errhint("Make room there. Everything else goes on meanwhile.")));
}

bool
cg_space_is_short(void)
{
	return cg_min_free_space > 0 && free_megabytes() < (uint64) Max(cg_min_free_space / RECORDER_SHARE, 1);
}

char *
cg_space_problem(void)
{
	uint64		left;

	if (cg_min_free_space == 0)
		return NULL;
	left = free_megabytes();
	if (left >= (uint64) cg_min_free_space)
		return NULL;
	return psprintf("guarded columns cannot be read: the file system of pg_wal has " UINT64_FORMAT " MB left, less than contact_guard.min_free_space (%d MB)%s",
					left, cg_min_free_space,
					cg_space_is_short() ? "; the recorder has paused, too, and goes on when there is room" : "");
}
