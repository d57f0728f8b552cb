/*
 * ask.c
 *		Asking an interventions relation for the windows of a technician.
 *
 * The answer may depend on the latest committed state of the relation and on the clock,
 * but not on the session that asks:
 *
 * - The snapshot is our own, filled by GetSnapshotData() at each question, so a
 *   REPEATABLE READ transaction sees a closing that has just been committed.
 *   GetLatestSnapshot() fails above a Gather.  The snapshot's command id is 0, so it does
 *   not see changes of the reader's own transaction.  Otherwise a reader could insert a
 *   window, read, and roll back.
 * - Settings that change the meaning of a comparison are pinned.  Otherwise SET timezone
 *   could re-open a closed window whose columns are without time zone.
 * - The query runs as the relation's owner in a security-restricted operation, and
 *   below the gate (gate.c), which lets it call trusted functions only.
 * - Volatile functions would take a snapshot with the reader's own changes, and now()
 *   does not advance in the reader's transaction.  Both are refused at each new plan,
 *   since a view may have been replaced.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"
#include "utils/plancache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/customerkey.h"
#include "compat.h"
#include "policy/ask.h"
#include "policy/gate.h"
#include "policy/question.h"
#include "policy/trust.h"
#include "policy/windowquery.h"
#include "policy/windowscan.h"

static struct
{
	const char *name;
	const char *value;
	bool		steady;			/* pinned even where no setting can change the result */
	struct config_generic *setting; /* PostgreSQL's own, looked up once */
}			pinned[] = {
	{"search_path", "pg_catalog, pg_temp", true},	/* a plan of another path is made anew */
	{"TimeZone", "UTC"},
	{"timezone_abbreviations", "Default"},
	{"DateStyle", "ISO, YMD"},
	{"IntervalStyle", "postgres"},
	{"standard_conforming_strings", "on"},
	{"transform_null_equals", "off"},
	{"row_security", "on", true},
	{"bytea_output", "hex"},
	{"extra_float_digits", "1"},
	{"default_text_search_config", "pg_catalog.simple"},
	{"lc_monetary", "C"},
	{"lc_numeric", "C"},
	{"lc_time", "C"},
	{"array_nulls", "on"},
	{"backslash_quote", "safe_encoding"},
	{"gin_fuzzy_search_limit", "0", true},
	{"quote_all_identifiers", "off"},
	{"xmlbinary", "base64"},
	{"xmloption", "content"},
};

static bool asking = false;

/* Static, since GetSnapshotData() allocates its arrays once and never frees them. */
static SnapshotData latest = {SNAPSHOT_MVCC};

static void find_settings(void);
static bool is_pinned(const struct config_generic *setting, const char *value);
static void pin(const char *name, const char *value);
static bool is_unchanged(const CgInterventions *from);
static bool is_known_harmless(CgInterventions *from, CgAsk ask);
static void ask_plan(CgInterventions *from, CgAsk ask, Datum *values, const bool *given,
					 CgWindowCallback callback, void *context);
static void run(CgInterventions *from, CgAsk ask, Datum *values, const bool *given,
				CgWindowCallback callback, void *context);

bool
cg_ask_is_running(void)
{
	return asking;
}

static void
find_settings(void)
{
	int			count;
	struct config_generic **settings = cg_compat_settings(&count);

	for (int i = 0; i < lengthof(pinned); i++)
		for (int j = 0; j < count; j++)
			if (strcmp(settings[j]->name, pinned[i].name) == 0)
				pinned[i].setting = settings[j];
}

/* Does the setting have the value?  Setting it again, or finding it by name, costs more. */
static bool
is_pinned(const struct config_generic *setting, const char *value)
{
	const char *current = NULL;

	switch (setting->vartype)
	{
		case PGC_BOOL:
			return *((const struct config_bool *) setting)->variable == (strcmp(value, "on") == 0);
		case PGC_INT:
			return *((const struct config_int *) setting)->variable == atoi(value);
		case PGC_ENUM:
			current = config_enum_lookup_by_value((struct config_enum *) unconstify(struct config_generic *, setting),
												  *((const struct config_enum *) setting)->variable);
			break;
		case PGC_STRING:
			current = *((const struct config_string *) setting)->variable;
			break;
		case PGC_REAL:
			break;
	}
	return current && strcmp(current, value) == 0;
}

static void
pin(const char *name, const char *value)
{
	(void) set_config_option(name, value, superuser() ? PGC_SUSET : PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

CgAskState
cg_ask_enter(Oid owner, bool steady)
{
	CgAskState	state;

	state.asking = asking;
	GetUserIdAndSecContext(&state.user, &state.sec_context);
	state.nestlevel = NewGUCNestLevel();
	if (pinned[0].setting == NULL)
		find_settings();
	for (int i = 0; i < lengthof(pinned); i++)
		if ((pinned[i].steady || !steady) &&
			(pinned[i].setting == NULL || !is_pinned(pinned[i].setting, pinned[i].value)))
			pin(pinned[i].name, pinned[i].value);
	SetUserIdAndSecContext(owner, state.sec_context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
	asking = true;
	/* A function of another role would run with the owner's rights and decide the verdict. */
	state.gate = cg_gate_enter();
	return state;
}

void
cg_ask_leave(CgAskState *state)
{
	asking = state->asking;
	cg_gate_leave(state->gate);
	SetUserIdAndSecContext(state->user, state->sec_context);
}

/*
 * now() and similar functions do not advance in a transaction: a condition with them
 * would keep a window open for as long as the reader's transaction lasts.
 */
static bool
is_transaction_time(Oid funcid, void *context)
{
	return funcid == F_NOW || funcid == F_TRANSACTION_TIMESTAMP ||
		funcid == F_STATEMENT_TIMESTAMP;
}

static bool
reads_transaction_time(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, SQLValueFunction) && ((SQLValueFunction *) node)->op <= SVFOP_LOCALTIMESTAMP_N)
		return true;
	if (check_functions_in_node(node, is_transaction_time, NULL))
		return true;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, reads_transaction_time, NULL, 0);
	return expression_tree_walker(node, reads_transaction_time, NULL);
}

/* CURRENT_USER is harmless: it is the owner of the relation, or of a function. */
static bool
reads_session_user(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, SQLValueFunction) && ((SQLValueFunction *) node)->op == SVFOP_SESSION_USER)
		return true;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, reads_session_user, NULL, 0);
	return expression_tree_walker(node, reads_session_user, NULL);
}

const char *
cg_ask_query_harm(Node *queries)
{
	if (contain_volatile_functions(queries))
		return "it calls a volatile function";
	if (reads_transaction_time(queries, NULL))
		return "it depends on the time of the reader's transaction";
	if (reads_session_user(queries, NULL))
		return "it depends on the reader's session: SESSION_USER";
	return NULL;
}

const char *
cg_ask_harm(SPIPlanPtr plan)
{
	const char *harm = NULL;
	ListCell   *lc;

	foreach(lc, SPI_plan_get_plan_sources(plan))
		if (harm == NULL)
			harm = cg_ask_query_harm((Node *) ((CachedPlanSource *) lfirst(lc))->query_list);
	return harm;
}

Snapshot
cg_ask_latest_commits(void)
{
	return cg_ask_latest_with(0);
}

Snapshot
cg_ask_latest_with(CommandId before)
{
	GetSnapshotData(&latest);
	latest.curcid = before;
	return &latest;
}

uint64
cg_ask_commits_seen(void)
{
	return latest.snapXactCompletionCount;
}

void
cg_ask_run(CgInterventions *from, CgAsk ask, const char *technician, const char *customer,
		   CgWindowCallback callback, void *context)
{
	Datum		values[CG_ASK_PARAMS] = {0};
	bool		given[CG_ASK_PARAMS] = {true, true, ask == CG_ASK_CUSTOMER, true, true, true};
	TimestampTz now = GetCurrentTimestamp();
	CgBounds	bounds;

	if (from->broken)
		return;
	if (ask == CG_ASK_CUSTOMER && !cg_customerkey_datum(from->customer_type, customer, &values[2]))
		return;
	values[0] = CStringGetTextDatum(technician);
	values[1] = TimestampTzGetDatum(now);
	if (from->terms.plain)
	{
		cg_windowquery_bounds(&from->terms, ask, now, &bounds);
		values[3] = TimestampTzGetDatum(bounds.opens_by);
		values[4] = TimestampTzGetDatum(bounds.closes_after);
		values[5] = TimestampTzGetDatum(bounds.opens_after);
	}
	else
		given[3] = given[4] = given[5] = false;
	if (from->scans[ask] && cg_windowscan_run(from->scans[ask], from, values, given, callback, context))
		return;
	ask_plan(from, ask, values, given, callback, context);
}

/*
 * Are the questions those that were looked at?  With the locks no other command makes
 * that different before the question has run; so PostgreSQL does not analyse it again
 * under settings of the reader.
 */
static bool
is_unchanged(const CgInterventions *from)
{
	ListCell   *lc;

	foreach(lc, from->relations)
		LockRelationOid(lfirst_oid(lc), AccessShareLock);
	return from->heard == from->built && cg_question_is_valid(from);
}

static void
ask_plan(CgInterventions *from, CgAsk ask, Datum *values, const bool *given,
		 CgWindowCallback callback, void *context)
{
	CgAskState	state;

	/* PostgreSQL may analyse it anew, without telling interventions.c. */
	if (from->is_steady && !is_unchanged(from))
		from->is_steady = false;
	state = cg_ask_enter(from->owner, from->is_steady);

	PG_TRY();
	{
		run(from, ask, values, given, callback, context);
	}
	PG_CATCH();
	{
		/* The relation opens no window until something changes: see interventions.c. */
		if (cg_gate_has_refused())
			from->broken = "it called a function that is not trusted";
		cg_ask_leave(&state);
		PG_RE_THROW();
	}
	PG_END_TRY();
	cg_ask_leave(&state);
	AtEOXact_GUC(true, state.nestlevel);
}

/*
 * Examines the question again if its plan was made again, as it is after any change of an
 * object that the plan uses, or if a function was altered.
 */
static bool
is_known_harmless(CgInterventions *from, CgAsk ask)
{
	CachedPlanSource *source = linitial(SPI_plan_get_plan_sources(from->plans[ask]));
	CgLookedAt *looked_at = &from->looked_at[ask];
	uint64		trusted = cg_trust_generation();

	if (looked_at->plan == source->generation && looked_at->trusted == trusted)
		return true;
	from->broken = cg_ask_harm(from->plans[ask]);
	if (from->broken)
		return false;
	looked_at->plan = source->generation;
	looked_at->trusted = trusted;
	return true;
}

static void
run(CgInterventions *from, CgAsk ask, Datum *values, const bool *given,
	CgWindowCallback callback, void *context)
{
	SPIPlanPtr	plan = from->plans[ask];
	MemoryContext caller = CurrentMemoryContext;
	char		nulls[CG_ASK_PARAMS];

	/* Other extensions, like pgaudit, copy values that are not NULL. */
	for (int i = 0; i < CG_ASK_PARAMS; i++)
		nulls[i] = given[i] ? ' ' : 'n';
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_snapshot(plan, values, nulls, cg_ask_latest_commits(), InvalidSnapshot,
							 true, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not ask relation %u for interventions", from->relid);
	/* A view beneath it may have been replaced meanwhile; then the answer is not used. */
	if (!is_known_harmless(from, ask))
	{
		SPI_finish();
		return;
	}
	MemoryContextSwitchTo(caller);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull[CG_ASK_COLUMNS];
		Datum		datums[CG_ASK_COLUMNS];

		for (int j = 0; j < CG_ASK_COLUMNS; j++)
			datums[j] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, j + 1, &isnull[j]);
		cg_ask_tell(from, datums, isnull, callback, context);
	}
	SPI_finish();
}

void
cg_ask_tell(CgInterventions *from, const Datum *datums, const bool *isnull,
			CgWindowCallback callback, void *context)
{
	TimestampTz opens_at = isnull[2] ? 0 : DatumGetTimestampTz(datums[2]);
	TimestampTz closes_at = isnull[3] ? 0 : DatumGetTimestampTz(datums[3]);

	if (isnull[0] || isnull[2])
		return;
	if (from->terms.plain ? !cg_windowquery_window(&from->terms, &opens_at, &closes_at, !isnull[3]) : isnull[3])
		return;
	callback(from, TextDatumGetCString(datums[0]), isnull[1] ? NULL : TextDatumGetCString(datums[1]),
			 opens_at, closes_at, context);
}
