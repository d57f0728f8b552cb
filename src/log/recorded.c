/*
 * recorded.c
 *		Tells of records that have just been stored: see recorded.h.
 *
 * There are two uses.  A heartbeat (checkpoint.c) is due some time after the last record
 * of any event; shared memory keeps that time for the next recorder.  And each gap is
 * reported as a WARNING in the server log, since its administrator reads that log.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"

#include "base/shared.h"
#include "evidence/logrow.h"
#include "log/recorded.h"

static TimestampTz last_at = 0; /* 0: nothing was recorded in this process */

static void note_time(TimestampTz at);
static void warn_of_gaps(List *rows);

void
cg_recorded_tell(List *rows)
{
	if (rows == NIL)
		return;
	note_time(GetCurrentTimestamp());
	warn_of_gaps(rows);
}

static void
note_time(TimestampTz at)
{
	CgDatabase *database;

	last_at = at;
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
		database->last_record_at = at;
	LWLockRelease(cg_shared->lock);
}

static void
warn_of_gaps(List *rows)
{
	ListCell   *lc;

	foreach(lc, rows)
	{
		CgLogRow   *row = lfirst(lc);

		if (row->record.event == CG_EVENT_GAP)
			ereport(WARNING,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("contact_guard has recorded a gap in its access log as seq " INT64_FORMAT ": %s",
							row->seq, row->record.reason),
					 errhint("See contact_guard.status() and contact_guard.acknowledge_gaps().")));
	}
}

TimestampTz
cg_recorded_last_at(void)
{
	CgDatabase *database;
	TimestampTz before = 0;

	if (last_at != 0)
		return last_at;
	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
		before = database->last_record_at;
	LWLockRelease(cg_shared->lock);
	/* If nothing was recorded since the server's start, the time counts from now. */
	note_time(before != 0 ? before : GetCurrentTimestamp());
	return last_at;
}
