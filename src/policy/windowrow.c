/*
 * windowrow.c
 *		The window of one row of an interventions relation.
 *
 * A trigger has the row as it was and as it is, and must tell both windows as a verdict
 * would see them.  The verdict's own question cannot be asked for that: it finds rows that
 * are stored and open, and no old ones.  So the same text of the policy, with the same
 * terms, is compiled to expressions over one row, and runs under the same conditions as the
 * question: as the owner of the relation, restricted, with pinned settings, below the gate.
 * Where no setting can change a result (unswayed.h), nothing needs to be pinned.
 *
 * Not every question is one about a single row: a condition with a subquery is not.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/analyze.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "policy/ask.h"
#include "policy/labelparse.h"
#include "policy/unswayed.h"
#include "policy/windowquery.h"
#include "policy/windowrow.h"

struct CgWindowRow
{
	List	   *columns;		/* integers */
	bool		is_steady;		/* no setting can change the results */
	ExprContext *econtext;
	ExprState  *values[CG_WINDOWQUERY_ROW_COLUMNS];
};

static Query *analyse_row(const CgInterventions *from);
static bool may_look_further(Oid function, void *context);
static bool look_further_walker(Node *node, void *context);
static List *deciding_columns(Relation rel, List *expressions);
static CgWindowRow *make_row(const CgInterventions *from, MemoryContext context);
static void compute_row(CgWindowRow *row, const CgInterventions *from, CgWindowState *result);

static Query *
analyse_row(const CgInterventions *from)
{
	CgTableLabel label;
	AttrNumber	parts[CG_NPARTS];
	char	   *text;
	RawStmt    *raw;

	cg_labelparse_table(cg_labels_get(from->relid, 0), &label);
	cg_interventions_parts(from->relid, parts);
	text = cg_windowquery_row_text(from->relid, &label, parts, false);
	raw = linitial_node(RawStmt, pg_parse_query(text));
	return parse_analyze_fixedparams(raw, text, NULL, 0, NULL);
}

/*
 * A function that is not immutable may read tables.  Of the built-in ones only those that make
 * XML do: the others depend on settings, as of dates.
 */
static bool
may_look_further(Oid function, void *context)
{
	/* What an aggregate calls does not stand in its row of pg_proc. */
	if (function >= FirstGenbkiObjectId && get_func_prokind(function) == PROKIND_AGGREGATE)
		return true;
	if (func_volatile(function) == PROVOLATILE_IMMUTABLE)
		return false;
	return function >= FirstGenbkiObjectId || get_func_rettype(function) == XMLOID;
}

static bool
look_further_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, may_look_further, NULL))
		return true;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, look_further_walker, NULL, 0);
	return expression_tree_walker(node, look_further_walker, NULL);
}

bool
cg_windowrow_looks_further(Node *node)
{
	return look_further_walker(node, NULL);
}

static List *
deciding_columns(Relation rel, List *expressions)
{
	Bitmapset  *attnums = NULL;
	List	   *columns = NIL;
	int			attnum = -1;

	pull_varattnos((Node *) expressions, 1, &attnums);
	while ((attnum = bms_next_member(attnums, attnum)) >= 0)
	{
		AttrNumber	number = attnum + FirstLowInvalidHeapAttributeNumber;

		if (number <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("its \"open_when\" uses a system column, or the whole row")));
		if (cg_compat_is_virtual(TupleDescAttr(RelationGetDescr(rel), number - 1)))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("its column \"%s\" is a virtual generated column",
							NameStr(TupleDescAttr(RelationGetDescr(rel), number - 1)->attname))));
		columns = lappend_int(columns, number);
	}
	return columns;
}

static CgWindowRow *
make_row(const CgInterventions *from, MemoryContext context)
{
	Query	   *query = analyse_row(from);
	CgWindowRow *row;
	List	   *expressions = get_tlist_exprs(query->targetList, false);
	MemoryContext oldcontext;
	Relation	rel;
	ListCell   *lc;
	int			i = 0;

	if (query->hasSubLinks || query->hasAggs || query->hasWindowFuncs || query->hasTargetSRFs)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("its \"open_when\" looks at more than the row")));
	if (look_further_walker((Node *) expressions, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("its \"open_when\" calls a function that is not immutable, so that it may look at more than the row")));
	oldcontext = MemoryContextSwitchTo(context);
	row = palloc0(sizeof(CgWindowRow));
	rel = table_open(from->relid, AccessShareLock);
	row->columns = deciding_columns(rel, expressions);
	table_close(rel, NoLock);
	row->is_steady = cg_unswayed_is((Node *) expressions) &&
		!contain_mutable_functions((Node *) expressions);
	row->econtext = CreateStandaloneExprContext();
	foreach(lc, expressions)
		row->values[i++] = ExecInitExpr(expression_planner(copyObject(lfirst(lc))), NULL);
	MemoryContextSwitchTo(oldcontext);
	return row;
}

CgWindowRow *
cg_windowrow_get(CgInterventions *from)
{
	MemoryContext context;
	CgAskState	state;
	volatile bool made = false;

	if (from->row)
		return from->row;
	context = AllocSetContextCreate(CurrentMemoryContext, "contact_guard window of a row",
									ALLOCSET_SMALL_SIZES);
	state = cg_ask_enter(from->owner, false);
	PG_TRY();
	{
		from->row = make_row(from, context);
		made = true;
	}
	PG_FINALLY();
	{
		cg_ask_leave(&state);
		if (!made)
			MemoryContextDelete(context);
	}
	PG_END_TRY();
	AtEOXact_GUC(true, state.nestlevel);
	/* It ends with the relation's questions. */
	MemoryContextSetParent(context, GetMemoryChunkContext(from));
	return from->row;
}

List *
cg_windowrow_columns(const CgWindowRow *row)
{
	return row->columns;
}

/* The order of the columns is that of cg_windowquery_row_text(). */
void
cg_windowrow_tell(const CgInterventions *from, const Datum *datums, const bool *isnull, CgWindowState *result)
{
	TimestampTz opens_at;
	TimestampTz closes_at;

	result->customer = isnull[0] ? NULL : TextDatumGetCString(datums[0]);
	result->id = isnull[1] ? NULL : TextDatumGetCString(datums[1]);
	result->technician = isnull[4] ? NULL : TextDatumGetCString(datums[4]);
	result->opens_at = result->closes_at = CG_NO_TIME;
	if (result->customer == NULL || result->technician == NULL || isnull[2] ||
		isnull[5] || !DatumGetBool(datums[5]))
		return;
	opens_at = DatumGetTimestampTz(datums[2]);
	closes_at = isnull[3] ? 0 : DatumGetTimestampTz(datums[3]);
	if (from->terms.plain ? !cg_windowquery_window(&from->terms, &opens_at, &closes_at, !isnull[3]) : isnull[3])
		return;
	if (opens_at >= closes_at)
		return;
	result->opens_at = opens_at;
	result->closes_at = closes_at;
}

static void
compute_row(CgWindowRow *row, const CgInterventions *from, CgWindowState *result)
{
	MemoryContext caller = CurrentMemoryContext;
	Datum		datums[CG_WINDOWQUERY_ROW_COLUMNS];
	bool		isnull[CG_WINDOWQUERY_ROW_COLUMNS];

	MemoryContextSwitchTo(row->econtext->ecxt_per_tuple_memory);
	for (int i = 0; i < CG_WINDOWQUERY_ROW_COLUMNS; i++)
		datums[i] = ExecEvalExpr(row->values[i], row->econtext, &isnull[i]);
	MemoryContextSwitchTo(caller);
	cg_windowrow_tell(from, datums, isnull, result);
}

void
cg_windowrow_compute(CgWindowRow *row, CgInterventions *from, TupleTableSlot *slot, CgWindowState *result)
{
	CgAskState	state;

	ResetExprContext(row->econtext);
	row->econtext->ecxt_scantuple = slot;
	/* Detoasting, for one, wants an active snapshot. */
	PushActiveSnapshot(cg_ask_latest_commits());
	if (row->is_steady)
		compute_row(row, from, result);
	else
	{
		state = cg_ask_enter(from->owner, false);
		PG_TRY();
		{
			compute_row(row, from, result);
		}
		PG_FINALLY();
		{
			cg_ask_leave(&state);
		}
		PG_END_TRY();
		AtEOXact_GUC(true, state.nestlevel);
	}
	PopActiveSnapshot();
	row->econtext->ecxt_scantuple = NULL;
}

bool
cg_windowrow_is_untouched(const List *columns, TupleTableSlot *was, TupleTableSlot *is)
{
	ListCell   *lc;

	if (was == NULL || is == NULL || columns == NIL)
		return false;
	foreach(lc, columns)
	{
		AttrNumber	attnum = lfirst_int(lc);
		Form_pg_attribute attribute = TupleDescAttr(was->tts_tupleDescriptor, attnum - 1);
		bool		was_null;
		bool		is_null;
		Datum		before = slot_getattr(was, attnum, &was_null);
		Datum		after = slot_getattr(is, attnum, &is_null);

		if (was_null != is_null ||
			(!was_null && !datumIsEqual(before, after, attribute->attbyval, attribute->attlen)))
			return false;
	}
	return true;
}
