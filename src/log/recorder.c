/*
 * recorder.c
 *		The background worker which turns a database's journal into its access log.
 *
 * It reads WAL from the position in contact_guard.journal_state.  It stores rows, the
 * sessions' counters and the new position in one transaction.  After a crash either all
 * of them are there or none.  So each record is in the log exactly once.
 *
 * Only that position says what is recorded.  If WAL behind it is not on disk any more,
 * the recorder writes a gap record, whatever has happened to the slot.
 *
 * The recorder ends when it has been idle for a while, or when a command needs the
 * database without other sessions.  An error ends it, too.  Then the launcher starts
 * another one; the pauses between such starts become longer and longer.
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
#include "journal/space.h"
#include "log/apply.h"
#include "log/batch.h"
#include "log/checkpoint.h"
#include "log/clockback.h"
#include "log/epoch.h"
#include "log/failover.h"
#include "log/gather.h"
#include "log/identitylog.h"
#include "log/quiet.h"
#include "log/recorder.h"
#include "log/rotation.h"
#include "log/sealed.h"
#include "log/skip.h"
#include "log/walreader.h"
#include "policy/labels.h"

#define IDLE_MS 5000
#define UNFLUSHED_NAP_MS 50
/* Pause while the transaction of CREATE EXTENSION has not committed */
#define COMING_MS 200
#define ANOTHERS_TURN_MS 1000
#define NO_SPACE_NAP_MS 1000

/*
 * sync() must wait until all WAL up to here has been read: it was flushed before this
 * process began, and may have messages that shared memory does not know.  Invalid: all
 * has been read.
 */
static XLogRecPtr behind_until = InvalidXLogRecPtr;

static void attach_recorder(void);
static void detach_recorder(int code, Datum arg);
static void note_error(void);
static void note_guards(void);
static void record_journal(void);
static void record_gap(XLogRecPtr from, XLogRecPtr to);
static XLogRecPtr begin(void);
static void leave_without_journal(void);
static bool look_for_work(XLogRecPtr position, XLogRecPtr *written, bool *wanted);
static void report_progress(XLogRecPtr recorded, uint64 bytes);
static void announce_due(void);

void
cg_recorder_main(Datum arg)
{
	cg_settings_hear_reloads();
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	cg_settings_lock();
	/* Sessions that are older than ALLOW_CONNECTIONS false may still read. */
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(arg), InvalidOid, BGWORKER_BYPASS_ALLOWCONN);
	attach_recorder();
	PG_TRY();
	{
		cg_settings_pin();
		/* Otherwise each look at a statement's text would be recorded, without an end. */
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

	cg_rotation_leave();
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database && database->recorder == MyProcPid)
	{
		database->recorder = 0;
		database->latch = NULL;
		pg_atomic_write_u64(&database->wake_at, 0);
		/* Another database's recorder gets the worker first. */
		if (database->leave)
			database->retry_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), ANOTHERS_TURN_MS);
		database->leave = false;
		/* After an error due_at is not set yet, and a heartbeat would wait for a reader. */
		if (code != 0)
			database->due_at = GetCurrentTimestamp();
	}
	if (cg_shared->launcher != 0)
		SetLatch(cg_shared->launcher_latch);
	LWLockRelease(cg_shared->lock);
	ConditionVariableBroadcast(&cg_shared->progress);
}

/* Sets the error that status() shows.  The whole error is in the server log. */
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
		database->error_code = error->sqlerrcode;
		database->error_at = GetCurrentTimestamp();
		cg_batch_note_error(database, error->sqlerrcode);
	}
	LWLockRelease(cg_shared->lock);
}

/*
 * Says in shared memory whether this database guards anything, for sessions that want to
 * copy it.  A session that has set a policy meanwhile may have said so already.
 */
static void
note_guards(void)
{
	CgDatabase *database;
	bool		guards = false;
	ListCell   *lc;

	StartTransactionCommand();
	/* The extension's own interventions have a label, too, and do not count. */
	foreach(lc, cg_labels_relations())
		guards |= get_rel_namespace(lfirst_oid(lc)) != cg_objects_schema();
	CommitTransactionCommand();
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database && database->guards == CG_GUARDS_UNKNOWN)
		database->guards = guards ? CG_GUARDS_SOMETHING : CG_GUARDS_NOTHING;
	LWLockRelease(cg_shared->lock);
}

/*
 * Reads from shared memory what there is to do.  False if the recorder has to end.  From
 * here on each message wakes the recorder, unless there is work already.
 */
static bool
look_for_work(XLogRecPtr position, XLogRecPtr *written, bool *wanted)
{
	CgDatabase *database;
	bool		held;
	bool		sign_again;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	held = database == NULL || database->leave || cg_shared_is_held(database) || cg_shared_has_repaid(database);
	/* A message that is not seen here wakes this process. */
	if (database)
		pg_atomic_write_u64(&database->wake_at, 0);
	pg_memory_barrier();
	*written = database ? pg_atomic_read_u64(&database->written) : InvalidXLogRecPtr;
	*wanted = database && database->wanted;
	sign_again = database && database->sign_again;
	if (database)
		database->sign_again = false;
	/* What is there already it takes anyway. */
	if (database && position < *written)
		pg_atomic_write_u64(&database->wake_at, PG_UINT64_MAX);
	LWLockRelease(cg_shared->lock);
	if (sign_again)
		cg_checkpoint_retry();
	return !held;
}

static void
report_progress(XLogRecPtr recorded, uint64 bytes)
{
	CgDatabase *database;
	uint64		all;
	bool		behind;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
	{
		database->recorded = recorded;
		/* An earlier recorder's commit counts until this process has committed. */
		database->commit = Max(database->commit, XactLastCommitEnd);
		/* Read first: if a message comes meanwhile, it is seen to be behind. */
		all = pg_atomic_read_u64(&database->written_bytes);
		behind = cg_shared_is_behind(database, recorded);
		pg_atomic_write_u64(&database->recorded_bytes,
							behind ? Min(pg_atomic_read_u64(&database->recorded_bytes) + bytes, all) : all);
		database->wanted = !XLogRecPtrIsInvalid(behind_until);
		/* A start alone is not a success, or the pauses between failures would not grow. */
		if (bytes > 0 || (!behind && !database->wanted))
		{
			database->failures = 0;
			database->retry_at = 0;
			database->error[0] = '\0';
		}
	}
	LWLockRelease(cg_shared->lock);
	ConditionVariableBroadcast(&cg_shared->progress);
}

/* Records, in a batch of its own, that WAL between these positions is missing. */
static void
record_gap(XLogRecPtr from, XLogRecPtr to)
{
	cg_apply_begin();
	cg_apply_own_record(CG_EVENT_GAP, psprintf("WAL from %X/%X to %X/%X is missing",
											   LSN_FORMAT_ARGS(from), LSN_FORMAT_ARGS(to)));
	cg_failover_take_missing(from, to);
	cg_apply_commit(to);
}

/*
 * Returns the position to read from; Invalid if there is no journal.  Writes a gap record
 * if WAL is missing.
 */
static XLogRecPtr
begin(void)
{
	XLogRecPtr	position;
	XLogRecPtr	oldest;

	/* First: sessions read as soon as the key of this run is there. */
	cg_clockback_load();
	position = cg_epoch_open();
	if (XLogRecPtrIsInvalid(position))
		return InvalidXLogRecPtr;
	/* From here on the slot keeps the WAL that is on disk. */
	cg_journal_require_slot();
	oldest = cg_walreader_oldest();
	/* After pg_resetwal, or in a backup put together by hand, files may not fit together. */
	if (position > GetXLogInsertRecPtr())
	{
		XLogRecPtr	end = cg_walreader_end();

		record_gap(position, end);
		return cg_sealed_open(end, oldest);
	}
	if (position >= oldest || cg_quiet_covers(position, oldest))
		return cg_sealed_open(position, oldest);
	record_gap(position, oldest);
	return cg_sealed_open(oldest, oldest);
}

/*
 * If the extension is gone, nothing is to be recorded, and the entry in shared memory is
 * removed.  But a transaction that creates the extension may have read already, and not
 * yet committed.  Then the entry stays, and another recorder will look again.
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
		if (!coming && !cg_shared_is_held(database))
			(void) cg_shared_remove(database, false);
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
		if (!look_for_work(cg_walreader_position(reader), &written, &wanted))
			break;
		/* A full disk would stop the server.  What waits is in WAL, and readers are refused. */
		if (cg_space_is_short())
		{
			(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, NO_SPACE_NAP_MS, PG_WAIT_EXTENSION);
			continue;
		}
		cg_clockback_tell();
		cg_identitylog_tell();
		cg_rotation_perform(cg_walreader_position(reader));
		/* A new timeline may lack what was signed in the old one: closing.c judges that first. */
		if (cg_failover_is_passed(cg_walreader_position(reader)))
			cg_checkpoint_maintain(cg_walreader_position(reader));
		if (cg_walreader_position(reader) < Max(written, behind_until))
		{
			idle_since = GetCurrentTimestamp();
			if (cg_walreader_position(reader) < GetFlushRecPtr(NULL) &&
				cg_batch_record(reader, Max(written, behind_until), &bytes))
			{
				report_progress(cg_walreader_position(reader), bytes);
				cg_sealed_clean(cg_walreader_position(reader));
				cg_gather_wait();
				continue;
			}
			cg_gather_undisturbed();
			nap = UNFLUSHED_NAP_MS;
			/* Sessions leave it to the recorder to ask for the flush (journal/messages.c). */
			XLogSetAsyncXactLSN(written);
		}
		/* If WAL ends in an incomplete record, what would follow was never durable. */
		if (wanted)
		{
			behind_until = cg_skip_flushed(&reader);
			if (XLogRecPtrIsInvalid(behind_until))
				report_progress(cg_walreader_position(reader), 0);
		}
		else if (nap == IDLE_MS && TimestampDifferenceExceeds(idle_since, GetCurrentTimestamp(), IDLE_MS) &&
				 !cg_checkpoint_pending())
			break;
		cg_sealed_clean(cg_walreader_position(reader));
		if (cg_checkpoint_due() != 0)
			nap = Min(nap, TimestampDifferenceMilliseconds(GetCurrentTimestamp(), cg_checkpoint_due()) + 1);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, nap, PG_WAIT_EXTENSION);
	}
	cg_walreader_close(reader);
	announce_due();
}

/* Tells the launcher when the next recorder is due, for a checkpoint or a heartbeat. */
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
	result = database && !database->wanted && !cg_shared_is_behind(database, position);
	LWLockRelease(cg_shared->lock);
	return result;
}
