/*
 * launcher.c
 *		The one launcher of a server holds the slot and starts recorders.
 *
 * It holds a physical replication slot (slot.c), so that WAL is kept until its messages
 * are recorded.  It moves the slot up to the smallest position that a recorder has stored.
 * After a start a recorder looks into each database for messages that are not recorded
 * (census.c), and the slot does not move until then.  Later, readers announce their
 * messages in shared memory.
 *
 * It runs on a standby, too.  There it starts no recorder.  It moves the slot by the
 * positions that the replayed tables have (standby.c).  After a promotion the same process
 * goes on, with the slot in its hand.
 *
 * It is not connected to a database, so that every database can be copied, dropped and
 * renamed.  It learns from the shared catalogs which databases are gone.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/bgworker_internals.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/guc.h"
#include "base/identitykeys.h"
#include "base/settings.h"
#include "base/shared.h"
#include "compat.h"
#include "evidence/signing.h"
#include "log/census.h"
#include "log/keycheck.h"
#include "log/launcher.h"
#include "log/quiet.h"
#include "log/recorder.h"
#include "log/slot.h"
#include "log/standby.h"
#include "log/start.h"

#define NAP_MS 1000
/* A busy recorder runs for so long before it may be asked to make room for another. */
#define TURN_MS 1000
/* A stored position is renewed that lies so far behind: see renewal(). */
#define IDLE_LAG_BYTES (16 * 1024 * 1024)
#define IDLE_MOST_BYTES (1024 * 1024 * 1024)
#define RENEWAL_XIDS 4			/* no renewal of a position needs more transactions */
#define RENEWAL_MS (60 * 60 * 1000)

/* The workers that we have started, by index in cg_shared->databases. */
static BackgroundWorkerHandle **workers;

static bool is_registered(void);
static void take_turn(void);
static void attach_launcher(void);
static void detach_launcher(int code, Datum arg);
static void start_recorders(void);
static XLogRecPtr renewal(XLogRecPtr flushed);
static bool needs_recorder(CgDatabase *database, XLogRecPtr renew_before);
static void start_recorder(int place, Oid database);
static bool is_running(int place);
static void ask_to_leave(void);
static void forget_if_dropped(Oid database);
static void move_slot(void);

/* In a server of pg_upgrade nothing may be recorded, so no launcher is registered. */
void
cg_launcher_init(void)
{
	BackgroundWorker worker;

	if (!process_shared_preload_libraries_in_progress || IsBinaryUpgrade)
		return;
	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_ConsistentState;
	worker.bgw_restart_time = 1;
	strlcpy(worker.bgw_library_name, "contact_guard", BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, "cg_launcher_main", BGW_MAXLEN);
	strlcpy(worker.bgw_name, "contact_guard launcher", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "contact_guard launcher", BGW_MAXLEN);
	RegisterBackgroundWorker(&worker);
	cg_shared_launcher_may_come = is_registered();
}

/* If max_worker_processes leaves no place, the postmaster only writes a line into its log. */
static bool
is_registered(void)
{
	cg_compat_workers_iter iter;

	cg_compat_workers_foreach(iter)
	{
		RegisteredBgWorker *worker = cg_compat_worker_at(iter);

		if (strcmp(worker->rw_worker.bgw_function_name, "cg_launcher_main") == 0)
			return true;
	}
	return false;
}

void
cg_launcher_main(Datum arg)
{
	cg_settings_hear_reloads();
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	attach_launcher();
	/* Also in a server that stops right now: it was not one without the library. */
	cg_start_announce();
	/* There may have been no launcher when the configuration was reloaded. */
	cg_identitykeys_read();
	workers = MemoryContextAllocZero(TopMemoryContext, (cg_max_databases + 1) * sizeof(*workers));

	while (!ShutdownRequestPending)
	{
		int			events;

		if (RecoveryInProgress())
			cg_standby_turn();
		else
			take_turn();
		events = WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, NAP_MS,
						   PG_WAIT_EXTENSION);
		if (events & WL_LATCH_SET)
			ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			cg_keycheck_forget();
			cg_identitykeys_read();
		}
	}
	cg_start_announce_end();
	/* With exit code 0 the postmaster would not start another launcher. */
	proc_exit(1);
}

/* A turn of the loop on a server that is not a standby. */
static void
take_turn(void)
{
	bool		ready;
	bool		known;

	/* First: with the slot, sessions may write messages. */
	cg_start_announce();
	cg_keycheck_look();
	ready = cg_slot_have(cg_slot_is_wanted(), true);
	known = cg_census_take();
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	cg_shared->census_taken = known;
	/* So that a slot is made again that somebody drops. */
	cg_shared->slot_wanted |= ready;
	LWLockRelease(cg_shared->lock);
	/* Without a slot, recorders find out whether a journal needs one (census.c). */
	if (ready || !cg_slot_is_wanted())
		start_recorders();
	if (ready && known)
		move_slot();
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
	cg_shared->launcher_left_at = GetCurrentTimestamp();
	cg_shared->launcher_latch = NULL;
	/* The slot stays, so WAL is kept until the next launcher moves the slot. */
	LWLockRelease(cg_shared->lock);
}

/*
 * Before which position a stored position is renewed, even without new messages.
 *
 * An old one keeps WAL back.  And a base backup has the WAL from its first checkpoint on, by
 * segments: if it is restored without an archive, a position from before would look like a
 * loss.
 *
 * The renewal is WAL, too.  On a server where nothing else happens, archive_timeout would end
 * its segment and a checkpoint would follow, for ever.  There it is done once an hour, and in
 * between quiet.c says that nothing has happened.
 */
static XLogRecPtr
renewal(XLogRecPtr flushed)
{
	static TimestampTz renewed_at = 0;
	static uint64 renewed_xid = 0;
	static XLogRecPtr renewed = InvalidXLogRecPtr;
	XLogRecPtr	target = GetRedoRecPtr();
	uint64		next = U64FromFullTransactionId(ReadNextFullTransactionId());
	int			databases = 0;

	target -= XLogSegmentOffset(target, wal_segment_size);
	if (flushed > target + IDLE_LAG_BYTES)
		target = flushed - IDLE_LAG_BYTES;
	LWLockAcquire(cg_shared->lock, LW_SHARED);
	for (int place = 0; place <= cg_max_databases; place++)
		databases += OidIsValid(cg_shared->databases[place].oid);
	LWLockRelease(cg_shared->lock);
	if (XLogArchiveTimeout > 0 && next <= renewed_xid + RENEWAL_XIDS * databases &&
		flushed < renewed + IDLE_MOST_BYTES &&
		!TimestampDifferenceExceeds(renewed_at, GetCurrentTimestamp(), RENEWAL_MS))
	{
		cg_quiet_announce(target);
		return renewed;
	}
	if (target > renewed)
	{
		renewed = target;
		renewed_xid = next;
		renewed_at = GetCurrentTimestamp();
	}
	return renewed;
}

static bool
needs_recorder(CgDatabase *database, XLogRecPtr renew_before)
{
	TimestampTz latest;

	if (!OidIsValid(database->oid))
		return false;
	if (!XLogRecPtrIsInvalid(database->recorded) && !database->wanted &&
		(database->recorded < renew_before || (cg_clock_is_back(&latest) && database->clock_told != latest)))
	{
		database->wanted = true;
		cg_shared_wake(database);
	}
	return database->recorder == 0 &&
		(database->wanted || XLogRecPtrIsInvalid(database->recorded) ||
		 pg_atomic_read_u64(&database->written) > database->recorded ||
		 (database->due_at != 0 && GetCurrentTimestamp() >= database->due_at)) &&
		GetCurrentTimestamp() >= database->retry_at && !cg_shared_is_held(database);
}

static void
start_recorders(void)
{
	XLogRecPtr	flushed = GetFlushRecPtr(NULL);
	XLogRecPtr	renew_before = renewal(flushed);

	for (int place = 0; place <= cg_max_databases; place++)
	{
		CgDatabase *database = &cg_shared->databases[place];
		Oid			oid;
		XLogRecPtr	written;
		bool		needed;
		bool		failing;

		LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
		oid = database->oid;
		written = pg_atomic_read_u64(&database->written);
		failing = database->failures > 0;
		needed = needs_recorder(database, renew_before);
		LWLockRelease(cg_shared->lock);
		/*
		 * A session need not have told the WAL writer of its last withheld record
		 * (journal/messages.c), and the recorder may be stuck.
		 */
		if (OidIsValid(oid) && written > flushed)
			XLogSetAsyncXactLSN(written);
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

		/* Each start counts as a failure until the recorder has done something. */
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
 * No worker is free, so one recorder is asked to end: one that is idle, or else the one
 * that has run longest, if it has had its time.  The caller holds the lock.
 */
static void
ask_to_leave(void)
{
	TimestampTz before = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), -TURN_MS);
	CgDatabase *chosen = NULL;

	for (int place = 0; place <= cg_max_databases; place++)
	{
		CgDatabase *database = &cg_shared->databases[place];
		bool		idle = !database->wanted && pg_atomic_read_u64(&database->written) <= database->recorded;

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

/* Removes the entry of a database that was dropped while WAL still had its messages. */
static void
forget_if_dropped(Oid oid)
{
	if (cg_census_exists(oid))
		return;
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	{
		CgDatabase *database = cg_shared_database(oid, false);

		if (database && database->recorder == 0)
			(void) cg_shared_remove(database, true);
	}
	LWLockRelease(cg_shared->lock);
}

/*
 * Moves the slot to the smallest stored position.  Does not move it while a recorder has
 * yet to look.  The flush position is read first: messages of a database that gets its
 * entry later lie behind it.
 */
static void
move_slot(void)
{
	XLogRecPtr	flushed = GetFlushRecPtr(NULL);
	XLogRecPtr	target = flushed;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	for (int place = 0; place <= cg_max_databases; place++)
	{
		CgDatabase *database = &cg_shared->databases[place];

		if (!OidIsValid(database->oid))
			continue;
		target = Min(target, database->recorded);
		/* What no heartbeat names is read again after a restart (sealed.c). */
		if (cg_signing_configured() && !XLogRecPtrIsInvalid(database->sealed))
			target = Min(target, database->sealed);
		/* If the recorder's commit is not flushed, a crash may bring the old position back. */
		if (database->commit > flushed)
			target = InvalidXLogRecPtr;
	}
	LWLockRelease(cg_shared->lock);
	cg_slot_move(target);
}
