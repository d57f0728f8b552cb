/*
 * recorder.c
 *		The background worker which turns a database's journal into its access log.
 *
 * It reads WAL from the position in contact_guard.journal_state and applies what
 * it finds: rows, the sessions' counters and the new position in one
 * transaction.  A crash before its commit finds the old position and the old
 * rows, one after it the new ones; so each record is in the log exactly once.
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
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "apply.h"
#include "epoch.h"
#include "journal.h"
#include "objects.h"
#include "recorder.h"
#include "shared.h"
#include "walreader.h"

#define IDLE_MS 5000
#define BATCH_BYTES (4 * 1024 * 1024)
#define UNFLUSHED_NAP_MS 20
/* A little patience makes one transaction of many messages. */
#define GATHER_MS 10
#define GATHER_BYTES (64 * 1024)

static void attach(void);
static void detach(int code, Datum arg);
static void note_error(void);
static void record_journal(void);
static XLogRecPtr begin(void);
static bool look(XLogRecPtr *written, XLogRecPtr *safe);
static void report(XLogRecPtr recorded, uint64 bytes);
static bool record_batch(CgWalReader *reader, XLogRecPtr limit);

void
cg_recorder_main(Datum arg)
{
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(arg), InvalidOid, 0);
	attach();
	PG_TRY();
	{
		/*
		 * The journal is durable already.  A commit of ours that a crash takes
		 * back is done again, since the slot waits for it; to flush each would
		 * only slow the readers' flushes down.
		 */
		SetConfigOption("synchronous_commit", "off", PGC_SUSET, PGC_S_OVERRIDE);
		SetConfigOption("search_path", "pg_catalog, pg_temp", PGC_SUSET, PGC_S_OVERRIDE);
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
attach(void)
{
	CgDatabase *database;

	before_shmem_exit(detach, (Datum) 0);
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, true);
	if (database && database->recorder == 0)
	{
		database->recorder = MyProcPid;
		database->latch = MyLatch;
	}
	LWLockRelease(cg_shared->lock);
	if (database == NULL || database->recorder != MyProcPid)
		proc_exit(0);
}

static void
detach(int code, Datum arg)
{
	CgDatabase *database;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database && database->recorder == MyProcPid)
	{
		database->recorder = 0;
		database->latch = NULL;
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
		snprintf(database->error, CG_ERROR_LENGTH, "%s: %s", cg_apply_doing(), error->message);
	LWLockRelease(cg_shared->lock);
}

/* What there is to do; false if nothing, or somebody wants us to go. */
static bool
look(XLogRecPtr *written, XLogRecPtr *safe)
{
	CgDatabase *database;
	bool		held;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	held = database == NULL || cg_shared_is_held(database);
	*written = database ? database->written : InvalidXLogRecPtr;
	*safe = database ? database->safe : InvalidXLogRecPtr;
	LWLockRelease(cg_shared->lock);
	return !held;
}

static void
report(XLogRecPtr recorded, uint64 bytes)
{
	CgDatabase *database;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
	{
		database->recorded = Max(recorded, database->recorded);
		database->commit = XactLastCommitEnd;
		database->recorded_bytes = Min(database->recorded_bytes + bytes, database->written_bytes);
		/* A message that is being inserted may have begun before our position. */
		if (database->inflight == 0 && database->written <= database->recorded)
		{
			database->safe = InvalidXLogRecPtr;
			database->recorded_bytes = database->written_bytes;
		}
		else
			database->safe = database->recorded;
		database->wanted = false;
		database->failures = 0;
		database->retry_at = 0;
		database->error[0] = '\0';
	}
	LWLockRelease(cg_shared->lock);
	ConditionVariableBroadcast(&cg_shared->progress);
}

/*
 * Where to begin, with a gap record if WAL is missing.  Nothing of this database
 * lies between its position and "safe", as long as the slot has kept the WAL.
 */
static XLogRecPtr
begin(void)
{
	XLogRecPtr	written;
	XLogRecPtr	safe;
	XLogRecPtr	slot_begun_at;
	XLogRecPtr	position;

	(void) look(&written, &safe);
	LWLockAcquire(cg_shared->lock, LW_SHARED);
	slot_begun_at = cg_shared->slot_begun_at;
	LWLockRelease(cg_shared->lock);

	position = cg_epoch_open();
	if (XLogRecPtrIsInvalid(position))
		return InvalidXLogRecPtr;
	if (!XLogRecPtrIsInvalid(slot_begun_at) && position < slot_begun_at)
	{
		/* After a promotion, say, the slot is new but the WAL may be there. */
		if (cg_walreader_has(position))
			return position;
		cg_apply_gap(position, slot_begun_at);
		position = slot_begun_at;
	}
	if (XLogRecPtrIsInvalid(safe))
		safe = GetFlushRecPtr(NULL);
	return Max(position, safe);
}

static void
record_journal(void)
{
	XLogRecPtr	position = begin();
	CgWalReader *reader;
	TimestampTz idle_since = GetCurrentTimestamp();

	if (XLogRecPtrIsInvalid(position))
	{
		/*
		 * If the extension is gone, so is what was to be recorded.  But the
		 * transaction that creates it may have read already, and not committed:
		 * then somebody else will try again.
		 */
		if (!cg_epoch_is_coming())
			report(GetFlushRecPtr(NULL), PG_UINT64_MAX / 2);
		return;
	}
	report(position, 0);
	reader = cg_walreader_open(position);
	for (;;)
	{
		XLogRecPtr	written;
		XLogRecPtr	safe;
		long		nap = IDLE_MS;

		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (!look(&written, &safe))
			break;
		if (cg_walreader_position(reader) < written)
		{
			idle_since = GetCurrentTimestamp();
			if (record_batch(reader, written))
				continue;
			nap = UNFLUSHED_NAP_MS;
		}
		else if (TimestampDifferenceExceeds(idle_since, GetCurrentTimestamp(), IDLE_MS))
			break;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, nap,
						 PG_WAIT_EXTENSION);
	}
	cg_walreader_close(reader);
}

/* One transaction.  False if there was nothing yet in what has been flushed. */
static bool
record_batch(CgWalReader *reader, XLogRecPtr limit)
{
	XLogRecPtr	before = cg_walreader_position(reader);
	CgWalMessage message;
	uint64		bytes = 0;

	cg_apply_begin();
	while (bytes < BATCH_BYTES && cg_walreader_next(reader, limit, &message))
	{
		CHECK_FOR_INTERRUPTS();
		if (message.database != MyDatabaseId)
			continue;
		/* What others wrote under our name is no backlog of ours. */
		if (cg_apply_message(message.data, message.length))
			bytes += message.length;
	}
	if (cg_walreader_position(reader) == before)
	{
		cg_apply_abandon();
		return false;
	}
	cg_apply_commit(cg_walreader_position(reader));
	report(cg_walreader_position(reader), bytes);
	if (bytes < GATHER_BYTES)
		(void) WaitLatch(NULL, WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, GATHER_MS, PG_WAIT_EXTENSION);
	return true;
}
