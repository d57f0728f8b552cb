/*
 * apply.c
 *		From journal messages to rows of the access log, one batch in each transaction.
 *
 * A message counts if its MAC is right.  If another one had its number (sessions.c), that is a
 * record, too.  Any other message is a forgery or a repetition.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/pg_lsn.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/objects.h"
#include "base/ownrows.h"
#include "base/owncommand.h"
#include "base/shared.h"
#include "evidence/treelog.h"
#include "journal/journalstate.h"
#include "journal/reason.h"
#include "journal/storable.h"
#include "log/accesslog.h"
#include "log/apply.h"
#include "log/journalkeys.h"
#include "log/logcommon.h"
#include "log/outcome.h"
#include "log/recorded.h"
#include "log/recorder.h"
#include "log/sessions.h"
#include "log/start.h"

/* Memory that the process keeps for the rows of a batch.  A larger batch gives back what it got. */
#define BATCH_MEMORY (8 * 1024 * 1024)

/* A message whose content cannot be stored. */
typedef struct Passed
{
	XLogRecPtr	position;
	const char *data;
	size_t		length;
} Passed;

static CgJournalState state;
static Oid	state_table = InvalidOid;
static int64 log_size;			/* with the batch; goes to state at the commit */
static int64 rejected;			/* with the batch, too */
static int64 gaps;				/* in the batch, with conflicts */
static MemoryContext batch = NULL;
static List *rows = NIL;		/* of CgLogRow */
static List *queries = NIL;		/* of CgItem */
static List *passed = NIL;		/* of Passed */
static XLogRecPtr cleaned = InvalidXLogRecPtr;	/* Invalid: never */
static const char *doing = "starting";
static TimestampTz last_at = 0; /* of records of sessions */

static bool is_authentic(const CgWalMessage *message, CgMessageHeader *header, CgReader *items);
static bool open_message(const CgWalMessage *message, CgMessageHeader *header, CgReader *items);
static void take_items(const CgMessageHeader *header, CgReader *items);
static void keep_message(const CgWalMessage *message, const CgMessageHeader *header, const char *what);
static void use_texts(void);
static void forget_batch(void);
static void add_row(const CgRecordContext *context, const CgRecord *record, const char *session);
static void store_queries(void);
static void store_passed(void);
static void store_state(XLogRecPtr position);

int
cg_apply_rows(void)
{
	return list_length(rows);
}

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
	cg_logcommon_forget();
	cg_treelog_load(log_size);
}

void
cg_apply_use_keys(const CgJournalState *from)
{
	state.nseals = from->nseals;
	memcpy(state.seals, from->seals, sizeof(state.seals));
}

void
cg_apply_begin(void)
{
	doing = "reading the journal";
	if (batch == NULL)
		batch = AllocSetContextCreate(TopMemoryContext, "contact_guard batch",
									  0, BATCH_MEMORY, BATCH_MEMORY);
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	/*
	 * A session may have dropped the extension and created it anew.  With this lock no
	 * session can do so from here to the end of the transaction, so our commands name
	 * the tables that are checked here.
	 */
	LockRelationOid(state_table, AccessShareLock);
	if (cg_objects_relation("journal_state", true) != state_table)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the journal of this database is another one now")));
	use_texts();
	/* A text that a purge removed while we waited for its lock must not be seen. */
	PopActiveSnapshot();
	PushActiveSnapshot(GetLatestSnapshot());
	MemoryContextSwitchTo(batch);
}

/*
 * A statement's text whose hash goes into a leaf must be in query_text when the batch
 * commits, and so must the row of log_common that a record has the number of.  So purge()
 * is locked out, and what it has removed is forgotten.
 */
static void
use_texts(void)
{
	static uint64 known = 0;
	CgDatabase *database;
	uint64		now;

	LockRelationOid(cg_objects_relation("query_text", false), RowExclusiveLock);
	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	now = database ? database->texts : known;
	LWLockRelease(cg_shared->lock);
	if (now != known)
	{
		cg_treelog_forget_queries();
		cg_logcommon_forget();
	}
	known = now;
}

void
cg_apply_end_empty(void)
{
	PopActiveSnapshot();
	CommitTransactionCommand();
	forget_batch();
}

static void
forget_batch(void)
{
	MemoryContextReset(batch);
	rows = NIL;
	queries = NIL;
	passed = NIL;
}

/*
 * Is it sealed with the key of its place in WAL?  Between the end of a run and the launcher's message
 * no session of ours writes (start.h).  1.0 had no such message, and is an earlier epoch.
 */
static bool
is_authentic(const CgWalMessage *message, CgMessageHeader *header, CgReader *items)
{
	uint32		epoch = cg_record_epoch(message->data, message->length);
	const uint8 *key = cg_journalstate_key_at(&state, epoch, message->start);

	return key && !(epoch == state.epoch && cg_start_is_open()) &&
		cg_record_open(message->data, message->length, header, items, state.system_identifier,
					   state.database, key);
}

/*
 * False if the message is not authentic or is a repetition: both count as rejected.  One whose number
 * was taken counts nevertheless, since it may be the session's own, and the other one false.  A record
 * of event "conflict" says that this cannot be known.
 */
static bool
open_message(const CgWalMessage *message, CgMessageHeader *header, CgReader *items)
{
	char		name[CG_SESSION_LENGTH];
	uint64		missing = 0;
	CgTaken		taken = CG_TAKEN_BEFORE;

	if (is_authentic(message, header, items))
		taken = cg_sessions_take(header, message->start, &missing);
	if (taken == CG_TAKEN_BEFORE)
	{
		rejected++;
		return false;
	}
	cg_sessions_name(header, name);
	if (taken == CG_TAKEN_CONFLICT)
		cg_apply_own_record(CG_EVENT_CONFLICT,
							psprintf("message " UINT64_FORMAT " of session %s has come twice, at %X/%X the second time: the records of one of them may be false",
									 header->counter, name, LSN_FORMAT_ARGS(message->start)));
	if (missing != 0)
		cg_apply_own_record(CG_EVENT_GAP,
							psprintf("messages " UINT64_FORMAT " to " UINT64_FORMAT " of session %s are missing",
									 missing, header->counter - 1, name));
	return true;
}

bool
cg_apply_message(const CgWalMessage *message)
{
	CgMessageHeader header;
	CgReader	items;

	if (!open_message(message, &header, &items))
		return false;
	if (header.version <= CG_RECORD_VERSION)
		take_items(&header, &items);
	else
		keep_message(message, &header, psprintf("is of version %d, which contact_guard %s does not know", header.version, CG_VERSION));
	return true;
}

static void
take_items(const CgMessageHeader *header, CgReader *items)
{
	CgItem		item;
	CgRecordContext context = {0};
	char		name[CG_SESSION_LENGTH];

	cg_sessions_name(header, name);
	while (cg_recordread_next(items, &item))
	{
		if (item.kind == 'C')
			context = item.context;
		else if (item.kind == 'Q')
		{
			CgItem	   *kept = palloc(sizeof(CgItem));

			*kept = item;
			kept->query = cg_storable_text(item.query ? item.query : "", CG_QUERY_LENGTH);
			queries = lappend(queries, kept);
		}
		else
		{
			cg_outcome_add(&item.record, (header->flags & CG_RECORD_RELAXED) != 0);
			add_row(&context, &item.record, name);
		}
	}
	/* The MAC is ours, so this is an error of ours, and the log must show it. */
	if (items->bad)
		cg_apply_own_record(CG_EVENT_GAP,
							psprintf("message " UINT64_FORMAT " of session %s is damaged", header->counter, name));
}

bool
cg_apply_pass(const CgWalMessage *message, int code)
{
	CgMessageHeader header;
	CgReader	items;

	if (!open_message(message, &header, &items))
		return false;
	keep_message(message, &header, psprintf("could not be stored (SQLSTATE %s)", unpack_sql_state(code)));
	return true;
}

/* Keeps the bytes of the message, with a gap record that says why.  what: a predicate. */
static void
keep_message(const CgWalMessage *message, const CgMessageHeader *header, const char *what)
{
	char		name[CG_SESSION_LENGTH];
	Passed	   *pass = palloc(sizeof(Passed));
	char	   *data = palloc(message->length);

	cg_sessions_name(header, name);
	memcpy(data, message->data, message->length);
	*pass = (Passed) {message->start, data, message->length};
	passed = lappend(passed, pass);
	cg_apply_own_record(CG_EVENT_GAP,
						psprintf("message " UINT64_FORMAT " of session %s at %X/%X %s: its bytes are in contact_guard.journal_passed",
								 header->counter, name, LSN_FORMAT_ARGS(message->start), what));
}

void
cg_apply_reject(void)
{
	rejected++;
}

static void
add_row(const CgRecordContext *context, const CgRecord *record, const char *session)
{
	CgLogRow   *row = palloc(sizeof(CgLogRow));

	if (session)
		last_at = Max(last_at, record->read_at);
	row->seq = log_size++;
	row->context = *context;
	row->record = *record;
	row->session = session ? pstrdup(session) : NULL;
	rows = lappend(rows, row);
}

void
cg_apply_own_record(CgEvent event, const char *reason)
{
	CgRecord	record = {
		.event = event,
		.read_at = GetCurrentTimestamp(),
		.count = 1,
		.closed_at = CG_NO_TIME,
		.reason = reason ? MemoryContextStrdup(batch, reason) : NULL,
	};

	gaps += event == CG_EVENT_GAP || event == CG_EVENT_CONFLICT;
	add_row(&(CgRecordContext) {0}, &record, NULL);
}

void
cg_apply_record(const CgRecord *record)
{
	add_row(&(CgRecordContext) {0}, record, NULL);
}

TimestampTz
cg_apply_last_at(void)
{
	return last_at;
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
	cg_logcommon_assign(rows);
	cg_accesslog_insert(rows);
	doing = "storing statements in contact_guard.query_text";
	store_queries();
	if (passed != NIL)
		store_passed();
	doing = "storing the journal's position";
	cg_sessions_store();
	store_state(position);
	doing = "committing";
	PopActiveSnapshot();
	CommitTransactionCommand();
	state.log_size = log_size;
	state.rejected = rejected;
	gaps = 0;
	doing = "telling what was recorded";
	cg_recorded_tell(rows);
	forget_batch();
	doing = "waiting";
}

static void
store_queries(void)
{
	Oid			types[3] = {INT8OID, TEXTOID, TIMESTAMPTZOID};
	ListCell   *lc;

	foreach(lc, queries)
	{
		CgItem	   *item = lfirst(lc);
		Datum		values[3] = {Int64GetDatum(item->query_id), CStringGetTextDatum(item->query),
		TimestampTzGetDatum(cg_logrow_month(GetCurrentTimestamp()))};

		(void) cg_owncommand_execute("INSERT INTO contact_guard.query_text (query_id, query, used_in) VALUES ($1, $2, $3) "
									"ON CONFLICT DO NOTHING",
									3, types, values, NULL);
	}
}

static void
store_passed(void)
{
	ListCell   *lc;

	foreach(lc, passed)
	{
		Passed	   *pass = lfirst(lc);
		bytea	   *data = palloc(VARHDRSZ + pass->length);
		Datum		values[Natts_journal_passed];
		bool		nulls[Natts_journal_passed] = {false};

		SET_VARSIZE(data, VARHDRSZ + pass->length);
		memcpy(VARDATA(data), pass->data, pass->length);
		values[Anum_journal_passed_position - 1] = LSNGetDatum(pass->position);
		values[Anum_journal_passed_length - 1] = Int32GetDatum((int32) pass->length);
		values[Anum_journal_passed_sha256 - 1] = DirectFunctionCall1(sha256_bytea, PointerGetDatum(data));
		values[Anum_journal_passed_message - 1] = PointerGetDatum(data);
		values[Anum_journal_passed_passed_at - 1] = TimestampTzGetDatum(GetCurrentTimestamp());
		cg_ownrows_insert(CG_OWN_JOURNAL_PASSED, values, nulls);
	}
}

bool
cg_apply_forgets(XLogRecPtr position, XLogRecPtr sealed)
{
	return cg_journalkeys_are_spent(&state, position, sealed);
}

void
cg_apply_clean(XLogRecPtr position, XLogRecPtr sealed)
{
	bool		sessions = XLogRecPtrIsInvalid(cleaned) || position >= cleaned + CG_RECORD_REACH / 4;

	if (cg_apply_forgets(position, sealed))
	{
		doing = "forgetting keys";
		cg_journalkeys_forget(&state, position, sealed);
	}
	if (sessions && cg_recorder_is_caught_up(position))
	{
		doing = "cleaning contact_guard.journal_session";
		cg_sessions_clean(state.epoch, position);
		cleaned = position;
	}
	doing = "waiting";
}

static void
store_state(XLogRecPtr position)
{
	Oid			types[4] = {PG_LSNOID, INT8OID, INT8OID, INT8OID};
	Datum		values[4] = {LSNGetDatum(position), Int64GetDatum(log_size), Int64GetDatum(rejected),
	Int64GetDatum(gaps)};

	if (cg_owncommand_execute("UPDATE contact_guard.journal_state SET position = coalesce(nullif($1, pg_lsn '0/0'), position), log_size = $2, "
							 "rejected = $3, gaps = gaps + $4, epoch_recorded = true",
							 4, types, values, NULL) != 1)
		elog(ERROR, "contact_guard.journal_state has no row");
}
