/*
 * windowbeneath.c
 *		Windows that move because a table changes that their relation reads.
 *
 * The rows of a view are not stored, and a condition may look into other tables.  Then no
 * single row tells its window.  So a column of the table is named that has the ids of
 * interventions, and the relation is asked for the windows of such an id twice: as they were
 * before the statement, and as they are now.  Both questions are about the latest commits,
 * as a verdict's is, and about what this transaction did before the statement, or up to now.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/partition.h"
#include "common/hashfn.h"
#include "nodes/parsenodes.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/names.h"
#include "compat.h"
#include "journal/windowrecord.h"
#include "policy/ask.h"
#include "policy/labelparse.h"
#include "policy/trial.h"
#include "policy/watched.h"
#include "policy/windowbeneath.h"
#include "policy/windowcolumns.h"
#include "policy/windowquery.h"
#include "policy/windowrow.h"

struct CgWindowBeneath
{
	List	   *roots;			/* OIDs of the relations that are asked */
	List	   *keys;			/* the columns with ids; their numbers in the table */
	List	   *columns;		/* all that the questions read, with the keys; NIL: not known */
};

/* One question, before and after. */
typedef struct ByIdChange
{
	Oid			root;
	Oid			type;
	Datum		id;
	List	   *was;			/* of CgWindowState */
	List	   *is;
} ByIdChange;

/*
 * What was asked in this transaction: for which id of which relation, by which statement.  The
 * trigger of each row of a statement would get the same answer, and it must count once.
 */
typedef struct AskedEntry
{
	bytea	   *question;
	uint32		hash;
	char		status;
} AskedEntry;

#define SH_PREFIX askedset
#define SH_ELEMENT_TYPE AskedEntry
#define SH_KEY_TYPE bytea *
#define SH_KEY question
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) (key), VARSIZE(key))
#define SH_EQUAL(tb, a, b) (VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0)
#define SH_SCOPE static inline
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* In the memory of the transaction; NULL: there is none yet. */
static askedset_hash *asked = NULL;

static CommandId command_before(void);
static bool was_answered(Oid root, Oid type, Datum id);
static void find_read_columns(CgWindowBeneath *beneath, Oid table, const List *relids);
static SPIPlanPtr plan_by_id(CgInterventions *from, Oid type);
static List *ask_by_id(CgInterventions *from, SPIPlanPtr plan, Datum id, CommandId before,
					   MemoryContext context);
static void ask_twice(void *argument);
static void note_by_id(Oid root, Oid type, Datum id);
static void note_differences(const char *name, List *was, List *is);

/* What the questions do not read cannot move a window. */
static void
find_read_columns(CgWindowBeneath *beneath, Oid table, const List *relids)
{
	List	   *columns = NIL;
	bool		all = false;
	ListCell   *lc;

	foreach(lc, cg_interventions_list())
	{
		CgInterventions *from = lfirst(lc);
		CachedPlanSource *source;

		if (!list_member_oid(beneath->roots, from->relid))
			continue;
		if (from->broken)
		{
			all = true;
			continue;
		}
		source = linitial(SPI_plan_get_plan_sources(from->plans[CG_ASK_OPEN]));
		all |= !cg_windowcolumns_add(source->query_list, table, relids, &columns) ||
			cg_windowrow_looks_further((Node *) source->query_list);
	}
	beneath->columns = all ? NIL : list_concat_unique_int(columns, beneath->keys);
}

CgWindowBeneath *
cg_windowbeneath_begin(Relation rel)
{
	Oid			table = RelationGetRelid(rel);
	List	   *relids = list_make1_oid(table);
	CgWindowBeneath *beneath = palloc0(sizeof(CgWindowBeneath));
	ListCell   *lc;
	ListCell   *lk;

	beneath->roots = cg_watched_readers(table);
	if (beneath->roots == NIL)
		return NULL;
	if (get_rel_relispartition(table))
		relids = list_concat(relids, get_partition_ancestors(table));
	foreach(lc, relids)
		foreach(lk, cg_watched_keys(lfirst_oid(lc)))
			beneath->keys = list_append_unique_int(beneath->keys,
												   get_attnum(table, get_attname(lfirst_oid(lc), lfirst_int(lk), false)));
	find_read_columns(beneath, table, relids);
	/* A virtual column is not in the row: what it is computed of decides instead. */
	for (int i = 0; i < RelationGetNumberOfAttributes(rel); i++)
		if (cg_compat_is_virtual(TupleDescAttr(RelationGetDescr(rel), i)))
			beneath->columns = NIL;
	return beneath;
}

List *
cg_windowbeneath_columns(const CgWindowBeneath *beneath)
{
	return beneath->columns;
}

static SPIPlanPtr
plan_by_id(CgInterventions *from, Oid type)
{
	CgTableLabel label;
	AttrNumber	parts[CG_NPARTS];
	CgWindowById *by_id;
	MemoryContext oldcontext;
	SPIPlanPtr	plan;
	const char *harm;
	ListCell   *lc;

	foreach(lc, from->by_id)
		if (((CgWindowById *) lfirst(lc))->type == type)
			return ((CgWindowById *) lfirst(lc))->plan;
	cg_labelparse_table(cg_labels_get(from->relid, 0), &label);
	cg_interventions_parts(from->relid, parts);
	plan = SPI_prepare(cg_windowquery_row_text(from->relid, &label, parts, true), 1, &type);
	if (plan == NULL)
		elog(ERROR, "could not prepare the question for the windows of an intervention");
	harm = cg_ask_harm(plan);
	if (harm)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s", harm)));
	oldcontext = MemoryContextSwitchTo(GetMemoryChunkContext(from));
	by_id = palloc(sizeof(CgWindowById));
	from->by_id = lappend(from->by_id, by_id);
	by_id->type = type;
	by_id->plan = plan;
	MemoryContextSwitchTo(oldcontext);
	SPI_keepplan(plan);
	return plan;
}

static List *
ask_by_id(CgInterventions *from, SPIPlanPtr plan, Datum id, CommandId before, MemoryContext context)
{
	List	   *windows = NIL;

	if (SPI_execute_snapshot(plan, &id, NULL, cg_ask_latest_with(before), InvalidSnapshot,
							 true, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not ask relation %u for interventions", from->relid);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull[CG_WINDOWQUERY_ROW_COLUMNS];
		Datum		datums[CG_WINDOWQUERY_ROW_COLUMNS];
		MemoryContext oldcontext;
		CgWindowState *state;

		for (int j = 0; j < CG_WINDOWQUERY_ROW_COLUMNS; j++)
			datums[j] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, j + 1, &isnull[j]);
		oldcontext = MemoryContextSwitchTo(context);
		state = palloc(sizeof(CgWindowState));
		cg_windowrow_tell(from, datums, isnull, state);
		windows = lappend(windows, state);
		MemoryContextSwitchTo(oldcontext);
	}
	return windows;
}

/* The commands of the transaction that the statement itself sees are those before it. */
static CommandId
command_before(void)
{
	return ActiveSnapshotSet() ? GetActiveSnapshot()->curcid : GetCurrentCommandId(false);
}

static void
forget_asked(void *argument)
{
	asked = NULL;
}

/* A subtransaction that was taken back may have had a statement of the same number. */
static bool
was_answered(Oid root, Oid type, Datum id)
{
	struct
	{
		Oid			root;
		Oid			type;
		SubTransactionId subid;
		CommandId	number;
	}			head = {root, type, GetCurrentSubTransactionId(), command_before()};
	bytea	   *question;
	const char *bytes;
	Size		size;
	int16		length;
	bool		by_value;
	bool		found;

	if (asked == NULL)
	{
		MemoryContext context = AllocSetContextCreate(TopTransactionContext, "contact_guard ids asked",
													  ALLOCSET_DEFAULT_SIZES);
		MemoryContextCallback *callback = MemoryContextAllocZero(context, sizeof(MemoryContextCallback));

		callback->func = forget_asked;
		MemoryContextRegisterResetCallback(context, callback);
		asked = askedset_create(context, 64, NULL);
	}
	get_typlenbyval(type, &length, &by_value);
	if (length == -1)
		id = PointerGetDatum(PG_DETOAST_DATUM_PACKED(id));
	bytes = by_value ? (char *) &id : length == -1 ? VARDATA_ANY(DatumGetPointer(id)) : DatumGetPointer(id);
	size = by_value ? sizeof(Datum) : length == -1 ? VARSIZE_ANY_EXHDR(DatumGetPointer(id)) : datumGetSize(id, false, length);
	question = MemoryContextAlloc(asked->ctx, VARHDRSZ + sizeof(head) + size);
	SET_VARSIZE(question, VARHDRSZ + sizeof(head) + size);
	memcpy(VARDATA(question), &head, sizeof(head));
	memcpy(VARDATA(question) + sizeof(head), bytes, size);
	(void) askedset_insert(asked, question, &found);
	if (found)
		pfree(question);
	return found;
}

static void
ask_twice(void *argument)
{
	ByIdChange *change = argument;
	MemoryContext caller = CurrentMemoryContext;
	CommandId	now = GetCurrentCommandId(false);
	CommandId	before = command_before();
	CgInterventions *from = NULL;
	CgAskState	state;
	ListCell   *lc;

	foreach(lc, cg_interventions_list())
		if (((CgInterventions *) lfirst(lc))->relid == change->root)
			from = lfirst(lc);
	if (from == NULL)
		return;
	if (from->broken)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s", from->broken)));
	state = cg_ask_enter(from->owner, false);
	PG_TRY();
	{
		SPIPlanPtr	plan;

		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		plan = plan_by_id(from, change->type);
		change->was = ask_by_id(from, plan, change->id, before, caller);
		/* What the statement itself did has the present number. */
		change->is = ask_by_id(from, plan, change->id, now + 1, caller);
		SPI_finish();
	}
	PG_FINALLY();
	{
		cg_ask_leave(&state);
	}
	PG_END_TRY();
	AtEOXact_GUC(true, state.nestlevel);
}

static bool
is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The view may have several rows of one intervention: one for each technician, say. */
static void
note_differences(const char *name, List *was, List *is)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, was)
	{
		CgWindowState *before = lfirst(lc);
		CgWindowState *after = NULL;

		foreach(lc2, is)
		{
			CgWindowState *other = lfirst(lc2);

			if (is_same_text(before->customer, other->customer) && is_same_text(before->technician, other->technician))
			{
				after = other;
				is = foreach_delete_current(is, lc2);
				break;
			}
		}
		cg_windowrecord_moved(name, before, after);
	}
	foreach(lc, is)
		cg_windowrecord_moved(name, NULL, lfirst(lc));
}

static void
note_by_id(Oid root, Oid type, Datum id)
{
	ByIdChange	change = {.root = root, .type = type, .id = id};
	char	   *name;
	char	   *problem;

	if (was_answered(root, type, id))
		return;
	name = cg_names_relation(root);
	problem = cg_trial_run(ask_twice, &change);
	if (problem)
		cg_windowrecord_unknown(name, psprintf("windows could not be computed: %s", problem));
	else
		note_differences(name, change.was, change.is);
}

void
cg_windowbeneath_note(CgWindowBeneath *beneath, TupleTableSlot *was, TupleTableSlot *is)
{
	ListCell   *lc;
	ListCell   *lr;

	if (cg_windowrow_is_untouched(beneath->columns, was, is))
		return;
	foreach(lc, beneath->keys)
	{
		AttrNumber	attnum = lfirst_int(lc);
		TupleTableSlot *any = was ? was : is;
		Form_pg_attribute attribute = TupleDescAttr(any->tts_tupleDescriptor, attnum - 1);
		Oid			type = getBaseType(attribute->atttypid);
		bool		was_null = true;
		bool		is_null = true;
		Datum		before = was ? slot_getattr(was, attnum, &was_null) : (Datum) 0;
		Datum		after = is ? slot_getattr(is, attnum, &is_null) : (Datum) 0;

		foreach(lr, beneath->roots)
		{
			if (!was_null)
				note_by_id(lfirst_oid(lr), type, before);
			if (!is_null && (was_null || !datumIsEqual(before, after, attribute->attbyval, attribute->attlen)))
				note_by_id(lfirst_oid(lr), type, after);
		}
	}
}

void
cg_windowbeneath_prepare(CgInterventions *from, Oid type)
{
	CgAskState	state = cg_ask_enter(from->owner, false);

	PG_TRY();
	{
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		(void) plan_by_id(from, type);
		SPI_finish();
	}
	PG_FINALLY();
	{
		cg_ask_leave(&state);
	}
	PG_END_TRY();
	AtEOXact_GUC(true, state.nestlevel);
}
