/*
 * standby.c
 *		What the launcher does on a standby: it keeps WAL for a promotion.
 *
 * A promotion may come at any moment.  Then recorders read on from the positions that the
 * replayed tables have.  So the standby has a slot of its own, which keeps the WAL behind
 * the smallest of these positions.  A server that was a primary moves its slot likewise.
 *
 * The launcher is not connected to a database, so a worker looks into each database, one
 * after the other.  Such a round begins when enough WAL has been replayed since the last
 * one.  If one database could not be looked into, the slot does not move.
 *
 * A journal may begin while a round is under way.  Its position may be a little smaller
 * than what was replayed when the round began.  So the slot never passes what was replayed
 * when the round before began.  CREATE EXTENSION may take long, but its transaction shows.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "access/xlogrecovery.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "replication/slot.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/objects.h"
#include "base/settings.h"
#include "base/shared.h"
#include "evidence/signing.h"
#include "journal/journalstate.h"
#include "log/census.h"
#include "log/epoch.h"
#include "log/sealed.h"
#include "log/slot.h"
#include "log/standby.h"

#define ROUND_BYTES (16 * 1024 * 1024)	/* so much is replayed between two rounds */
#define PAUSE_MS 5000			/* between two rounds, at least */
#define FAILED_PAUSE_MS 30000	/* after a round in which a database has not answered */
#define ANY_POSITION PG_UINT64_MAX	/* of a database that does not hold the slot back */

/* The present round. */
static bool under_way = false;
static bool failed = false;
static bool has_journal = false;
static XLogRecPtr began_at = InvalidXLogRecPtr; /* what was replayed then */
static XLogRecPtr previous = InvalidXLogRecPtr; /* when the round before began */
static XLogRecPtr target = InvalidXLogRecPtr;
static List *waiting = NIL;		/* OIDs of databases, in TopMemoryContext */
static BackgroundWorkerHandle *visitor = NULL;

static TimestampTz next_round_at = 0;

static bool is_round_due(XLogRecPtr replayed);
static void begin_round(XLogRecPtr replayed);
static void begin_visit(void);
static void end_visit(void);
static void end_round(void);
static void note_trouble(const char *trouble);
static void visit(void);
static void give_answer(bool has, XLogRecPtr position);

void
cg_standby_turn(void)
{
	XLogRecPtr	replayed;
	pid_t		pid;

	/* Without these settings there can be no slot; a promoted server says so. */
	if (wal_level < WAL_LEVEL_REPLICA || max_replication_slots == 0)
		return;

	/*
	 * The slot is made at once, before it is known whether any database has a journal: a
	 * restartpoint could remove WAL meanwhile.
	 */
	(void) cg_slot_have(cg_slot_is_wanted() || XLogRecPtrIsInvalid(began_at), cg_slot_is_wanted());
	if (visitor != NULL)
	{
		if (GetBackgroundWorkerPid(visitor, &pid) != BGWH_STOPPED)
			return;
		end_visit();
	}
	replayed = GetXLogReplayRecPtr(NULL);
	if (!under_way && is_round_due(replayed))
		begin_round(replayed);
	if (under_way && waiting != NIL)
		begin_visit();
	else if (under_way)
		end_round();
}

static bool
is_round_due(XLogRecPtr replayed)
{
	return GetCurrentTimestamp() >= next_round_at &&
		(failed || replayed >= began_at + ROUND_BYTES || XLogRecPtrIsInvalid(began_at));
}

static void
begin_round(XLogRecPtr replayed)
{
	/* In the first round the slot does not move. */
	if (!failed)
		previous = began_at;
	target = previous;
	began_at = replayed;
	has_journal = false;
	failed = false;
	under_way = true;
	waiting = cg_census_databases();
}

static void
begin_visit(void)
{
	BackgroundWorker worker;
	MemoryContext oldcontext = MemoryContextSwitchTo(TopMemoryContext);
	Oid			oid = linitial_oid(waiting);

	waiting = list_delete_first(waiting);
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	memset(&cg_shared->visit, 0, sizeof(CgVisit));
	cg_shared->visit.database = oid;
	LWLockRelease(cg_shared->lock);

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_ConsistentState;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_notify_pid = MyProcPid;
	worker.bgw_main_arg = ObjectIdGetDatum(oid);
	strlcpy(worker.bgw_library_name, "contact_guard", BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, "cg_standby_visitor_main", BGW_MAXLEN);
	snprintf(worker.bgw_name, BGW_MAXLEN, "contact_guard visitor of database %u", oid);
	strlcpy(worker.bgw_type, "contact_guard visitor", BGW_MAXLEN);
	if (!RegisterDynamicBackgroundWorker(&worker, &visitor))
	{
		visitor = NULL;
		note_trouble("no background worker slot is free (max_worker_processes)");
	}
	MemoryContextSwitchTo(oldcontext);
}

static void
end_visit(void)
{
	CgVisit		found;
	char		trouble[CG_ERROR_LENGTH];

	pfree(visitor);
	visitor = NULL;
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	found = cg_shared->visit;
	cg_shared->visit.database = InvalidOid;
	LWLockRelease(cg_shared->lock);
	if (found.answered)
	{
		has_journal |= found.has_journal;
		target = Min(target, found.position);
	}
	else if (cg_census_exists(found.database))
	{
		snprintf(trouble, sizeof(trouble), "it could not be found out what database %u has recorded, see the server log",
				 found.database);
		note_trouble(trouble);
	}
}

/*
 * A slot that no journal needs is dropped again.  After a failure it stays where it is, and
 * the databases are asked again.
 */
static void
end_round(void)
{
	under_way = false;
	next_round_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), failed ? FAILED_PAUSE_MS : PAUSE_MS);
	if (failed)
		return;
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	cg_shared->slot_wanted = has_journal;
	cg_shared->slot_trouble[0] = '\0';
	LWLockRelease(cg_shared->lock);
	if (!has_journal)
		cg_slot_drop();
	else if (MyReplicationSlot)
		cg_slot_move(target);
}

/* The round goes on: the first trouble is what status() shows. */
static void
note_trouble(const char *trouble)
{
	if (!failed)
	{
		LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
		strlcpy(cg_shared->slot_trouble, trouble, CG_ERROR_LENGTH);
		LWLockRelease(cg_shared->lock);
	}
	failed = true;
}

/* --- The visitor, a process of its own --- */

/*
 * Looks into one database, and ends.  An error ends it, too, for example a conflict with
 * recovery; then there is no answer.
 */
void
cg_standby_visitor_main(Datum arg)
{
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	cg_settings_lock();
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(arg), InvalidOid, BGWORKER_BYPASS_ALLOWCONN);
	cg_settings_pin();
	visit();
	proc_exit(0);
}

static void
visit(void)
{
	CgJournalState state;
	XLogRecPtr	sealed = InvalidXLogRecPtr;
	int64		seq;
	bool		found;

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	found = OidIsValid(cg_objects_relation("journal_state", true));
	/* A copy begins an epoch of its own after the promotion, where WAL ends then. */
	if (!found || !cg_journalstate_read(&state) || !cg_journalstate_is_own(&state))
		state.position = ANY_POSITION;
	else if (cg_signing_configured())
		sealed = cg_sealed_stored(&seq);
	if (!XLogRecPtrIsInvalid(sealed))
		state.position = Min(state.position, sealed);
	PopActiveSnapshot();
	CommitTransactionCommand();
	/* A transaction that creates the extension may have messages in WAL already. */
	if (!found && cg_epoch_is_coming())
		give_answer(true, InvalidXLogRecPtr);
	else
		give_answer(found, state.position);
}

/* Nobody else answers: the launcher has one visitor at a time. */
static void
give_answer(bool has, XLogRecPtr position)
{
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	if (cg_shared->visit.database == MyDatabaseId)
	{
		cg_shared->visit.answered = true;
		cg_shared->visit.has_journal = has;
		cg_shared->visit.position = position;
	}
	LWLockRelease(cg_shared->lock);
}
