/*
 * rotation.c
 *		rotate_journal_key(): the journal gets a new key at once.
 *
 * The session writes a record, then asks the recorder in shared memory, and waits for it.
 * The record comes first, because a new key always follows it: if the server stops in
 * between, its next run begins with a new key.  A key without a record would be worse.
 *
 * The recorder makes the key, because it alone must know it before it reads what the key
 * has sealed (sealing.c has the steps).  It forgets the old key as soon as it has stored
 * what that key has sealed (apply.c).
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "utils/timestamp.h"

#include "base/objects.h"
#include "base/roles.h"
#include "base/shared.h"
#include "journal/eventrecord.h"
#include "journal/journal.h"
#include "journal/journalstate.h"
#include "journal/messages.h"
#include "journal/sealing.h"
#include "log/apply.h"
#include "log/journalkeys.h"
#include "log/rotation.h"

PG_FUNCTION_INFO_V1(cg_rotate_journal_key);

#define PATIENCE_MS 60000
/* Starts of the server must find room, too. */
#define SEALS_FOR_STARTS 8

static uint64 asked_for(void);
static bool rotate(void);
static void replace_key(CgJournalState *state);
static uint64 ask_recorder(void);
static bool is_done(uint64 asked, char *error);
static void wait_for_recorder(uint64 asked);

/* The number of the request that must be followed; 0: none. */
static uint64
asked_for(void)
{
	CgDatabase *database;
	uint64		asked = 0;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	if (database && database->rotation_asked != database->rotation_done)
		asked = database->rotation_asked;
	LWLockRelease(cg_shared->lock);
	return asked;
}

/*
 * If the key's commit is in WAL, it is the key, whatever fails afterwards.  Interrupts
 * wait: sessions do.
 */
static void
replace_key(CgJournalState *state)
{
	CgDatabase *database = cg_shared_own();
	TransactionId xid = GetTopTransactionId();

	HOLD_INTERRUPTS();
	cg_sealing_stop(database);
	PG_TRY();
	{
		cg_journalkeys_add(state, GetXLogInsertRecPtr());
		cg_apply_end_empty();
	}
	PG_FINALLY();
	{
		cg_sealing_go_on(database, TransactionIdDidCommit(xid) ? state : NULL);
	}
	PG_END_TRY();
	RESUME_INTERRUPTS();
	cg_apply_use_keys(state);
}

/* False if there are too many keys whose messages wait to be stored. */
static bool
rotate(void)
{
	CgJournalState state;

	cg_apply_begin();
	/* Before sessions have to wait: one of them may hold a lock that conflicts. */
	LockRelationOid(cg_objects_relation("journal_key", false), RowExclusiveLock);
	if (!cg_journalstate_read(&state))
		elog(ERROR, "contact_guard.journal_state has no row");
	if (state.nseals >= CG_SEALS_MAX - SEALS_FOR_STARTS)
	{
		cg_apply_end_empty();
		return false;
	}
	replace_key(&state);
	return true;
}

void
cg_rotation_perform(void)
{
	uint64		asked = asked_for();
	CgDatabase *database;

	if (asked == 0 || !rotate())
		return;
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
		database->rotation_done = asked;
	LWLockRelease(cg_shared->lock);
	ConditionVariableBroadcast(&cg_shared->progress);
}

static uint64
ask_recorder(void)
{
	CgDatabase *database;
	uint64		asked = 0;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, true);
	if (database)
	{
		asked = ++database->rotation_asked;
		database->wanted = true;
		cg_shared_wake(database);
	}
	LWLockRelease(cg_shared->lock);
	return asked;
}

/* error: why the recorder failed last, or "" */
static bool
is_done(uint64 asked, char *error)
{
	CgDatabase *database;
	bool		done;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	done = database && database->rotation_done >= asked;
	strlcpy(error, database ? database->error : "", CG_ERROR_LENGTH);
	LWLockRelease(cg_shared->lock);
	return done;
}

static void
wait_for_recorder(uint64 asked)
{
	TimestampTz give_up = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), PATIENCE_MS);
	char		error[CG_ERROR_LENGTH];

	while (!is_done(asked, error))
	{
		if (GetCurrentTimestamp() > give_up)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the recorder has not yet made a new key for the journal"),
					 error[0] != '\0' ? errdetail("The recorder failed while %s.", error) : 0,
					 errhint("It will make the key as soon as it can. See contact_guard.status() and the server log.")));
		ConditionVariableTimedSleep(&cg_shared->progress, 1000, PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
}

Datum
cg_rotate_journal_key(PG_FUNCTION_ARGS)
{
	uint64		asked;
	bool		acknowledged;

	cg_roles_require_admin("replace the key of the journal");
	cg_journal_require();
	/* Whoever is interrupted here would leave a record that no new key follows. */
	HOLD_INTERRUPTS();
	cg_eventrecord_write(CG_EVENT_KEY, "a new key seals the journal from here on");
	asked = ask_recorder();
	RESUME_INTERRUPTS();
	acknowledged = cg_messages_flush();
	wait_for_recorder(asked);
	if (!acknowledged)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_STATEMENT_COMPLETION_UNKNOWN),
				 errmsg("the journal has a new key, but a synchronous standby has not acknowledged the record of it")));
	PG_RETURN_VOID();
}
