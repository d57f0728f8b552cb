/*
 * journal.c
 *		The write-ahead stream of read records: into WAL, and durable.
 *
 * A record is a non-transactional logical WAL message.  Nothing that the reading
 * transaction does takes the message back.  After a crash it is there if anything
 * that was written later is there.  Any role may emit such messages, so ours carry
 * a MAC.
 *
 * The order of steps, and what a crash leaves: the message is announced in shared
 * memory (inflight) *before* it is inserted.  Otherwise the recorder could count
 * the WAL in which the message lies as read.  "written" moves after the insertion.
 * A crash in between loses both.  If the message had reached the disk, the recorder
 * finds it when it reads on from its stored position.  If it had not, the flush had
 * not returned, so no value had left the server.
 *
 * cg_journal_write and cg_journal_flush run inside the door (door.c), outside of any
 * transaction: they use neither a catalog nor a resource owner.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "replication/message.h"
#include "replication/slot.h"
#include "storage/lwlock.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/guc.h"
#include "base/inval.h"
#include "base/objects.h"
#include "base/shared.h"
#include "base/standbys.h"
#include "compat.h"
#include "journal/journal.h"
#include "journal/journalstate.h"

#define LAUNCHER_PATIENCE_MS 10000

static CgJournalState own;		/* the key and the names that seal messages */
static Oid	own_table = InvalidOid; /* InvalidOid: own is not loaded */

static StringInfoData buffer;	/* items not yet in WAL; .data NULL at first */
static uint64 counter = 0;		/* of messages, in this generation */
static uint64 generation = 0;
static uint64 texts = 0;		/* the count in shared memory when last looked at */
static XLogRecPtr written = InvalidXLogRecPtr;	/* end of the newest message */
static XLogRecPtr durable = InvalidXLogRecPtr;

static void journal_inval(Oid relid);
static bool load_own(void);
static bool shared_is_ready(void);
static void want_recorder(void);
static void wait_for_journal(bool begun);
static XLogRecPtr write_items(const char *items, size_t length);
static XLogRecPtr insert_message(StringInfo message);

static void
journal_inval(Oid relid)
{
	if (relid == own_table || !OidIsValid(relid))
		own_table = InvalidOid;
}

/* False if the recorder must begin a new epoch first. */
static bool
load_own(void)
{
	uint8		key[CG_KEY_LENGTH];
	Oid			relid = cg_objects_relation("journal_state", false);

	if (OidIsValid(own_table) && own_table == relid)
		return true;
	cg_inval_on_relation(journal_inval);
	memcpy(key, own.key, CG_KEY_LENGTH);
	if (!cg_journalstate_read(&own) || !cg_journalstate_is_own(&own))
		return false;
	if (memcmp(key, own.key, CG_KEY_LENGTH) != 0)
	{
		counter = 0;
		generation++;
	}
	own_table = relid;
	return true;
}

/* Is there a slot, and an entry for this database?  Asks the launcher for what is missing. */
static bool
shared_is_ready(void)
{
	CgDatabase *database;
	bool		ready;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	ready = cg_shared->slot_ready && database != NULL;
	if (database && database->texts != texts)
	{
		texts = database->texts;
		generation++;
	}
	LWLockRelease(cg_shared->lock);
	if (ready)
		return true;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	cg_shared->slot_wanted = true;
	database = cg_shared_database(MyDatabaseId, true);
	if (cg_shared->launcher != 0)
		SetLatch(cg_shared->launcher_latch);
	LWLockRelease(cg_shared->lock);
	if (database == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("more than %d databases of this server use contact_guard", CG_MAX_DATABASES)));
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

/*
 * Waits until WAL is kept for this database, or gives up with an ERROR.
 * begun: waits until its journal has begun, too.
 */
static void
wait_for_journal(bool begun)
{
	TimestampTz give_up = 0;

	cg_shared_require();
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
				 errdetail("This is a standby."),
				 errhint("Guarded columns can be read on the primary.")));
	for (;;)
	{
		bool		loaded = !begun || load_own();

		if (shared_is_ready() && loaded)
			break;
		if (!loaded)
			want_recorder();
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

void
cg_journal_require(void)
{
	CgDatabase *database;
	uint64		backlog = 0;

	wait_for_journal(true);
	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
		backlog = database->written_bytes - database->recorded_bytes;
	LWLockRelease(cg_shared->lock);
	if (backlog > (uint64) cg_max_backlog * 1024)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("guarded columns cannot be read: too many records wait to be stored in the access log"),
				 errhint("See contact_guard.status(); contact_guard.max_backlog is the limit.")));
}

bool
cg_journal_load(void)
{
	if (cg_shared == NULL || RecoveryInProgress())
		return false;
	if (load_own())
		return true;
	want_recorder();
	return false;
}

bool
cg_journal_has_place(void)
{
	bool		result;

	if (cg_shared == NULL)
		return false;
	LWLockAcquire(cg_shared->lock, LW_SHARED);
	result = cg_shared_database(MyDatabaseId, false) != NULL;
	LWLockRelease(cg_shared->lock);
	return result;
}

bool
cg_journal_can_write(void)
{
	return cg_shared && !RecoveryInProgress() && cg_journalstate_is_own(&own) && shared_is_ready();
}

void
cg_journal_require_begun(void)
{
	wait_for_journal(true);
}

uint64
cg_journal_generation(void)
{
	return generation;
}

const uint8 *
cg_journal_key(void)
{
	return own.key;
}

StringInfo
cg_journal_buffer(void)
{
	if (buffer.data == NULL)
	{
		MemoryContext oldcontext = MemoryContextSwitchTo(TopMemoryContext);

		initStringInfo(&buffer);
		MemoryContextSwitchTo(oldcontext);
	}
	return &buffer;
}

/*
 * Writes one message, or several: the recorder does not accept a longer one as ours.
 * Items leave the buffer as soon as they are inserted, so that an error later on
 * does not write them twice.
 */
void
cg_journal_write(void)
{
	while (buffer.len > 0)
	{
		size_t		context = 0;
		size_t		context_length = 0;
		size_t		taken = buffer.len;

		if (taken > CG_RECORD_LONGEST / 2)
			taken = cg_record_cut(buffer.data, buffer.len, CG_RECORD_LONGEST / 2, &context, &context_length);
		written = write_items(buffer.data, taken);
		if (taken == buffer.len)
			resetStringInfo(&buffer);
		else
		{
			size_t		rest = taken - context_length;

			memmove(buffer.data + rest, buffer.data + context, context_length);
			memmove(buffer.data, buffer.data + rest, buffer.len - rest);
			buffer.len -= rest;
			buffer.data[buffer.len] = '\0';
		}
	}
}

void
cg_journal_write_now(const StringInfoData *items)
{
	XLogRecPtr	lsn = write_items(items->data, items->len);

	if (cg_durability == CG_DURABILITY_RELAXED)
		XLogSetAsyncXactLSN(lsn);
	else
		XLogFlush(lsn);
}

/*
 * Writes items as one message and returns its end.  This process may be stopped
 * between the seal and the insertion for so long that the recorder would take the
 * message for a repetition.  Then the message is written again.  Both have the same
 * counter, so the recorder counts only one of them.
 */
static XLogRecPtr
write_items(const char *items, size_t length)
{
	XLogRecPtr	sealed_at;
	XLogRecPtr	lsn;

	do
	{
		CgMessageHeader header = {
			.flags = cg_durability == CG_DURABILITY_RELAXED ? CG_RECORD_RELAXED : 0,
			.epoch = own.epoch,
			.backend_start = MyStartTimestamp,
			.backend_pid = MyProcPid,
			.counter = counter + 1,
			.position = GetXLogInsertRecPtr(),
		};
		StringInfoData message;

		sealed_at = header.position;
		initStringInfo(&message);
		if (!cg_record_seal(&message, &header, items, length,
							own.system_identifier, own.database, own.key))
			elog(ERROR, "could not compute HMAC");
		lsn = insert_message(&message);
		pfree(message.data);
	} while (lsn - sealed_at > CG_RECORD_REACH / 2);
	counter++;
	return lsn;
}

static XLogRecPtr
insert_message(StringInfo message)
{
	CgDatabase *database;
	volatile XLogRecPtr lsn = InvalidXLogRecPtr;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, true);
	if (database == NULL)
		elog(ERROR, "contact_guard has lost its entry for database %u", MyDatabaseId);
	database->inflight++;
	LWLockRelease(cg_shared->lock);

	PG_TRY();
	{
		lsn = cg_compat_log_message(CG_RECORD_PREFIX, message->data, message->len);
	}
	PG_FINALLY();
	{
		LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
		database->inflight--;
		if (!XLogRecPtrIsInvalid(lsn))
		{
			if (database->written < lsn)
				database->written = lsn;
			database->written_bytes += message->len;
			cg_shared_wake(database);
		}
		LWLockRelease(cg_shared->lock);
	}
	PG_END_TRY();
	return lsn;
}

bool
cg_journal_owes(void)
{
	return buffer.len > 0 || written > durable;
}

bool
cg_journal_flush(void)
{
	XLogRecPtr	lsn = written;

	if (lsn <= durable)
		return true;
	if (cg_durability == CG_DURABILITY_RELAXED)
		XLogSetAsyncXactLSN(lsn);
	else
	{
		XLogFlush(lsn);
		if (!cg_standbys_wait(lsn))
			return false;
	}
	durable = lsn;
	return true;
}
