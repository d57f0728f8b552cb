/*
 * skip.c
 *		The recorder passes WAL that it need not read.
 *
 * Somebody waits for the position, and no message is announced behind it.  Other databases
 * may have written any amount of WAL since.  The position moves over it without reading.
 *
 * Why no message is lost.  Say that a message of this database begins before the position F
 * to which the recorder skips, and is not recorded.  F is where the next record will begin.
 *
 *	- It was written in this run of the server.  F was read before "inflight" and "written"
 *	  were (cg_shared_is_behind), so the message's place in WAL was taken before.  Then
 *	  its session had announced it (inflight is not 0), or had moved "written" behind it
 *	  already (shared.h, steps 1 to 4).  Either is seen, and nothing is skipped.
 *	- It was written before this run, or before a crash cleared shared memory.  All
 *	  such WAL was flushed when this process began, and so lies before "behind_until" of
 *	  recorder.c.  Up to there it has been read: the recorder gives that up only when the
 *	  reader has come to the end of what is flushed, or to a record that is not complete.  WAL
 *	  of an earlier run has no such record: recovery cuts it off, and the reader knows that.
 *	  WAL that cannot be read for any other reason is an ERROR (walreader.c), never an end.
 *	- The entry in shared memory was taken away and made again.  It is not taken away while
 *	  a message is being inserted, and "written" is never set back.  Who comes later finds
 *	  "recorded" invalid, and the next recorder begins with "behind_until" anew.
 *	- The positions in WAL were set back: pg_resetwal.  Then the stored position lies behind the
 *	  end of WAL, or before its beginning, and begin() of recorder.c makes a gap.
 *
 * What concerns all databases (shutdowns, timelines, starts: start.c, failover.c) is not
 * announced.  It is written before any recorder of this run begins: the launcher writes its
 * message, and flushes it, before it starts the first one; and the records of recovery are
 * older than that.  So this lies before "behind_until", too.
 *
 * Crashes.  The position is committed as any batch is.  If the commit is lost, the old
 * position stands, and the slot has kept the WAL (launcher.c, move_slot).  If the commit is
 * there, all WAL up to F is there, because F was flushed before it.  On a standby likewise:
 * what has the commit has all WAL before it.  No batch is open here, so none is torn apart.
 * And the slot moves behind the stored position only, so no WAL is removed that a reader of
 * an older position needs.
 *
 * After a checkpoint the position must come to be behind it, however little WAL there is
 * (launcher.c).  Little WAL is read, so that the next reader does not begin inside a record.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "storage/lwlock.h"

#include "base/shared.h"
#include "log/apply.h"
#include "log/skip.h"

#define SKIP_BYTES (1024 * 1024)

XLogRecPtr
cg_skip_flushed(CgWalReader **reader)
{
	XLogRecPtr	position = cg_walreader_position(*reader);
	/* The order counts: see above. */
	XLogRecPtr	flushed = cg_walreader_end();
	CgDatabase *database;
	bool		nothing;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	nothing = database && !cg_shared_is_behind(database, position);
	LWLockRelease(cg_shared->lock);
	/* Before that WAL is flushed there is nothing to read, and the launcher asks again. */
	if (flushed > position && flushed <= position + SKIP_BYTES && GetRedoRecPtr() > position)
		return flushed;
	if (nothing && flushed > position + SKIP_BYTES)
	{
		cg_apply_begin();
		cg_apply_commit(flushed);
		cg_walreader_close(*reader);
		*reader = cg_walreader_open(flushed);
	}
	return InvalidXLogRecPtr;
}
