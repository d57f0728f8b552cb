/*
 * compared.c
 *		Has the log what a stretch of WAL has?
 *
 * Each message there must have its records behind a row of the log, and each start of the server
 * its record.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/owncommand.h"
#include "journal/journalstate.h"
#include "journal/record.h"
#include "log/compared.h"
#include "log/journalkeys.h"
#include "log/sessions.h"
#include "log/start.h"
#include "log/walreader.h"

/* A session, with the records that it has in WAL and in the log behind the heartbeat. */
typedef struct Traced
{
	char		name[CG_SESSION_LENGTH];
	uint64		counter;		/* of the last message that was counted */
	int64		written;
	int64		logged;
} Traced;

static HTAB *make_traced(int64 seq);
static void take_logged(HeapTuple row, TupleDesc tupdesc, void *arg);
static Traced *traced_session(HTAB *traced, const char *name);
static int64 count_records(const CgJournalState *state, const CgWalMessage *message, char *name, uint64 *counter);
static bool is_logged(HTAB *traced, const CgJournalState *state, const CgWalMessage *message, int64 seq);
static bool start_is_logged(TimestampTz at, int64 seq);

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

/* Rows that were purged since would seem to be lost. */
bool
cg_compared_is_possible(int64 seq)
{
	Oid			types[1] = {INT8OID};
	Datum		values[1] = {Int64GetDatum(seq)};

	return cg_owncommand_finds("SELECT FROM contact_guard.log WHERE seq > $1 HAVING count(*) = "
							   "(SELECT log_size - 1 - $1 FROM contact_guard.journal_state)", 1, types, values);
}

/* A start is taken with the ends of the runs before it, from which its record is made. */
XLogRecPtr
cg_compared_first_lost(XLogRecPtr from, XLogRecPtr to, int64 seq, char **lost_key)
{
	CgWalReader *reader;
	CgWalMessage message;
	CgJournalState state;
	HTAB	   *traced;
	XLogRecPtr	stop = InvalidXLogRecPtr;
	XLogRecPtr	lost = InvalidXLogRecPtr;
	TimestampTz at;

	if (!cg_journalstate_read(&state))
		return InvalidXLogRecPtr;
	traced = make_traced(seq);
	reader = cg_walreader_open(from);
	while (XLogRecPtrIsInvalid(lost) && cg_walreader_next(reader, to, &message))
	{
		CHECK_FOR_INTERRUPTS();
		if (message.kind == CG_WAL_STOP)
			stop = XLogRecPtrIsInvalid(stop) ? message.start : stop;
		else if (cg_journalkeys_lost(&message))
			*lost_key = MemoryContextStrdup(TopMemoryContext, cg_journalkeys_lost(&message));
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
