/*
 * launcher.c
 *		One process for the cluster: the slot, and who needs a recorder.
 *
 * It holds a physical replication slot, so that no WAL goes before its messages
 * are recorded, and moves it up to the smallest position that a recorder has
 * stored.  The slot only keeps WAL: it says nothing about what is recorded, so
 * whoever drops it, or a promotion, which has none, can lose WAL (a recorder sees
 * that by its own position), but not silently.  After a start nobody knows whose
 * messages are unrecorded; so a recorder looks into each database (census.c), and
 * the slot waits for that.  From then on readers announce theirs in shared memory.
 *
 * It is connected to no database, so that every database can be copied, dropped
 * and renamed; the shared catalogs tell it which are gone.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "replication/slot.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/shared.h"
#include "compat.h"
#include "log/census.h"
#include "log/launcher.h"
#include "log/recorder.h"
#include "log/walreader.h"

#define SLOT_NAME "contact_guard"
#define NAP_MS 1000
/* For so long a recorder works before it may be asked to make room for another. */
#define TURN_MS 1000
#define SLOT_SAVE_BYTES (1024 * 1024)	/* WAL behind us that is worth a write */
/*
 * A position that lies so far behind is stored anew, though nothing was written:
 * it keeps WAL, and would look like a loss where that has gone with the slot.
 */
#define IDLE_LAG_BYTES (16 * 1024 * 1024)

/* The workers that we have started, by place in cg_shared->databases. */
static BackgroundWorkerHandle *workers[CG_MAX_DATABASES];

static void attach_launcher(void);
static void detach_launcher(int code, Datum arg);
static bool slot_is_wanted(void);
static bool have_slot(void);
static void try_slot(void);
static void make_slot(void);
static void start_recorders(void);
static bool needs_recorder(CgDatabase *database, XLogRecPtr flushed);
static void start_recorder(int place, Oid database);
static bool is_running(int place);
static void ask_to_leave(void);
static void forget_if_dropped(Oid database);
static void move_slot(void);

/* A server in binary upgrade must not be touched: nothing is registered. */
void
cg_launcher_init(void)
{
	BackgroundWorker worker;

	if (!process_shared_preload_libraries_in_progress || IsBinaryUpgrade)
		return;
	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = 1;
	strlcpy(worker.bgw_library_name, "contact_guard", BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, "cg_launcher_main", BGW_MAXLEN);
	strlcpy(worker.bgw_name, "contact_guard launcher", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "contact_guard launcher", BGW_MAXLEN);
	RegisterBackgroundWorker(&worker);
}

void
cg_launcher_main(Datum arg)
{
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	attach_launcher();

	while (!ShutdownRequestPending)
	{
		int			events;
		bool		ready = have_slot();
		bool		known = cg_census_take();

		LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
		cg_shared->census_taken = known;
		LWLockRelease(cg_shared->lock);
		/* Without a slot, a census tells whether anybody needs one. */
		if (ready || !slot_is_wanted())
			start_recorders();
		if (ready && known)
			move_slot();
		events = WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, NAP_MS,
						   PG_WAIT_EXTENSION);
		if (events & WL_LATCH_SET)
			ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
	}
	/* With 0 the postmaster would never start another one. */
	proc_exit(1);
}

static void
attach_launcher(void)
{
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	cg_shared->launcher = MyProcPid;
	cg_shared->launcher_latch = MyLatch;
	LWLockRelease(cg_shared->lock);
	before_shmem_exit(detach_launcher, (Datum) 0);
}

static void
detach_launcher(int code, Datum arg)
{
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	cg_shared->launcher = 0;
	cg_shared->launcher_latch = NULL;
	/* Without us nobody moves the slot, but it stays, and so does the WAL. */
	LWLockRelease(cg_shared->lock);
}

static bool
slot_is_wanted(void)
{
	bool		wanted;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	wanted = cg_shared->slot_wanted;
	LWLockRelease(cg_shared->lock);
	return wanted;
}

/* Takes the slot, or makes it where a journal wants one. */
static bool
have_slot(void)
{
	static TimestampTz retry_at = 0;
	MemoryContext oldcontext = CurrentMemoryContext;

	if (MyReplicationSlot)
		return true;
	if (GetCurrentTimestamp() < retry_at)
		return false;
	PG_TRY();
	{
		try_slot();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(oldcontext);
		error = CopyErrorData();
		EmitErrorReport();
		FlushErrorState();
		LWLockReleaseAll();
		ConditionVariableCancelSleep();
		if (MyReplicationSlot)
			ReplicationSlotRelease();
		LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
		strlcpy(cg_shared->error, error->message, CG_ERROR_LENGTH);
		LWLockRelease(cg_shared->lock);
		FreeErrorData(error);
		retry_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), 5000);
	}
	PG_END_TRY();
	return MyReplicationSlot != NULL;
}

static void
try_slot(void)
{
	bool		wanted = slot_is_wanted();

	if (SearchNamedReplicationSlot(SLOT_NAME, true))
	{
		cg_compat_acquire_slot(SLOT_NAME);
		/* max_slot_wal_keep_size, say, or pg_resetwal has let its WAL go. */
		if (MyReplicationSlot->data.restart_lsn < cg_walreader_oldest())
		{
			ereport(WARNING,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("replication slot \"%s\" has lost its WAL, and is made again", SLOT_NAME),
					 errhint("Records that were lost show as gap in contact_guard.access_log.")));
			ReplicationSlotRelease();
			ReplicationSlotDrop(SLOT_NAME, true);
			wanted = true;
		}
	}
	if (MyReplicationSlot == NULL)
	{
		if (!wanted)
			return;
		make_slot();
	}
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	cg_shared->slot_wanted = true;	/* also after somebody has dropped it */
	cg_shared->slot_ready = true;
	cg_shared->error[0] = '\0';
	LWLockRelease(cg_shared->lock);
	ConditionVariableBroadcast(&cg_shared->progress);
}

/*
 * A slot that keeps all the WAL there is, not only what the last checkpoint needs
 * as ReplicationSlotReserveWal has it: there may be unrecorded messages in it, of a
 * server that had no slot for a while, or was a standby.
 */
static void
make_slot(void)
{
	CheckSlotRequirements();
	cg_compat_create_slot(SLOT_NAME);
	do
	{
		XLogRecPtr	oldest;

		/* As there: a checkpoint must not compute what it may remove meanwhile. */
		LWLockAcquire(ReplicationSlotAllocationLock, LW_EXCLUSIVE);
		oldest = cg_walreader_oldest();
		SpinLockAcquire(&MyReplicationSlot->mutex);
		MyReplicationSlot->data.restart_lsn = oldest;
		SpinLockRelease(&MyReplicationSlot->mutex);
		ReplicationSlotsComputeRequiredLSN();
		LWLockRelease(ReplicationSlotAllocationLock);
		/* One that is just removing may still have taken the oldest. */
	} while (MyReplicationSlot->data.restart_lsn < cg_walreader_oldest());
	ReplicationSlotMarkDirty();
	ReplicationSlotSave();
}

static bool
needs_recorder(CgDatabase *database, XLogRecPtr flushed)
{
	if (!OidIsValid(database->oid))
		return false;
	if (!XLogRecPtrIsInvalid(database->recorded) &&
		flushed > database->recorded + IDLE_LAG_BYTES && !database->wanted)
	{
		database->wanted = true;
		cg_shared_wake(database);
	}
	return database->recorder == 0 &&
		(database->wanted || XLogRecPtrIsInvalid(database->recorded) ||
		 database->written > database->recorded ||
		 (database->due_at != 0 && GetCurrentTimestamp() >= database->due_at)) &&
		GetCurrentTimestamp() >= database->retry_at && !cg_shared_is_held(database);
}

static void
start_recorders(void)
{
	XLogRecPtr	flushed = GetFlushRecPtr(NULL);

	for (int place = 0; place < CG_MAX_DATABASES; place++)
	{
		CgDatabase *database = &cg_shared->databases[place];
		Oid			oid;
		bool		needed;
		bool		failing;

		LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
		oid = database->oid;
		failing = database->failures > 0;
		needed = needs_recorder(database, flushed);
		LWLockRelease(cg_shared->lock);
		if (!needed || is_running(place))
			continue;
		if (failing)
			forget_if_dropped(oid);
		start_recorder(place, oid);
	}
}

static bool
is_running(int place)
{
	pid_t		pid;

	if (workers[place] == NULL)
		return false;
	if (GetBackgroundWorkerPid(workers[place], &pid) != BGWH_STOPPED)
		return true;
	pfree(workers[place]);
	workers[place] = NULL;
	return false;
}

static void
start_recorder(int place, Oid oid)
{
	BackgroundWorker worker;
	MemoryContext oldcontext;
	bool		started;

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_notify_pid = MyProcPid;
	worker.bgw_main_arg = ObjectIdGetDatum(oid);
	strlcpy(worker.bgw_library_name, "contact_guard", BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, "cg_recorder_main", BGW_MAXLEN);
	snprintf(worker.bgw_name, BGW_MAXLEN, "contact_guard recorder for database %u", oid);
	strlcpy(worker.bgw_type, "contact_guard recorder", BGW_MAXLEN);

	oldcontext = MemoryContextSwitchTo(TopMemoryContext);
	started = RegisterDynamicBackgroundWorker(&worker, &workers[place]);
	MemoryContextSwitchTo(oldcontext);

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	if (cg_shared->databases[place].oid == oid)
	{
		CgDatabase *database = &cg_shared->databases[place];

		/* Until it has done something, each attempt counts as one that failed. */
		if (!started)
			ask_to_leave();
		if (!started)
			strlcpy(database->error, "starting: no background worker slot is free (max_worker_processes)",
					CG_ERROR_LENGTH);
		else if (database->failures > 1 && database->error[0] == '\0')
			strlcpy(database->error, "starting: it ended before it could look, see the server log",
					CG_ERROR_LENGTH);
		database->failures++;
		database->retry_at =
			TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
										started ? Min(30000, 250 << Min(database->failures, 8)) : 250);
	}
	LWLockRelease(cg_shared->lock);
}

/*
 * No worker is free: of the recorders that have had their time, first one that only
 * waits for more to do, else the one that has run longest.  Lock held.
 */
static void
ask_to_leave(void)
{
	TimestampTz before = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), -TURN_MS);
	CgDatabase *chosen = NULL;

	for (int place = 0; place < CG_MAX_DATABASES; place++)
	{
		CgDatabase *database = &cg_shared->databases[place];
		bool		idle = !database->wanted && database->written <= database->recorded;

		if (database->recorder == 0 || database->leave || (!idle && database->started_at > before))
			continue;
		if (chosen == NULL || database->started_at < chosen->started_at || idle)
			chosen = database;
		if (idle)
			break;
	}
	if (chosen)
	{
		chosen->leave = true;
		SetLatch(chosen->latch);
	}
}

/* A database that went with messages in WAL that we found after a restart. */
static void
forget_if_dropped(Oid oid)
{
	bool		exists;

	StartTransactionCommand();
	exists = SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(oid));
	CommitTransactionCommand();
	if (exists)
		return;
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	{
		CgDatabase *database = cg_shared_database(oid, false);

		if (database && database->recorder == 0)
			memset(database, 0, sizeof(CgDatabase));
	}
	LWLockRelease(cg_shared->lock);
}

/*
 * Up to the first position that a recorder has stored; not at all while it has
 * yet to look.  What is flushed is asked first: a database that is new to us
 * later has its messages later.
 */
static void
move_slot(void)
{
	XLogRecPtr	flushed = GetFlushRecPtr(NULL);
	XLogRecPtr	target = flushed;
	XLogRecPtr	current = MyReplicationSlot->data.restart_lsn;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	for (int place = 0; place < CG_MAX_DATABASES; place++)
	{
		CgDatabase *database = &cg_shared->databases[place];

		if (!OidIsValid(database->oid))
			continue;
		target = Min(target, database->recorded);
		/* What a recorder has committed and not flushed may be needed again. */
		if (database->commit > flushed)
			target = InvalidXLogRecPtr;
	}
	LWLockRelease(cg_shared->lock);
	if (target < current + SLOT_SAVE_BYTES)
		return;
	SpinLockAcquire(&MyReplicationSlot->mutex);
	MyReplicationSlot->data.restart_lsn = target;
	SpinLockRelease(&MyReplicationSlot->mutex);
	ReplicationSlotMarkDirty();
	/* On disk first: a crash must not find the slot behind WAL that is gone. */
	ReplicationSlotSave();
	ReplicationSlotsComputeRequiredLSN();
}
