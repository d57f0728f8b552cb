/*
 * attempts.c
 *		Records of refused attempts, and their counts.
 *
 * A record is written at once, as a message of its own that is flushed: neither a
 * rollback of the transaction nor a handler of the error can prevent it.  It does not
 * wait for synchronous standbys: a refusal shows nothing, and must not hang.
 *
 * A loop of the same attempt must not fill the log.  A kind of attempt is an actor, a
 * relation and a message.  The first attempt of a kind is written.  Further ones are
 * counted, and their number is written
 * - when there are ATTEMPTS_COUNTED of them;
 * - with the first attempt that comes more than ATTEMPTS_SECONDS after the kind's last
 *   record;
 * - at the end of the transaction, up to ATTEMPTS_ENDS times a minute;
 * - at the end of the session.
 * More than ATTEMPTS_KINDS kinds within ATTEMPTS_SECONDS are counted as one.  So a
 * session makes at most ATTEMPTS_KINDS * (ATTEMPTS_ENDS + 1) records a minute, and
 * one for each ATTEMPTS_COUNTED attempts.  A crash loses counts, but never the first
 * attempt of a kind.
 *
 * In some cases nothing can be recorded: on a standby; if the library was not preloaded;
 * if the journal has not begun; if the database has guarded nothing since the server's
 * start and other databases have taken the places.  The attempt is refused all the same.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "libpq/libpq-be.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/objects.h"
#include "base/refused.h"
#include "base/shared.h"
#include "base/special.h"
#include "base/xactend.h"
#include "journal/journal.h"
#include "journal/messages.h"
#include "journal/statement.h"
#include "policy/labels.h"
#include "read/attempts.h"
#include "read/execution.h"

#define ATTEMPTS_KINDS 200
#define ATTEMPTS_COUNTED 1000
#define ATTEMPTS_SECONDS 60
#define ATTEMPTS_ENDS 60
#define REASON_LENGTH 1000		/* bytes; a message may have any number of names */

typedef struct Kind
{
	char	   *actor;
	const char *identity;		/* how the actor's name is known */
	char	   *relation;		/* or NULL */
	char	   *column;			/* or NULL */
	char	   *reason;
	int64		pending;		/* attempts that are not yet in a record */
	TimestampTz last_at;		/* of the latest attempt */
	TimestampTz recorded_at;	/* of the latest record, or 0 */
} Kind;

static MemoryContext kinds_context = NULL;	/* for the strings of kinds */
static Kind kinds[ATTEMPTS_KINDS + 1];	/* the last is for all others */
static int	nkinds = 0;
static char other_kinds[] = "attempts of further kinds";
static int64 pending = 0;		/* the sum of all kinds */
static TimestampTz ends_since = 0;	/* when the minute began for which "ends" counts */
static int	ends = 0;			/* number of transactions that ended with counts */

static CgActor attempting_actor(bool may_look);
static char *login_name(void);
static char *relation_name(const ErrorData *error);
static char *reason_of(const ErrorData *error);
static Kind *find_kind(const Kind *wanted);
static Kind *place_for_kind(TimestampTz now);
static bool is_same(const char *a, const char *b);
static bool is_attempt_due(const Kind *kind, TimestampTz now);
static bool can_write(void);
static bool guards_something(void);
static void load_journal(void);
static void put_kind(StringInfo items, const Kind *kind, int64 statement, int64 query_id);
static void put_statement(StringInfo items, int64 *query_id);
static void write_kind(Kind *kind);
static void write_all(void);
static void write_all_or_later(void);
static void attempts_xact(XactEvent event);
static void note_attempt(const ErrorData *error, bool may_look);
static void attempts_exit(int code, Datum arg);

void
cg_attempts_init(void)
{
	cg_xactend_on_event(attempts_xact);
	cg_refused_record = note_attempt;
}

static void
note_attempt(const ErrorData *error, bool may_look)
{
	TimestampTz now = GetCurrentTimestamp();
	MemoryContext oldcontext;
	Kind		wanted = {0};
	CgActor		actor;
	Kind	   *kind;

	if (RecoveryInProgress())
		return;
	if (kinds_context == NULL)
	{
		kinds_context = AllocSetContextCreate(TopMemoryContext, "contact_guard refused attempts",
											  ALLOCSET_SMALL_SIZES);
		before_shmem_exit(attempts_exit, (Datum) 0);
	}
	actor = attempting_actor(may_look);
	wanted.actor = actor.name;
	wanted.identity = actor.identity;
	wanted.relation = relation_name(error);
	wanted.column = error->column_name;
	wanted.reason = reason_of(error);
	kind = find_kind(&wanted);
	if (kind == NULL)
	{
		kind = place_for_kind(now);
		if (kind != &kinds[ATTEMPTS_KINDS])
		{
			oldcontext = MemoryContextSwitchTo(kinds_context);
			kind->actor = pstrdup(wanted.actor);
			kind->identity = pstrdup(wanted.identity);
			kind->relation = wanted.relation ? pstrdup(wanted.relation) : NULL;
			kind->column = wanted.column ? pstrdup(wanted.column) : NULL;
			kind->reason = pstrdup(wanted.reason);
			MemoryContextSwitchTo(oldcontext);
		}
	}
	cg_special_note();
	kind->pending++;
	pending++;
	kind->last_at = now;
	if (!is_attempt_due(kind, now))
		return;
	if (may_look)
		load_journal();
	if (can_write())
		write_kind(kind);
}

/* Has a name in any case: for a role that was dropped, its number. */
static CgActor
attempting_actor(bool may_look)
{
	MemoryContext oldcontext = CurrentMemoryContext;
	CgActor		login = {.name = login_name(), .identity = CG_ACTOR_BY_ROLE};
	volatile CgActor actor = login;

	if (!may_look)
		return login;
	PG_TRY();
	{
		actor = cg_actor_current();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(oldcontext);
		FlushErrorState();
		HOLD_INTERRUPTS();
		actor = login;
	}
	PG_END_TRY();
	return actor;
}

/* A background worker has no port. */
static char *
login_name(void)
{
	if (MyProcPort && MyProcPort->user_name)
		return MyProcPort->user_name;
	return psprintf("role %u", GetAuthenticatedUserId());
}

static char *
relation_name(const ErrorData *error)
{
	if (error->schema_name == NULL || error->table_name == NULL)
		return NULL;
	return quote_qualified_identifier(error->schema_name, error->table_name);
}

static char *
reason_of(const ErrorData *error)
{
	char	   *reason = psprintf("%s: %s", unpack_sql_state(error->sqlerrcode),
								  error->message ? error->message : "");
	int			length = strlen(reason);

	if (length > REASON_LENGTH)
		strcpy(reason + pg_mbcliplen(reason, length, REASON_LENGTH), "...");
	return reason;
}

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static Kind *
find_kind(const Kind *wanted)
{
	for (int i = 0; i < nkinds; i++)
		if (is_same(kinds[i].actor, wanted->actor) && is_same(kinds[i].identity, wanted->identity) &&
			is_same(kinds[i].relation, wanted->relation) &&
			is_same(kinds[i].column, wanted->column) && is_same(kinds[i].reason, wanted->reason))
			return &kinds[i];
	return NULL;
}

/*
 * A place for a new kind: a free one, or that of a kind without pending attempts that has
 * not come for a while.  The last place is for all kinds that find none.
 */
static Kind *
place_for_kind(TimestampTz now)
{
	Kind	   *kind = NULL;

	if (nkinds < ATTEMPTS_KINDS)
		kind = &kinds[nkinds++];
	for (int i = 0; i < nkinds && kind == NULL; i++)
		if (kinds[i].pending == 0 &&
			TimestampDifferenceExceeds(kinds[i].last_at, now, ATTEMPTS_SECONDS * 1000))
			kind = &kinds[i];
	if (kind == NULL)
	{
		kinds[ATTEMPTS_KINDS].reason = other_kinds;
		return &kinds[ATTEMPTS_KINDS];
	}
	if (kind->actor)
		pfree(kind->actor);
	if (kind->identity)
		pfree(unconstify(char *, kind->identity));
	if (kind->relation)
		pfree(kind->relation);
	if (kind->column)
		pfree(kind->column);
	if (kind->reason)
		pfree(kind->reason);
	*kind = (Kind) {0};
	return kind;
}

/* Must the kind be written now? */
static bool
is_attempt_due(const Kind *kind, TimestampTz now)
{
	return kind->recorded_at == 0 || kind->pending >= ATTEMPTS_COUNTED ||
		TimestampDifferenceExceeds(kind->recorded_at, now, ATTEMPTS_SECONDS * 1000);
}

/*
 * There are few places for databases (shared.h), and any user can provoke a refusal, also
 * in a database of that user.  So a refusal alone takes no place.
 */
static bool
can_write(void)
{
	return cg_journal_has_place() && cg_journal_can_write();
}

static bool
guards_something(void)
{
	ListCell   *lc;

	foreach(lc, cg_labels_relations())
		if (get_rel_namespace(lfirst_oid(lc)) != cg_objects_schema())
			return true;
	return false;
}

/*
 * If loading fails, the journal stays as it is.  A database that guards something may have
 * no place yet, if the census has not come to it; then it gets one here.
 */
static void
load_journal(void)
{
	MemoryContext oldcontext = CurrentMemoryContext;

	PG_TRY();
	{
		if (!cg_journal_has_place() && guards_something())
			cg_shared_note_guarded();
		if (cg_journal_has_place())
			(void) cg_journal_load();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(oldcontext);
		FlushErrorState();
		HOLD_INTERRUPTS();
	}
	PG_END_TRY();
}

/* Puts the statement's text, without its constants, before the record that refers to it. */
static void
put_statement(StringInfo items, int64 *query_id)
{
	QueryDesc  *query = cg_execution_query();
	char	   *text = query ? cg_statement_normalise(query, cg_journal_key(), query_id) :
		cg_statement_normalise_text(debug_query_string, cg_journal_key(), query_id);

	if (text)
		cg_record_put_query(items, *query_id, text);
}

static void
put_kind(StringInfo items, const Kind *kind, int64 statement, int64 query_id)
{
	const char *columns[1] = {kind->column};
	CgRecordContext context = {
		.actor = kind->actor,
		.login = login_name(),
		.client = MyProcPort ? MyProcPort->remote_host : NULL,
		.application = application_name,
		.identity = kind->identity,
		.statement = statement,
		.query_id = query_id,
	};
	CgRecord	record = {
		.event = CG_EVENT_REFUSED,
		.read_at = kind->last_at,
		.relation = kind->relation,
		.ncolumns = kind->column ? 1 : 0,
		.columns = columns,
		.count = kind->pending,
		.closed_at = CG_NO_TIME,
		.reason = kind->reason,
	};

	cg_record_put_context(items, &context);
	cg_record_put(items, &record);
}

/* Called during the attempt, so its statement is known. */
static void
write_kind(Kind *kind)
{
	StringInfoData items;
	int64		query_id = 0;

	initStringInfo(&items);
	put_statement(&items, &query_id);
	put_kind(&items, kind, cg_execution_statement(), query_id);
	cg_messages_write_now(&items);
	pending -= kind->pending;
	kind->pending = 0;
	kind->recorded_at = kind->last_at;
}

/* Writes the counts of all kinds in one message. */
static void
write_all(void)
{
	StringInfoData items;

	initStringInfo(&items);
	for (int i = 0; i <= ATTEMPTS_KINDS; i++)
		if (kinds[i].pending > 0)
			put_kind(&items, &kinds[i], 0, 0);
	cg_messages_write_now(&items);
	for (int i = 0; i <= ATTEMPTS_KINDS; i++)
	{
		if (kinds[i].pending > 0)
			kinds[i].recorded_at = kinds[i].last_at;
		kinds[i].pending = 0;
	}
	pending = 0;
}

static void
write_all_or_later(void)
{
	MemoryContext oldcontext = CurrentMemoryContext;
	MemoryContext work = AllocSetContextCreate(kinds_context, "contact_guard counts of refusals",
											   ALLOCSET_DEFAULT_SIZES);

	PG_TRY();
	{
		MemoryContextSwitchTo(work);
		if (can_write())
			write_all();
	}
	PG_CATCH();
	{
		/* The counts stay pending: no error may be thrown at the end of a transaction. */
		LWLockReleaseAll();
		MemoryContextSwitchTo(oldcontext);
		FlushErrorState();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(work);
}

static void
attempts_xact(XactEvent event)
{
	TimestampTz now;

	if (pending == 0 || (event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE &&
						 event != XACT_EVENT_ABORT))
		return;
	now = GetCurrentTimestamp();
	if (TimestampDifferenceExceeds(ends_since, now, 60 * 1000))
	{
		ends_since = now;
		ends = 0;
	}
	if (ends++ < ATTEMPTS_ENDS)
		write_all_or_later();
}

static void
attempts_exit(int code, Datum arg)
{
	LWLockReleaseAll();
	if (pending > 0)
		write_all_or_later();
}
