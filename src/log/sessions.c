/*
 * sessions.c
 *		Which messages of which sessions have been taken.
 *
 * A message counts if its counter is higher than the last of its session.  If the counter
 * jumps, a message is missing in WAL.  If it has come before, somebody else has the key, or
 * has copied bytes of WAL: a session counts on, and marks what it must write again.
 *
 * The last counters are in contact_guard.journal_session, so that a repetition is
 * recognised after any restart.  Those of busy sessions are kept in memory, too.
 *
 * A message names the position of WAL at which it was sealed.  If it begins more than
 * CG_RECORD_REACH after that position, it is a repetition.  So a session's row can be
 * removed when the session has ended and its last message is so far behind: its old
 * messages are refused without the row, and no new message can come.  A session that
 * goes on keeps its row.  Otherwise its earlier messages would seem to be missing when
 * the next one comes.  Messages of version 1.0 have no position, and their rows stay.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "pgstat.h"
#include "utils/array.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/pg_lsn.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/owncommand.h"
#include "compat.h"
#include "journal/forwardseal.h"
#include "log/recorder.h"
#include "log/sessions.h"

#define SESSIONS_MAX 10000

typedef struct Session
{
	char		name[CG_SESSION_LENGTH];
	int32		epoch;
	uint64		counter;
	XLogRecPtr	position;		/* of the last message; Invalid: a message of 1.0 */
	bool		changed;		/* since it was stored */
} Session;

static HTAB *sessions = NULL;

static uint64 stored_counter(int32 epoch, const char *name);
static Session *find_session(int32 epoch, const char *name);
static Datum living_sessions(void);

void
cg_sessions_name(const CgMessageHeader *header, char *name)
{
	snprintf(name, CG_SESSION_LENGTH, "%lx.%x",
			 (long) timestamptz_to_time_t(header->backend_start), header->backend_pid);
}

/* The counter in the table, for a session that is not in memory; 0 if it has no row. */
static uint64
stored_counter(int32 epoch, const char *name)
{
	Oid			types[2] = {INT4OID, TEXTOID};
	Datum		values[2] = {Int32GetDatum(epoch), CStringGetTextDatum(name)};
	int64		counter = 0;

	(void) cg_owncommand_select_int8("SELECT counter FROM contact_guard.journal_session "
									"WHERE epoch = $1 AND session = $2",
									2, types, values, &counter);
	return (uint64) counter;
}

static Session *
find_session(int32 epoch, const char *name)
{
	Session    *session;
	bool		found;
	uint64		counter;

	if (sessions == NULL)
	{
		HASHCTL		ctl = {.keysize = CG_SESSION_LENGTH, .entrysize = sizeof(Session)};

		sessions = hash_create("contact_guard sessions", 256, &ctl, HASH_ELEM | HASH_STRINGS);
	}
	session = hash_search(sessions, name, HASH_FIND, NULL);
	if (session)
		return session;
	counter = stored_counter(epoch, name);
	session = hash_search(sessions, name, HASH_ENTER, &found);
	session->epoch = epoch;
	session->counter = counter;
	session->position = InvalidXLogRecPtr;
	session->changed = false;
	return session;
}

CgTaken
cg_sessions_take(const CgMessageHeader *header, XLogRecPtr start, uint64 *missing)
{
	char		name[CG_SESSION_LENGTH];
	Session    *session;

	*missing = 0;
	if (header->position != 0 && (header->position > start || start - header->position > CG_RECORD_REACH))
		return CG_TAKEN_BEFORE;
	cg_sessions_name(header, name);
	session = find_session(header->epoch, name);
	if (header->counter <= session->counter)
		return (header->flags & CG_RECORD_AGAIN) != 0 ? CG_TAKEN_BEFORE : CG_TAKEN_CONFLICT;
	if (header->counter > session->counter + 1)
		*missing = session->counter + 1;
	session->counter = header->counter;
	session->position = header->position == 0 ? InvalidXLogRecPtr : start;
	session->changed = true;
	return CG_TAKEN;
}

void
cg_sessions_store(void)
{
	Oid			types[4] = {INT4ARRAYOID, TEXTARRAYOID, INT8ARRAYOID, PG_LSNARRAYOID};
	Datum		values[4];
	Datum	   *epochs;
	Datum	   *names;
	Datum	   *counters;
	Datum	   *positions;
	int			count = 0;
	HASH_SEQ_STATUS seq;
	Session    *session;

	if (sessions == NULL)
		return;
	epochs = palloc(sizeof(Datum) * hash_get_num_entries(sessions));
	names = palloc(sizeof(Datum) * hash_get_num_entries(sessions));
	counters = palloc(sizeof(Datum) * hash_get_num_entries(sessions));
	positions = palloc(sizeof(Datum) * hash_get_num_entries(sessions));
	hash_seq_init(&seq, sessions);
	while ((session = hash_seq_search(&seq)) != NULL)
	{
		if (!session->changed)
			continue;
		session->changed = false;
		epochs[count] = Int32GetDatum(session->epoch);
		names[count] = CStringGetTextDatum(session->name);
		counters[count] = Int64GetDatum((int64) session->counter);
		positions[count++] = LSNGetDatum(session->position);
	}
	if (count > 0)
	{
		values[0] = PointerGetDatum(construct_array(epochs, count, INT4OID, sizeof(int32), true, TYPALIGN_INT));
		values[1] = PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
		values[2] = PointerGetDatum(construct_array(counters, count, INT8OID, 8, true, TYPALIGN_DOUBLE));
		values[3] = PointerGetDatum(construct_array(positions, count, PG_LSNOID, 8, true, TYPALIGN_DOUBLE));
		(void) cg_owncommand_execute("INSERT INTO contact_guard.journal_session AS s (epoch, session, counter, position) "
									"SELECT u.epoch, u.name, u.counter, nullif(u.position, pg_lsn '0/0') "
									"FROM unnest($1, $2, $3, $4) AS u(epoch, name, counter, position) "
									"ON CONFLICT (epoch, session) DO UPDATE "
									"SET counter = excluded.counter, position = excluded.position",
									4, types, values, NULL);
	}
	if (hash_get_num_entries(sessions) > SESSIONS_MAX)
	{
		hash_destroy(sessions);
		sessions = NULL;
	}
}

/*
 * The names of all sessions of the server, as an array, and those of sessions of standbys that
 * they may serve.
 */
static Datum
living_sessions(void)
{
	int			backends = pgstat_fetch_stat_numbackends();
	Datum	   *names = palloc(sizeof(Datum) * (2 * backends + 1));
	int			count = 0;

	for (int i = 1; i <= backends; i++)
	{
		LocalPgBackendStatus *local = pgstat_get_local_beentry_by_index(i);
		CgMessageHeader header = {0};
		char		name[CG_SESSION_LENGTH];

		if (local == NULL)
			continue;
		header.backend_start = local->backendStatus.st_proc_start_timestamp;
		header.backend_pid = local->backendStatus.st_procpid;
		cg_sessions_name(&header, name);
		names[count++] = CStringGetTextDatum(name);
		header.backend_pid |= CG_FORWARD_PID;
		cg_sessions_name(&header, name);
		names[count++] = CStringGetTextDatum(name);
	}
	return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}

void
cg_sessions_clean(int32 epoch, XLogRecPtr position)
{
	Oid			types[3] = {INT4OID, PG_LSNOID, TEXTARRAYOID};
	Datum		values[3];
	HASH_SEQ_STATUS seq;
	Session    *session;

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	values[0] = Int32GetDatum(epoch);
	values[1] = LSNGetDatum(position > CG_RECORD_REACH ? position - CG_RECORD_REACH : InvalidXLogRecPtr);
	values[2] = living_sessions();
	/* A session that is not in that list writes no more.  Have its messages been read? */
	if (cg_recorder_is_caught_up(position))
		(void) cg_owncommand_execute("DELETE FROM contact_guard.journal_session WHERE epoch < $1 OR "
									"(position < $2 AND session <> ALL ($3))",
									3, types, values, NULL);
	PopActiveSnapshot();
	CommitTransactionCommand();
	/* Sessions in memory may be among the removed ones; the table is right. */
	if (sessions == NULL)
		return;
	hash_seq_init(&seq, sessions);
	while ((session = hash_seq_search(&seq)) != NULL)
		(void) hash_search(sessions, session->name, HASH_REMOVE, NULL);
}
