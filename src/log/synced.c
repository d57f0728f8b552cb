/*
 * synced.c
 *		sync(): waits until the recorder has stored what was journalled before.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/objects.h"
#include "base/shared.h"
#include "journal/journal.h"
#include "journal/space.h"
#include "log/synced.h"
#include "read/execution.h"

PG_FUNCTION_INFO_V1(cg_sync);

static bool is_synced(XLogRecPtr target, TimestampTz since, char *error, bool *lasting);
static XLogRecPtr ask_for_records(void);

/*
 * Is everything up to target recorded?  error: why the recorder failed last, or "".  lasting:
 * it has failed since that time because tables or functions are not those that it expects,
 * which does not end by itself.
 */
static bool
is_synced(XLogRecPtr target, TimestampTz since, char *error, bool *lasting)
{
	CgDatabase *database;
	bool		synced;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	synced = database == NULL || (database->recorded >= target && !database->wanted);
	strlcpy(error, database ? database->error : "", CG_ERROR_LENGTH);
	*lasting = database && error[0] != '\0' && database->error_at >= since &&
		ERRCODE_TO_CATEGORY(database->error_code) == ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION;
	LWLockRelease(cg_shared->lock);
	return synced;
}

/* Asks for all that was journalled before, and returns where it ends. */
static XLogRecPtr
ask_for_records(void)
{
	XLogRecPtr	target = InvalidXLogRecPtr;
	CgDatabase *database;

	/* After a crash this waits until the launcher knows what is not recorded yet. */
	cg_journal_require_slot();
	if (cg_execution_owes())
		cg_execution_settle_or_fail(CG_DUE_ANSWER);
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
	{
		target = pg_atomic_read_u64(&database->written);
		/* There may be messages that shared memory does not know, from before a crash. */
		if (XLogRecPtrIsInvalid(database->recorded))
			database->wanted = true;
	}
	LWLockRelease(cg_shared->lock);
	/* The recorder reads only flushed WAL, and other sessions may not have flushed yet. */
	XLogFlush(target);
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
		cg_shared_await(database, target);
	LWLockRelease(cg_shared->lock);
	return target;
}

bool
cg_synced_wait(int patience)
{
	TimestampTz since = GetCurrentTimestamp();
	XLogRecPtr	target;
	char		error[CG_ERROR_LENGTH];
	bool		lasting;

	cg_shared_require();
	cg_objects_require();
	target = ask_for_records();
	while (!is_synced(target, since, error, &lasting))
	{
		if (lasting || TimestampDifferenceExceeds(since, GetCurrentTimestamp(), patience))
		{
			ConditionVariableCancelSleep();
			return false;
		}
		ConditionVariableTimedSleep(&cg_shared->progress, 1000, PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
	return true;
}

void
cg_synced_require(void)
{
	XLogRecPtr	target;
	char		error[CG_ERROR_LENGTH];
	bool		lasting;
	bool		warned = false;
	TimestampTz since = GetCurrentTimestamp();

	cg_shared_require();
	/*
	 * The recorder does not run with objects of another version, or of another build of the
	 * same one, so waiting would not end.
	 */
	cg_objects_require();
	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a standby has no recorder to wait for")));
	target = ask_for_records();
	while (!is_synced(target, since, error, &lasting))
	{
		if (lasting)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("contact_guard's recorder cannot go on: it failed while %s", error),
					 errdetail("An object of the extension is not the one that the library expects. No record is lost: WAL is kept."),
					 errhint("%s", CG_OBJECTS_OTHER_BUILD_HINT)));
		if (error[0] != '\0' && !warned)
		{
			ereport(WARNING,
					(errmsg("contact_guard's recorder failed while %s", error),
					 errhint("See the server log. The recorder is started again.")));
			warned = true;
		}
		else if (!warned && cg_space_is_short())
		{
			ereport(WARNING,
					(errmsg("contact_guard's recorder has paused, since the disk of the write-ahead log is full"),
					 errhint("Make room in the file system of pg_wal.")));
			warned = true;
		}
		ConditionVariableTimedSleep(&cg_shared->progress, 1000, PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
}

Datum
cg_sync(PG_FUNCTION_ARGS)
{
	cg_synced_require();
	if (IsolationUsesXactSnapshot())
		ereport(WARNING,
				(errmsg("this transaction cannot see what has been recorded since it began"),
				 errhint("Query the access log in a new transaction.")));
	PG_RETURN_VOID();
}
