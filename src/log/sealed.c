/*
 * sealed.c
 *		Up to which position WAL is recorded, as the tree says.
 *
 * The position in contact_guard.journal_state decides what is read.  Whoever writes that table
 * while the library is not loaded could move it over messages that nobody has recorded, and over
 * the run of the server in which he does so.  So each heartbeat says which WAL is recorded, and is
 * signed with the log; and the slot keeps WAL from there on (launcher.c, standby.c).
 *
 * The first recorder of a run of the server reads the WAL between the newest heartbeat and the
 * stored position once more: each message there must have its records behind that heartbeat,
 * and each start of the server its record.  While the library is loaded nobody else can write the
 * table.  If something is not there, the position was moved.  A gap record says so, and recording
 * goes on from there, so that nothing is lost.
 *
 * A heartbeat names the newest key of the journal, too, and that key stays until the next heartbeat
 * (cg_sealed_limit).  So whoever takes keys away, so that messages cannot be recorded, is noticed: by
 * that name, or by the message that tells of a newer key (journalkeys.c).
 *
 * If that WAL is gone, the next heartbeat begins behind it.  So heartbeats whose positions do
 * not join say that WAL was not compared.  contact-guard verify shows that.  A base backup that is
 * restored without an archive has such a place, too.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lwlock.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/guc.h"
#include "base/owncommand.h"
#include "base/shared.h"
#include "evidence/signing.h"
#include "journal/journalstate.h"
#include "journal/record.h"
#include "log/apply.h"
#include "log/journalkeys.h"
#include "log/recorded.h"
#include "log/sealed.h"
#include "log/sessions.h"
#include "log/start.h"
#include "log/walreader.h"

#define RECORDED "WAL from %X/%X to %X/%X is recorded"
#define KEY "; key "

/* So much WAL behind the last heartbeat makes another one due, as often as checkpoints are signed. */
#define SEAL_BYTES (16 * 1024 * 1024)

/*
 * The newest heartbeat with positions, if it is of this journal.  Times of records are nearly in
 * order, and the index has them by event and time.
 */
#define STORED_QUERY \
	"SELECT %s FROM (SELECT seq, reason FROM contact_guard.log WHERE event = 'heartbeat' " \
	"ORDER BY read_at DESC LIMIT 10) h WHERE reason IS NOT NULL AND NOT EXISTS (" \
	"SELECT FROM contact_guard.log e WHERE e.event = 'epoch' AND e.seq > h.seq AND " \
	"e.reason ~ '^(the journal begins|a copy of the database begins|the database is in a new cluster)') " \
	"ORDER BY seq DESC LIMIT 1"

/* A session, with the records that it has in WAL and in the log behind the heartbeat. */
typedef struct Traced
{
	char		name[CG_SESSION_LENGTH];
	uint64		counter;		/* of the last message that was counted */
	int64		written;
	int64		logged;
} Traced;

/* The name of a key of which that WAL tells, and which is not there; NULL: there is none. */
static char *lost_key = NULL;

static HTAB *make_traced(int64 seq);
static void take_logged(HeapTuple row, TupleDesc tupdesc, void *arg);
static Traced *traced_session(HTAB *traced, const char *name);
static int64 count_records(const CgJournalState *state, const CgWalMessage *message, char *name, uint64 *counter);
static bool is_logged(HTAB *traced, const CgJournalState *state, const CgWalMessage *message, int64 seq);
static bool start_is_logged(TimestampTz at, int64 seq);
static bool log_is_whole(int64 seq);
static XLogRecPtr first_lost(XLogRecPtr from, XLogRecPtr to, int64 seq);
static void require_told_keys(void);
static bool was_opened(void);
static void note_sealed(XLogRecPtr position, TimestampTz at);

XLogRecPtr
cg_sealed_stored(int64 *seq)
{
	Datum		reason;
	uint32		from[2];
	uint32		to[2];

	*seq = -1;
	if (!cg_owncommand_select(psprintf(STORED_QUERY, "reason"), 0, NULL, NULL, TEXTOID, &reason) ||
		sscanf(TextDatumGetCString(reason), RECORDED, &from[0], &from[1], &to[0], &to[1]) != 4 ||
		!cg_owncommand_select_int8(psprintf(STORED_QUERY, "seq"), 0, NULL, NULL, seq))
		return InvalidXLogRecPtr;
	return (XLogRecPtr) to[0] << 32 | to[1];
}

static Traced *
traced_session(HTAB *traced, const char *name)
{
	bool		found;
	Traced	   *session = hash_search(traced, name, HASH_ENTER, &found);

	if (!found)
		session->counter = session->written = session->logged = 0;
	return session;
}

static void
take_logged(HeapTuple row, TupleDesc tupdesc, void *arg)
{
	bool		null;
	char	   *name = TextDatumGetCString(heap_getattr(row, 1, tupdesc, &null));

	if (strlen(name) < CG_SESSION_LENGTH)
		traced_session(arg, name)->logged = DatumGetInt64(heap_getattr(row, 2, tupdesc, &null));
}

/* The sessions that have records behind this one, with the number of these. */
static HTAB *
make_traced(int64 seq)
{
	HASHCTL		ctl = {.keysize = CG_SESSION_LENGTH, .entrysize = sizeof(Traced), .hcxt = CurrentMemoryContext};
	HTAB	   *traced = hash_create("contact_guard traced sessions", 256, &ctl, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	Oid			types[1] = {INT8OID};
	Datum		values[1] = {Int64GetDatum(seq)};

	cg_owncommand_query("SELECT session, count(*) FROM contact_guard.log WHERE seq > $1 AND session IS NOT NULL GROUP BY session",
						1, types, values, take_logged, traced);
	return traced;
}

/*
 * The number of records of a message; 0 if it is not ours, or of an unknown version, which apply.c
 * keeps as it is.  name: of its session
 */
static int64
count_records(const CgJournalState *state, const CgWalMessage *message, char *name, uint64 *counter)
{
	uint32		epoch = cg_record_epoch(message->data, message->length);
	const uint8 *key = cg_journalstate_key_at(state, epoch, message->start);
	CgMessageHeader header;
	CgReader	items;
	CgItem		item;
	int64		records = 0;

	if (key == NULL || !cg_record_open(message->data, message->length, &header, &items, state->system_identifier,
									   state->database, key) || header.version > CG_RECORD_VERSION)
		return 0;
	while (cg_recordread_next(&items, &item))
		records += item.kind != 'C' && item.kind != 'Q';
	cg_sessions_name(&header, name);
	*counter = header.counter;
	return records;
}

/*
 * Has the log the records of this message?  Those of all messages of the session so far must be
 * there.  A message that could not be stored has a gap record instead.
 */
static bool
is_logged(HTAB *traced, const CgJournalState *state, const CgWalMessage *message, int64 seq)
{
	Oid			types[2] = {INT8OID, TEXTOID};
	Datum		values[2] = {Int64GetDatum(seq)};
	char		name[CG_SESSION_LENGTH];
	uint64		counter;
	int64		records = count_records(state, message, name, &counter);
	Traced	   *session;

	if (records == 0)
		return true;
	session = traced_session(traced, name);
	/* A session writes a message again if it does not know whether WAL has it. */
	if (counter <= session->counter)
		return true;
	session->counter = counter;
	if (session->written + records <= session->logged)
	{
		session->written += records;
		return true;
	}
	values[1] = CStringGetTextDatum(psprintf("message " UINT64_FORMAT " of session %s at %X/%X ", counter, name,
											 LSN_FORMAT_ARGS(message->start)));
	return cg_owncommand_finds("SELECT FROM contact_guard.log WHERE seq > $1 AND event = 'gap' AND starts_with(reason, $2)",
							   2, types, values);
}

static bool
start_is_logged(TimestampTz at, int64 seq)
{
	Oid			types[2] = {INT8OID, TIMESTAMPTZOID};
	Datum		values[2] = {Int64GetDatum(seq), TimestampTzGetDatum(at)};

	return cg_owncommand_finds("SELECT FROM contact_guard.log WHERE seq > $1 AND event = 'start' AND read_at = $2",
							   2, types, values);
}

/* Rows that were purged since would seem to be lost.  Without them nothing is compared. */
static bool
log_is_whole(int64 seq)
{
	Oid			types[1] = {INT8OID};
	Datum		values[1] = {Int64GetDatum(seq)};

	return cg_owncommand_finds("SELECT FROM contact_guard.log WHERE seq > $1 HAVING count(*) = "
							   "(SELECT log_size - 1 - $1 FROM contact_guard.journal_state)", 1, types, values);
}

/*
 * Where in this WAL begins what the log does not have; Invalid: it has all.  A start is taken with
 * the ends of the runs before it, from which its record is made.
 */
static XLogRecPtr
first_lost(XLogRecPtr from, XLogRecPtr to, int64 seq)
{
	CgWalReader *reader;
	CgWalMessage message;
	CgJournalState state;
	HTAB	   *traced;
	XLogRecPtr	stop = InvalidXLogRecPtr;
	XLogRecPtr	lost = InvalidXLogRecPtr;
	TimestampTz at;

	if (!log_is_whole(seq) || !cg_journalstate_read(&state))
		return InvalidXLogRecPtr;
	traced = make_traced(seq);
	reader = cg_walreader_open(from);
	while (XLogRecPtrIsInvalid(lost) && cg_walreader_next(reader, to, &message))
	{
		CHECK_FOR_INTERRUPTS();
		if (message.kind == CG_WAL_STOP)
			stop = XLogRecPtrIsInvalid(stop) ? message.start : stop;
		else if (cg_journalkeys_lost(&message))
			lost_key = MemoryContextStrdup(TopMemoryContext, cg_journalkeys_lost(&message));
		else if (cg_start_is_start(&message, &at))
		{
			if (!start_is_logged(at, seq))
				lost = XLogRecPtrIsInvalid(stop) ? message.start : stop;
			stop = InvalidXLogRecPtr;
		}
		/* What lies between two runs is not ours (apply.c). */
		else if (XLogRecPtrIsInvalid(stop) && message.kind == CG_WAL_MESSAGE && message.database == MyDatabaseId && message.data != NULL &&
				 !is_logged(traced, &state, &message, seq))
			lost = message.start;
	}
	cg_walreader_close(reader);
	/* No batch ends between the end of a run and the next start (batch.c). */
	return XLogRecPtrIsInvalid(lost) ? stop : lost;
}

/* In a batch.  The key that the newest heartbeat names must be there, and those in WAL behind it. */
static void
require_told_keys(void)
{
	CgJournalState state;
	Datum		reason;
	char	   *name = NULL;

	if (lost_key)
		cg_journalkeys_miss(lost_key);
	else if (cg_owncommand_select(psprintf(STORED_QUERY, "reason"), 0, NULL, NULL, TEXTOID, &reason))
		name = strstr(TextDatumGetCString(reason), KEY);
	if (name && cg_journalstate_read(&state) && !cg_journalkeys_has(&state, name + strlen(KEY)))
		cg_journalkeys_miss(name + strlen(KEY));
}

static bool
was_opened(void)
{
	CgDatabase *database;
	bool		result;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	result = database && !XLogRecPtrIsInvalid(database->sealed);
	LWLockRelease(cg_shared->lock);
	return result;
}

static void
note_sealed(XLogRecPtr position, TimestampTz at)
{
	CgDatabase *database;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
	{
		database->sealed = position;
		database->sealed_at = at;
	}
	LWLockRelease(cg_shared->lock);
}

XLogRecPtr
cg_sealed_open(XLogRecPtr stored, XLogRecPtr oldest)
{
	XLogRecPtr	position = Max(stored, oldest);
	XLogRecPtr	lost = InvalidXLogRecPtr;
	XLogRecPtr	sealed;
	int64		seq;
	bool		missed;

	if (was_opened())
		return position;
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	sealed = cg_sealed_stored(&seq);
	if (XLogRecPtrIsInvalid(sealed))
		sealed = position;
	else if (sealed < stored)
	{
		sealed = Max(sealed, oldest);
		lost = first_lost(sealed, stored, seq);
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
	cg_apply_begin();
	require_told_keys();
	missed = cg_apply_rows() > 0;
	if (XLogRecPtrIsInvalid(lost) && !missed)
		cg_apply_end_empty();
	else if (XLogRecPtrIsInvalid(lost))
		cg_apply_commit(InvalidXLogRecPtr);
	else
	{
		cg_apply_own_record(CG_EVENT_GAP,
							psprintf("the stored position of the recorder, %X/%X, had been moved over records: recording goes on from %X/%X",
									 LSN_FORMAT_ARGS(stored), LSN_FORMAT_ARGS(lost)));
		cg_apply_commit(lost);
		position = lost;
	}
	/* The first heartbeat is due as soon as there is much WAL behind the one before. */
	note_sealed(Min(sealed, position), GetCurrentTimestamp() - cg_checkpoint_interval * USECS_PER_SEC);
	/* It names a key that is there, so that this is said once. */
	if (missed)
		cg_sealed_record(position);
	return position;
}

XLogRecPtr
cg_sealed_limit(XLogRecPtr position)
{
	CgDatabase *database;
	XLogRecPtr	sealed = InvalidXLogRecPtr;

	if (!cg_signing_configured())
		return position;
	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
		sealed = database->sealed;
	LWLockRelease(cg_shared->lock);
	return XLogRecPtrIsInvalid(sealed) ? position : Min(sealed, position);
}

/* Any record shows that the log is alive, but only a heartbeat says how far WAL is recorded. */
TimestampTz
cg_sealed_due(void)
{
	TimestampTz due = cg_recorded_last_at() + cg_heartbeat_interval * USECS_PER_SEC;
	CgDatabase *database;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	if (database && !XLogRecPtrIsInvalid(database->sealed) && database->recorded > database->sealed)
		due = Min(due, database->sealed_at + USECS_PER_SEC *
				  (database->recorded - database->sealed >= SEAL_BYTES ? cg_checkpoint_interval : cg_heartbeat_interval));
	LWLockRelease(cg_shared->lock);
	return due;
}

void
cg_sealed_record(XLogRecPtr position)
{
	CgDatabase *database;
	XLogRecPtr	from = InvalidXLogRecPtr;
	CgJournalState state;
	const CgSeal *seal;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
		from = database->sealed;
	LWLockRelease(cg_shared->lock);
	if (XLogRecPtrIsInvalid(from))
		from = position;
	cg_apply_begin();
	if (!cg_journalstate_read(&state))
		elog(ERROR, "contact_guard.journal_state has no row");
	seal = cg_journalstate_seal(&state);
	cg_apply_own_record(CG_EVENT_HEARTBEAT, psprintf(RECORDED "%s%s", LSN_FORMAT_ARGS(from), LSN_FORMAT_ARGS(position),
													 seal ? KEY : "", seal ? cg_journalkeys_name(seal) : ""));
	cg_apply_commit(InvalidXLogRecPtr);
	note_sealed(position, GetCurrentTimestamp());
}
