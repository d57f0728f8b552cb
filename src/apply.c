/*
 * apply.c
 *		From journal messages to rows of the access log, a batch a transaction.
 *
 * A message counts if its MAC does, and if its counter is higher than the last
 * of its session: anything else is a forgery or a repetition.  A counter that
 * jumps means a message that is not in WAL, which becomes a gap record.  The
 * last counters are in contact_guard.journal_session, so that a repetition is
 * known after any restart; those of busy sessions are kept here, too.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/pg_lsn.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "accesslog.h"
#include "apply.h"
#include "objects.h"
#include "owntables.h"
#include "treelog.h"

#define SESSION_LENGTH 32
#define SESSIONS_MAX 10000

typedef struct Session
{
	char		name[SESSION_LENGTH];	/* as %c in log_line_prefix */
	uint64		counter;
	bool		changed;		/* in this batch */
} Session;

static CgJournalState state;
static Oid	state_table = InvalidOid;
static int64 log_size;			/* of the batch, committed to state with it */
static int64 rejected;
static int64 gaps;				/* of the batch */
static HTAB *sessions = NULL;
static MemoryContext batch = NULL;
static List *rows = NIL;		/* of CgLogRow */
static List *queries = NIL;		/* of CgItem */
static const char *doing = "starting";

static Session *find_session(const char *name);
static bool take_counter(Session *session, uint64 counter);
static void add_row(const CgRecordContext *context, const CgRecord *record, const char *session);
static void store_queries(void);
static void store_sessions(void);
static void store_state(XLogRecPtr position);

const char *
cg_apply_doing(void)
{
	return doing;
}

void
cg_apply_use(const CgJournalState *from)
{
	state = *from;
	state_table = cg_objects_relation("journal_state", false);
	log_size = state.log_size;
	rejected = state.rejected;
	gaps = 0;
	cg_treelog_load(log_size);
}

void
cg_apply_begin(void)
{
	doing = "reading the journal";
	if (batch == NULL)
		batch = AllocSetContextCreate(TopMemoryContext, "contact_guard batch",
									  ALLOCSET_DEFAULT_SIZES);
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	/*
	 * Somebody may have dropped the extension and created it anew.  From here to the
	 * end of the transaction he cannot: with this lock the tables that our commands
	 * name are those that have been checked.
	 */
	LockRelationOid(state_table, AccessShareLock);
	if (cg_objects_relation("journal_state", true) != state_table)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the journal of this database is another one now")));
	MemoryContextSwitchTo(batch);
}

void
cg_apply_abandon(void)
{
	PopActiveSnapshot();
	CommitTransactionCommand();
	MemoryContextReset(batch);
	rows = NIL;
	queries = NIL;
}

/* What the table says of a session that is not in memory. */
static uint64
stored_counter(const char *name)
{
	Oid			types[2] = {INT4OID, TEXTOID};
	Datum		values[2] = {Int32GetDatum(state.epoch), CStringGetTextDatum(name)};
	int64		counter = 0;

	(void) cg_owntables_execute("SELECT counter FROM contact_guard.journal_session "
								"WHERE epoch = $1 AND session = $2",
								2, types, values, NULL, &counter);
	return (uint64) counter;
}

static Session *
find_session(const char *name)
{
	Session    *session;
	bool		found;
	uint64		counter;

	if (sessions == NULL)
	{
		HASHCTL		ctl = {.keysize = SESSION_LENGTH, .entrysize = sizeof(Session)};

		sessions = hash_create("contact_guard sessions", 256, &ctl, HASH_ELEM | HASH_STRINGS);
	}
	session = hash_search(sessions, name, HASH_FIND, NULL);
	if (session)
		return session;
	counter = stored_counter(name);
	session = hash_search(sessions, name, HASH_ENTER, &found);
	session->counter = counter;
	session->changed = false;
	return session;
}

/* False for a repetition. */
static bool
take_counter(Session *session, uint64 counter)
{
	if (counter <= session->counter)
		return false;
	if (counter > session->counter + 1)
		cg_apply_own_record(CG_EVENT_GAP,
							psprintf("messages " UINT64_FORMAT " to " UINT64_FORMAT " of session %s are missing",
									 session->counter + 1, counter - 1, session->name));
	session->counter = counter;
	session->changed = true;
	return true;
}

bool
cg_apply_message(const char *data, size_t length)
{
	CgMessageHeader header;
	CgReader	items;
	CgItem		item;
	CgRecordContext context = {0};
	char		name[SESSION_LENGTH];

	if (!cg_record_open(data, length, &header, &items, state.system_identifier, state.database,
						state.key) || header.epoch != state.epoch)
	{
		rejected++;
		return false;
	}
	snprintf(name, sizeof(name), "%lx.%x",
			 (long) timestamptz_to_time_t(header.backend_start), header.backend_pid);
	if (!take_counter(find_session(name), header.counter))
	{
		rejected++;
		return false;
	}
	while (cg_record_next(&items, &item))
	{
		if (item.kind == 'C')
			context = item.context;
		else if (item.kind == 'Q')
		{
			CgItem	   *kept = palloc(sizeof(CgItem));

			*kept = item;
			queries = lappend(queries, kept);
		}
		else
		{
			if ((header.flags & CG_RECORD_RELAXED) != 0)
				item.record.reason = psprintf("%s%sdurability relaxed",
											  item.record.reason ? item.record.reason : "",
											  item.record.reason ? "; " : "");
			add_row(&context, &item.record, name);
		}
	}
	/* Sealed by us, so the fault is ours: the log must not hide it. */
	if (items.bad)
		cg_apply_own_record(CG_EVENT_GAP,
							psprintf("message " UINT64_FORMAT " of session %s is damaged", header.counter, name));
	return true;
}

static void
add_row(const CgRecordContext *context, const CgRecord *record, const char *session)
{
	CgLogRow   *row = palloc(sizeof(CgLogRow));

	row->seq = log_size++;
	row->context = *context;
	row->record = *record;
	row->session = session ? pstrdup(session) : NULL;
	rows = lappend(rows, row);
}

void
cg_apply_own_record(CgEvent event, const char *reason)
{
	CgRecordContext context = {0};
	CgRecord	record = {
		.event = event,
		.read_at = GetCurrentTimestamp(),
		.count = 1,
		.closed_at = CG_NO_TIME,
		.reason = reason ? MemoryContextStrdup(batch, reason) : NULL,
	};

	gaps += event == CG_EVENT_GAP;
	add_row(&context, &record, NULL);
}

void
cg_apply_gap(XLogRecPtr from, XLogRecPtr to)
{
	cg_apply_begin();
	ereport(WARNING,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("contact_guard has no WAL from %X/%X to %X/%X: records may be missing from the access log",
					LSN_FORMAT_ARGS(from), LSN_FORMAT_ARGS(to))));
	cg_apply_own_record(CG_EVENT_GAP, psprintf("WAL from %X/%X to %X/%X is missing",
											   LSN_FORMAT_ARGS(from), LSN_FORMAT_ARGS(to)));
	cg_apply_commit(to);
}

void
cg_apply_commit(XLogRecPtr position)
{
	ListCell   *lc;

	doing = "hashing records";
	foreach(lc, queries)
		cg_treelog_take_query(((CgItem *) lfirst(lc))->query_id, ((CgItem *) lfirst(lc))->query);
	cg_treelog_append(rows);
	doing = "storing records in contact_guard.log";
	cg_accesslog_insert(rows);
	doing = "storing statements in contact_guard.query_text";
	store_queries();
	doing = "storing the journal's position";
	store_sessions();
	store_state(position);
	doing = "committing";
	PopActiveSnapshot();
	CommitTransactionCommand();
	state.log_size = log_size;
	state.rejected = rejected;
	gaps = 0;
	MemoryContextReset(batch);
	rows = NIL;
	queries = NIL;
	doing = "waiting";
}

static void
store_queries(void)
{
	Oid			types[2] = {INT8OID, TEXTOID};
	ListCell   *lc;

	foreach(lc, queries)
	{
		CgItem	   *item = lfirst(lc);
		Datum		values[2] = {Int64GetDatum(item->query_id), CStringGetTextDatum(item->query)};

		(void) cg_owntables_execute("INSERT INTO contact_guard.query_text VALUES ($1, $2) "
									"ON CONFLICT DO NOTHING",
									2, types, values, NULL, NULL);
	}
}

static void
store_sessions(void)
{
	Oid			types[3] = {INT4OID, TEXTARRAYOID, INT8ARRAYOID};
	Datum		values[3];
	Datum	   *names;
	Datum	   *counters;
	int			count = 0;
	HASH_SEQ_STATUS seq;
	Session    *session;

	if (sessions == NULL)
		return;
	names = palloc(sizeof(Datum) * hash_get_num_entries(sessions));
	counters = palloc(sizeof(Datum) * hash_get_num_entries(sessions));
	hash_seq_init(&seq, sessions);
	while ((session = hash_seq_search(&seq)) != NULL)
	{
		if (!session->changed)
			continue;
		session->changed = false;
		names[count] = CStringGetTextDatum(session->name);
		counters[count++] = Int64GetDatum((int64) session->counter);
	}
	if (count > 0)
	{
		values[0] = Int32GetDatum(state.epoch);
		values[1] = PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
		values[2] = PointerGetDatum(construct_array(counters, count, INT8OID, 8, true, TYPALIGN_DOUBLE));
		(void) cg_owntables_execute("INSERT INTO contact_guard.journal_session AS s (epoch, session, counter) "
									"SELECT $1, u.name, u.counter FROM unnest($2, $3) AS u(name, counter) "
									"ON CONFLICT (epoch, session) DO UPDATE SET counter = excluded.counter",
									3, types, values, NULL, NULL);
	}
	if (hash_get_num_entries(sessions) > SESSIONS_MAX)
	{
		hash_destroy(sessions);
		sessions = NULL;
	}
}

static void
store_state(XLogRecPtr position)
{
	Oid			types[4] = {PG_LSNOID, INT8OID, INT8OID, INT8OID};
	Datum		values[4] = {LSNGetDatum(position), Int64GetDatum(log_size), Int64GetDatum(rejected),
	Int64GetDatum(gaps)};

	if (cg_owntables_execute("UPDATE contact_guard.journal_state SET position = coalesce(nullif($1, pg_lsn '0/0'), position), log_size = $2, "
							 "rejected = $3, gaps = gaps + $4, epoch_recorded = true",
							 4, types, values, NULL, NULL) != 1)
		elog(ERROR, "contact_guard.journal_state has no row");
}
