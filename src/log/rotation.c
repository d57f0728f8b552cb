/*
 * rotation.c
 *		rotate_journal_key(): the journal gets a new key at once.
 *
 * The session writes a record of what it asks for, then asks the recorder in shared memory,
 * and waits for it.  The record comes first, because a new key always follows it, also if the
 * session waits no longer: if the server stops in between, its next run begins with a new
 * key.  A key without a record would be worse.  The recorder writes a record, too, of the
 * place in WAL where the key begins.
 *
 * The recorder makes the key, because it alone must know it before it reads what the key
 * has sealed (sealing.c has the steps).  It forgets the old key as soon as it has stored
 * what that key has sealed (apply.c).
 */
#include "postgres.h"

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
#include "compat.h"
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

/* The rotation that this process is at. */
static CgJournalState state;
static CgDatabase *stopped = NULL;	/* sessions wait until it is over; NULL: they do not */
static XLogRecPtr last_commit = InvalidXLogRecPtr;	/* of this process, before it */
static CgRotation made;			/* begins_at and before of the new key */

static bool look_at_rotation(CgRotation *rotation);
static bool rotate(void);
static void replace_key(void);
static void note_made(uint64 asked, bool done);
static void tell(const CgRotation *rotation);
static void refuse_own_locks(void);
static uint64 ask_recorder(void);
static bool is_done(uint64 asked, bool *waits, char *error);
static void wait_for_recorder(uint64 asked);

/* What was asked for, and what has been done.  False if there is nothing to do. */
static bool
look_at_rotation(CgRotation *rotation)
{
	CgDatabase *database;

	memset(rotation, 0, sizeof(*rotation));
	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
		*rotation = database->rotation;
	LWLockRelease(cg_shared->lock);
	return rotation->asked != rotation->told;
}

/*
 * If the key's commit is in WAL, it is the key, whatever fails afterwards.  The commit has
 * changed XactLastCommitEnd then.
 */
void
cg_rotation_leave(void)
{
	CgDatabase *database = stopped;

	stopped = NULL;
	if (database)
		cg_sealing_go_on(database, XactLastCommitEnd != last_commit ? &state : NULL);
}

/*
 * An interrupt ends this process, and so it ends the wait of the sessions: detach_recorder()
 * calls cg_rotation_leave(), too, since not every end of a process is an error.
 */
static void
replace_key(void)
{
	CgDatabase *database = cg_shared_own();

	/* Here, and not while sessions wait. */
	(void) GetTopTransactionId();
	last_commit = XactLastCommitEnd;
	PG_TRY();
	{
		stopped = database;
		cg_sealing_stop(database);
		made.before = pg_atomic_read_u64(&database->written);
		made.begins_at = GetXLogInsertRecPtr();
		cg_journalkeys_add(&state, made.begins_at);
		cg_apply_end_empty();
	}
	PG_FINALLY();
	{
		cg_rotation_leave();
	}
	PG_END_TRY();
	cg_apply_use_keys(&state);
	cg_journalkeys_tell(&state);
}

/* False if there are too many keys whose messages wait to be stored. */
static bool
rotate(void)
{
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
	replace_key();
	return true;
}

static void
note_made(uint64 asked, bool done)
{
	CgDatabase *database;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
	{
		database->rotation.waits = !done;
		if (done)
		{
			database->rotation.done = asked;
			database->rotation.begins_at = made.begins_at;
			database->rotation.before = made.before;
		}
	}
	LWLockRelease(cg_shared->lock);
	if (done)
		ConditionVariableBroadcast(&cg_shared->progress);
}

/* Only the recorder knows where the key begins, and that it does. */
static void
tell(const CgRotation *rotation)
{
	CgDatabase *database;

	cg_apply_begin();
	cg_apply_own_record(CG_EVENT_KEY, psprintf("a new key seals the journal from %X/%X on",
											   LSN_FORMAT_ARGS(rotation->begins_at)));
	cg_apply_commit(InvalidXLogRecPtr);
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
		database->rotation.told = rotation->done;
	LWLockRelease(cg_shared->lock);
}

/*
 * The recorder's record follows the one of the session that has asked.  But if another
 * session asks meanwhile, it comes at once, since each key has one.
 */
void
cg_rotation_perform(XLogRecPtr stored)
{
	CgRotation	rotation;

	if (!look_at_rotation(&rotation))
		return;
	if (rotation.done != rotation.told &&
		(rotation.asked != rotation.done || stored >= rotation.before))
		tell(&rotation);
	if (rotation.asked != rotation.done)
		note_made(rotation.asked, rotate());
}

/*
 * The recorder writes these tables.  A transaction that has locked one of them, or made it,
 * would wait for its own end.
 */
static void
refuse_own_locks(void)
{
	static const char *const tables[] = {"journal_state", "journal_key", "journal_session",
	"journal_passed", "query_text", "log_common", "log"};

	for (int i = 0; i < lengthof(tables); i++)
	{
		LOCKTAG		tag;

		SET_LOCKTAG_RELATION(tag, MyDatabaseId, cg_objects_relation(tables[i], false));
		/* All locks that conflict with ROW EXCLUSIVE */
		for (LOCKMODE mode = ShareLock; mode <= AccessExclusiveLock; mode++)
			if (cg_compat_lock_held(&tag, mode))
				ereport(ERROR,
						(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
						 errmsg("this transaction keeps the recorder from making a new key for the journal"),
						 errdetail("The transaction has locked or created table contact_guard.%s, which the recorder needs.", tables[i]),
						 errhint("Call contact_guard.rotate_journal_key() in a transaction of its own.")));
	}
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
		asked = ++database->rotation.asked;
		database->wanted = true;
		cg_shared_wake(database);
	}
	LWLockRelease(cg_shared->lock);
	return asked;
}

/* waits: has no other key room?  error: why the recorder failed last, or "" */
static bool
is_done(uint64 asked, bool *waits, char *error)
{
	CgDatabase *database;
	bool		done;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	done = database && database->rotation.done >= asked;
	*waits = database && database->rotation.waits;
	strlcpy(error, database ? database->error : "", CG_ERROR_LENGTH);
	LWLockRelease(cg_shared->lock);
	return done;
}

static void
wait_for_recorder(uint64 asked)
{
	TimestampTz give_up = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), PATIENCE_MS);
	char		error[CG_ERROR_LENGTH];
	bool		waits;

	while (!is_done(asked, &waits, error))
	{
		if (GetCurrentTimestamp() > give_up)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the recorder has not yet made a new key for the journal"),
					 waits ? errdetail("The journal has no room for another key: messages that earlier keys have sealed are not stored yet.") :
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
	refuse_own_locks();
	/* Whoever is interrupted here would leave a record that no new key follows. */
	HOLD_INTERRUPTS();
	cg_eventrecord_write(CG_EVENT_KEY, NULL, 1, "a new key for the journal is asked for");
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
