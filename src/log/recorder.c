/*
 * recorder.c
 *		The background worker which turns a database's journal into its access log.
 *
 * It reads WAL from the position in contact_guard.journal_state and applies what
 * it finds: rows, the sessions' counters and the new position in one
 * transaction.  A crash before its commit finds the old position and the old
 * rows, one after it the new ones; so each record is in the log exactly once.
 * That position alone says what is recorded: WAL from there on that is not on disk
 * any more is a gap record, whatever became of the slot that should have kept it.
 *
 * It exits when it has been idle for a while, or somebody wants the database for
 * himself.  An error ends it, too; the launcher starts another one, after longer
 * and longer pauses.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/objects.h"
#include "base/owntables.h"
#include "base/settings.h"
#include "base/shared.h"
#include "journal/journal.h"
#include "log/apply.h"
#include "log/batch.h"
#include "log/checkpoint.h"
#include "log/epoch.h"
#include "log/recorder.h"
#include "log/walreader.h"
#include "policy/labels.h"

#define IDLE_MS 5000
#define UNFLUSHED_NAP_MS 20
/* A little patience makes one transaction of many messages. */
#define GATHER_MS 10
#define GATHER_BYTES (64 * 1024)
#define SKIP_BYTES (1024 * 1024)
/* Until somebody's CREATE EXTENSION has committed */
#define COMING_MS 200
#define ANOTHERS_TURN_MS 1000

/*
 * All that was flushed when we began must be read before sync() may return: there
 * may be messages of a time that shared memory does not know.  Invalid: it is.
 */
static XLogRecPtr behind_until = InvalidXLogRecPtr;

static void attach_recorder(void);
static void detach_recorder(int code, Datum arg);
static void note_error(void);
static void note_guards(void);
static void record_journal(void);
static XLogRecPtr begin(void);
static void leave_without_journal(void);
static bool look_for_work(XLogRecPtr *written, bool *wanted);
static void report_progress(XLogRecPtr recorded, uint64 bytes);
static void skip_unreadable(CgWalReader **reader);
static void announce_due(void);
static void batch_stored(XLogRecPtr position, uint64 bytes);

void
cg_recorder_main(Datum arg)
{
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	cg_settings_lock();
	/* Sessions that were there before ALLOW_CONNECTIONS false go on reading. */
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(arg), InvalidOid, BGWORKER_BYPASS_ALLOWCONN);
	attach_recorder();
	PG_TRY();
	{
		cg_settings_pin();
		/* Or looking up a statement's text would be a record, whose text is looked up. */
		cg_owntables_trust_process();
		record_journal();
	}
	PG_CATCH();
	{
		note_error();
		PG_RE_THROW();
	}
	PG_END_TRY();
	proc_exit(0);
}

static void
attach_recorder(void)
{
	CgDatabase *database;

	before_shmem_exit(detach_recorder, (Datum) 0);
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, true);
	if (database && database->recorder == 0)
	{
		database->recorder = MyProcPid;
		database->latch = MyLatch;
		database->started_at = GetCurrentTimestamp();
		database->leave = false;
	}
	LWLockRelease(cg_shared->lock);
	if (database == NULL || database->recorder != MyProcPid)
		proc_exit(0);
}

static void
detach_recorder(int code, Datum arg)
{
	CgDatabase *database;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database && database->recorder == MyProcPid)
	{
		database->recorder = 0;
		database->latch = NULL;
		/* Or it would take the worker again that it has left to another. */
		if (database->leave)
			database->retry_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), ANOTHERS_TURN_MS);
		database->leave = false;
		/* It had no time to say when: without a reader nobody would come for a heartbeat. */
		if (code != 0)
			database->due_at = GetCurrentTimestamp();
	}
	if (cg_shared->launcher != 0)
		SetLatch(cg_shared->launcher_latch);
	LWLockRelease(cg_shared->lock);
	ConditionVariableBroadcast(&cg_shared->progress);
}

/* For status(); the whole error is in the server log. */
static void
note_error(void)
{
	CgDatabase *database;
	ErrorData  *error;

	MemoryContextSwitchTo(TopMemoryContext);
	error = CopyErrorData();
	LWLockReleaseAll();
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
	{
		snprintf(database->error, CG_ERROR_LENGTH, "%s: %s", cg_apply_doing(), error->message);
		cg_batch_note_error(database, error->sqlerrcode);
	}
	LWLockRelease(cg_shared->lock);
}

/*
 * For whoever wants a copy of this database: unless a session that has set a policy
 * since has said so already.
 */
static void
note_guards(void)
{
	CgDatabase *database;
	bool		guards = false;
	ListCell   *lc;

	StartTransactionCommand();
	/* Our own interventions have a label, too. */
	foreach(lc, cg_labels_relations())
		guards |= get_rel_namespace(lfirst_oid(lc)) != cg_objects_schema();
	CommitTransactionCommand();
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database && database->guards == CG_GUARDS_UNKNOWN)
		database->guards = guards ? CG_GUARDS_SOMETHING : CG_GUARDS_NOTHING;
	LWLockRelease(cg_shared->lock);
}

/* What there is to do; false if nothing, or somebody wants us to go. */
static bool
look_for_work(XLogRecPtr *written, bool *wanted)
{
	CgDatabase *database;
	bool		held;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	held = database == NULL || database->leave || cg_shared_is_held(database);
	*written = database ? database->written : InvalidXLogRecPtr;
	*wanted = database && database->wanted;
	LWLockRelease(cg_shared->lock);
	return !held;
}

static void
report_progress(XLogRecPtr recorded, uint64 bytes)
{
	CgDatabase *database;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
	{
		database->recorded = recorded;
		/* A process that has committed nothing yet must not hide what the one before it did. */
		database->commit = Max(database->commit, XactLastCommitEnd);
		database->recorded_bytes = Min(database->recorded_bytes + bytes, database->written_bytes);
		if (database->inflight == 0 && database->written <= database->recorded)
			database->recorded_bytes = database->written_bytes;
		database->wanted = !XLogRecPtrIsInvalid(behind_until);
		/* To have begun is no success: the pauses between failures would not grow. */
		if (bytes > 0 || (database->written <= database->recorded && !database->wanted))
		{
			database->failures = 0;
			database->retry_at = 0;
			database->error[0] = '\0';
		}
	}
	LWLockRelease(cg_shared->lock);
	ConditionVariableBroadcast(&cg_shared->progress);
}

/* Where to begin, with a gap record if WAL is missing; Invalid without a journal. */
static XLogRecPtr
begin(void)
{
	XLogRecPtr	position = cg_epoch_open();
	XLogRecPtr	oldest;

	if (XLogRecPtrIsInvalid(position))
		return InvalidXLogRecPtr;
	/* From here on nothing of what is there goes. */
	cg_journal_require_slot();
	oldest = cg_walreader_oldest();
	if (position < oldest)
	{
		cg_apply_gap(position, oldest);
		return oldest;
	}
	/* The files of another time: pg_resetwal, or a backup put together by hand. */
	if (position > GetXLogInsertRecPtr())
	{
		oldest = GetFlushRecPtr(NULL);
		cg_apply_gap(position, oldest);
		return oldest;
	}
	return position;
}

/*
 * If the extension is gone, so is what was to be recorded, and the launcher need
 * not think of this database any more.  But the transaction that creates it may
 * have read already, and not committed: then somebody will look again.
 */
static void
leave_without_journal(void)
{
	bool		coming = cg_epoch_is_coming();
	CgDatabase *database;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
	{
		database->failures = 0;
		database->wanted = false;
		database->error[0] = '\0';
		database->retry_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), COMING_MS);
		if (!coming && database->inflight == 0 && !cg_shared_is_held(database))
			memset(database, 0, sizeof(CgDatabase));
	}
	LWLockRelease(cg_shared->lock);
	ConditionVariableBroadcast(&cg_shared->progress);
}

static void
record_journal(void)
{
	XLogRecPtr	position = begin();
	CgWalReader *reader;
	TimestampTz idle_since = GetCurrentTimestamp();

	if (XLogRecPtrIsInvalid(position))
	{
		leave_without_journal();
		return;
	}
	note_guards();
	behind_until = GetFlushRecPtr(NULL);
	report_progress(position, 0);
	reader = cg_walreader_open(position);
	for (;;)
	{
		XLogRecPtr	written;
		bool		wanted;
		uint64		bytes;
		long		nap = IDLE_MS;

		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			cg_settings_reload();
			cg_checkpoint_retry();
		}
		if (!look_for_work(&written, &wanted))
			break;
		cg_checkpoint_maintain();
		if (cg_walreader_position(reader) < Max(written, behind_until))
		{
			idle_since = GetCurrentTimestamp();
			if (cg_batch_record(reader, Max(written, behind_until), &bytes))
			{
				batch_stored(cg_walreader_position(reader), bytes);
				continue;
			}
			nap = UNFLUSHED_NAP_MS;
		}
		/* What follows, should the last record be incomplete, was never durable. */
		if (wanted)
		{
			behind_until = InvalidXLogRecPtr;
			skip_unreadable(&reader);
		}
		else if (nap == IDLE_MS && TimestampDifferenceExceeds(idle_since, GetCurrentTimestamp(), IDLE_MS) &&
				 !cg_checkpoint_pending())
			break;
		cg_apply_clean(cg_walreader_position(reader));
		if (cg_checkpoint_due() != 0)
			nap = Min(nap, TimestampDifferenceMilliseconds(GetCurrentTimestamp(), cg_checkpoint_due()) + 1);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, nap,
						 PG_WAIT_EXTENSION);
	}
	cg_walreader_close(reader);
	announce_due();
}

/* When somebody should come again, for a checkpoint or a heartbeat. */
static void
announce_due(void)
{
	TimestampTz due = cg_checkpoint_due();
	CgDatabase *database;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
		database->due_at = due;
	LWLockRelease(cg_shared->lock);
}

bool
cg_recorder_is_caught_up(XLogRecPtr position)
{
	CgDatabase *database;
	bool		result;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	result = database && database->inflight == 0 && !database->wanted && database->written <= position;
	LWLockRelease(cg_shared->lock);
	return result;
}

static void
batch_stored(XLogRecPtr position, uint64 bytes)
{
	report_progress(position, bytes);
	cg_apply_clean(position);
	if (bytes < GATHER_BYTES)
		(void) WaitLatch(NULL, WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, GATHER_MS, PG_WAIT_EXTENSION);
}

/*
 * Has read all there was, and somebody wants to know; or the launcher wants the
 * position moved.  If nobody has announced a message, what has been flushed by now
 * has none that we have not read: one that is announced later is later in WAL.  So
 * it need not be read, however much others have written.
 */
static void
skip_unreadable(CgWalReader **reader)
{
	XLogRecPtr	flushed = GetFlushRecPtr(NULL);
	XLogRecPtr	position = cg_walreader_position(*reader);
	CgDatabase *database;
	bool		nothing;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	nothing = database && database->inflight == 0 && database->written <= position;
	LWLockRelease(cg_shared->lock);
	if (nothing && flushed > position + SKIP_BYTES)
	{
		cg_apply_begin();
		cg_apply_commit(flushed);
		cg_walreader_close(*reader);
		*reader = cg_walreader_open(flushed);
		position = flushed;
	}
	report_progress(position, 0);
}
