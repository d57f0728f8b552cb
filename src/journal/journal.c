/*
 * journal.c
 *		The journal of this database: can a record be kept, and by what is it sealed?
 *
 * messages.c writes the records.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "replication/slot.h"
#include "storage/lwlock.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/guc.h"
#include "base/inval.h"
#include "base/objects.h"
#include "base/shared.h"
#include "compat.h"
#include "journal/forward.h"
#include "journal/journal.h"
#include "journal/journalstate.h"

#define LAUNCHER_PATIENCE_MS 10000
#define RECORDER_PATIENCE_MS 60000

static CgJournalState own;		/* the key and the names that seal messages */
static Oid	own_table = InvalidOid; /* InvalidOid: own is not loaded */
static uint64 own_table_at = 0; /* cg_objects_invalidations when it was looked up */
static bool borrowed = false;	/* own is the primary's: this was a standby that forwards */

static bool crowded = false;	/* a quarter of max_backlog is exceeded, when last looked at */
static uint64 generation = 0;
static uint64 texts = 0;		/* the count in shared memory when last looked at */

static void journal_inval(Oid relid);
static bool own_seals(void);
static bool load_own(void);
static bool may_use(CgDatabase *database);
static bool shared_is_ready(void);
static void want_recorder(void);
static char *why_no_wal_is_kept(void);
static void wait_for_journal(bool begun);
static uint64 backlog(void);
static XLogRecPtr recorded_position(void);
static void refuse_backlog(void);
static void require_backlog(void);

static void
journal_inval(Oid relid)
{
	if (relid == own_table || !OidIsValid(relid))
		own_table = InvalidOid;
}

/* Is it this database's journal, with a key that no earlier run of the server had? */
static bool
own_seals(void)
{
	return cg_journalstate_is_own(&own) && cg_journalstate_is_sealed(&own);
}

/*
 * False if the recorder must begin a new epoch first, or make the key of this run.  A standby
 * that forwards has the primary's key, as far as it has replayed.
 */
static bool
load_own(void)
{
	uint8		key[CG_KEY_LENGTH];
	uint64		before = cg_objects_invalidations;
	Oid			relid;

	if (borrowed != cg_forward_is_on())
		own_table = InvalidOid;
	borrowed = cg_forward_is_on();
	if (OidIsValid(own_table) && own_table_at == before && !creating_extension)
		return true;
	relid = cg_objects_relation("journal_state", false);
	own_table_at = before;
	if (OidIsValid(own_table) && own_table == relid)
		return true;
	cg_inval_on_relation(journal_inval);
	memcpy(key, own.key, CG_KEY_LENGTH);
	if (!cg_journalstate_read(&own) || !(borrowed ? cg_journalstate_is_own(&own) : own_seals()))
		return false;
	if (memcmp(key, own.key, CG_KEY_LENGTH) != 0)
		generation++;
	own_table = relid;
	return true;
}

/* An entry that is lent is only for the recorder. */
static bool
may_use(CgDatabase *database)
{
	return !database->turned_away || database->recorder == MyProcPid;
}

/* Is there a slot, and an entry for this database?  Asks the launcher for what is missing. */
static bool
shared_is_ready(void)
{
	CgDatabase *database = cg_shared_own();

	if (database && database->texts != texts)
	{
		texts = database->texts;
		generation++;
	}
	if (database && may_use(database) && cg_shared->slot_ready)
		return true;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	cg_shared->slot_wanted = true;
	database = cg_shared_database(MyDatabaseId, true);
	if (cg_shared->launcher != 0)
		SetLatch(cg_shared->launcher_latch);
	LWLockRelease(cg_shared->lock);
	if (database == NULL || !may_use(database))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("more than %d databases of this server use contact_guard", cg_max_databases),
				 errhint("Raise contact_guard.max_databases and restart the server, or drop the extension in another database.")));
	return false;
}

static void
want_recorder(void)
{
	CgDatabase *database;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, true);
	if (database)
	{
		database->wanted = true;
		cg_shared_wake(database);
	}
	LWLockRelease(cg_shared->lock);
}

/* Why it is of no use to wait for the launcher or its slot, as a sentence; or NULL. */
static char *
why_no_wal_is_kept(void)
{
	char	   *why = cg_shared_no_launcher();
	char		error[CG_ERROR_LENGTH] = "";

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	if (!cg_shared->slot_ready)
		strlcpy(error, cg_shared->error, sizeof(error));
	LWLockRelease(cg_shared->lock);
	if (why == NULL && error[0] != '\0')
		why = psprintf("The contact_guard launcher has no replication slot: %s.", error);
	return why;
}

/*
 * Waits until WAL is kept for this database, or gives up with an ERROR.  The error comes at
 * once where waiting would not help.
 * begun: waits until its journal has begun, too.
 */
static void
wait_for_journal(bool begun)
{
	TimestampTz give_up = 0;
	char	   *why;

	cg_shared_require();
	if (cg_forward_is_on() && (!begun || load_own()))
		return;
	if (wal_level < WAL_LEVEL_REPLICA || max_replication_slots == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no record of reads could be kept"),
				 errhint("Set wal_level to replica or logical, and max_replication_slots higher than 0, then restart the server.")));
	/* A standby starts no launcher: waiting would not help. */
	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no record of reads could be kept"),
				 cg_forward_is_on() ? errdetail("The journal of this database has not begun, or the standby has not replayed that.") :
				 errdetail("This is a standby."),
				 errhint("Guarded columns can be read on the primary.")));
	for (;;)
	{
		bool		loaded = !begun || load_own();

		if (shared_is_ready() && loaded)
			break;
		if (!loaded)
			want_recorder();
		why = why_no_wal_is_kept();
		if (why)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("no record of reads could be kept"),
					 errdetail("%s", why),
					 errhint("See contact_guard.status() and the server log. wal_level must be replica or higher, and max_replication_slots and max_worker_processes must leave room.")));
		if (give_up == 0)
			give_up = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), LAUNCHER_PATIENCE_MS);
		else if (GetCurrentTimestamp() > give_up)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("no record of reads could be kept"),
					 loaded ? errdetail("The contact_guard launcher keeps no WAL.") :
					 errdetail("The journal of this database has not begun."),
					 errhint("See the server log. wal_level must be replica or higher, and max_replication_slots and max_worker_processes must leave room.")));
		ConditionVariableTimedSleep(&cg_shared->progress, 100, PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
}

void
cg_journal_require_slot(void)
{
	wait_for_journal(false);
}

/* Bytes of messages that are not recorded yet. */
static uint64
backlog(void)
{
	CgDatabase *database = cg_shared_own();
	uint64		recorded;

	if (database == NULL)
		return 0;
	recorded = pg_atomic_read_u64(&database->recorded_bytes);
	/* In this order: it never passes the other one. */
	pg_read_barrier();
	return pg_atomic_read_u64(&database->written_bytes) - recorded;
}

/* How far the recorder is. */
static XLogRecPtr
recorded_position(void)
{
	CgDatabase *database;
	XLogRecPtr	recorded;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	recorded = database ? database->recorded : InvalidXLogRecPtr;
	LWLockRelease(cg_shared->lock);
	return recorded;
}

static void
refuse_backlog(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			 errmsg("guarded columns cannot be read: too many records wait to be stored in the access log"),
			 errhint("See contact_guard.status(); contact_guard.max_backlog is the limit.")));
}

static void
require_backlog(void)
{
	uint64		bytes = backlog();

	if (bytes > (uint64) cg_max_backlog * 1024)
		refuse_backlog();
	crowded = bytes > (uint64) cg_max_backlog * 1024 / 4;
}

/* Events of administration need no room: what they report may be what makes it. */
void
cg_journal_require(void)
{
	wait_for_journal(true);
	require_backlog();
}

void
cg_journal_require_room(void)
{
	cg_space_require();
	require_backlog();
}

void
cg_journal_make_way(void)
{
	XLogRecPtr	recorded = InvalidXLogRecPtr;
	TimestampTz give_up = 0;

	if (!crowded || InterruptHoldoffCount > 0 || CritSectionCount > 0)
		return;
	for (;;)
	{
		XLogRecPtr	before = recorded;

		if (backlog() <= (uint64) cg_max_backlog * 1024 / 4)
			break;
		recorded = recorded_position();
		if (give_up == 0 || recorded != before)
			give_up = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), RECORDER_PATIENCE_MS);
		else if (GetCurrentTimestamp() > give_up)
			refuse_backlog();
		ConditionVariableTimedSleep(&cg_shared->progress, 1000, PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
	crowded = false;
}

bool
cg_journal_load(void)
{
	if (cg_shared == NULL || (RecoveryInProgress() && !cg_forward_is_on()))
		return false;
	if (load_own())
		return true;
	if (!borrowed)
		want_recorder();
	return false;
}

bool
cg_journal_has_place(void)
{
	CgDatabase *database;
	bool		result;

	if (cg_shared == NULL)
		return false;
	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	result = database != NULL && !database->turned_away;
	LWLockRelease(cg_shared->lock);
	return result;
}

bool
cg_journal_can_write(void)
{
	return cg_shared && !RecoveryInProgress() && own_seals() && shared_is_ready();
}

void
cg_journal_require_begun(void)
{
	wait_for_journal(true);
}

bool
cg_journal_is_borrowed(void)
{
	return borrowed;
}

void
cg_journal_reload(void)
{
	own_table = InvalidOid;
	(void) load_own();
}

void
cg_journal_send_texts_again(void)
{
	generation++;
}

uint64
cg_journal_generation(void)
{
	return generation;
}

const CgJournalState *
cg_journal_own(void)
{
	return &own;
}

const uint8 *
cg_journal_key(void)
{
	return own.key;
}
