/*
 * windowscan.c
 *		The question for windows without the executor.
 *
 * Starting and ending the executor costs many times what the look into an index does,
 * and each customer who is shown needs such a question.  So a question of the common kind
 * (one table, and conditions that no setting can change: unswayed.h) keeps its expressions
 * compiled and its scan keys made, and runs them over a scan of its own.  The executor
 * answers all other questions.
 *
 * Such a question depends on no setting and no role: its functions, those of its index
 * included, are PostgreSQL's own, and so are its types, besides enums.  So nothing is
 * pinned, and nobody becomes the owner, whose privileges were checked when the scan was
 * made.  A change of any of this invalidates the relation, and the invalidation is heard
 * when the relation is locked.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "storage/bufmgr.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "policy/policy.h"
#include "policy/unswayed.h"
#include "policy/windowkeys.h"
#include "policy/windowscan.h"

/* A table of as many blocks is read as a whole. */
#define WHOLE_TABLE_BLOCKS 16

struct CgWindowScan
{
	CgWindowKeys keys;			/* its index, or none: all rows are read */
	ExprContext *econtext;
	ExprState  *condition;		/* what the keys do not say; NULL: nothing */
	ExprState  *columns[CG_ASK_COLUMNS];
};

static bool is_plain_query(const Query *query, Oid relid);
static bool is_plain_relation(Relation rel, const List *expressions);
static CgWindowScan *make_scan(Relation rel, const Query *query, List *quals, MemoryContext context);
static void scan_rows(CgWindowScan *scan, CgInterventions *from, Relation rel, const Datum *values,
					  CgWindowCallback callback, void *context);
static bool is_too_large(const CgWindowScan *scan, Relation rel);
static bool next_row(IndexScanDesc by_index, TableScanDesc by_table, TupleTableSlot *slot);

/* Our own text (windowquery.c) with a condition of the policy in it. */
static bool
is_plain_query(const Query *query, Oid relid)
{
	RangeTblEntry *rte;

	if (query->commandType != CMD_SELECT || query->hasAggs || query->hasWindowFuncs ||
		query->hasTargetSRFs || query->hasSubLinks || query->hasForUpdate || query->hasRowSecurity ||
		query->cteList != NIL || query->sortClause != NIL || query->setOperations != NULL ||
		list_length(query->rtable) != 1 || list_length(query->targetList) != CG_ASK_COLUMNS)
		return false;
	rte = linitial_node(RangeTblEntry, query->rtable);
	return rte->rtekind == RTE_RELATION && rte->relid == relid && rte->relkind == RELKIND_RELATION &&
		rte->securityQuals == NIL && rte->tablesample == NULL;
}

/* Nothing decides about its rows but the question, and its owner may read it. */
static bool
is_plain_relation(Relation rel, const List *expressions)
{
	Bitmapset  *attnums = NULL;
	int			attnum = -1;

	if (rel->rd_rel->relkind != RELKIND_RELATION || rel->rd_rel->relhassubclass ||
		rel->rd_rel->relrowsecurity || rel->rd_rel->relam != HEAP_TABLE_AM_OID ||
		RELATION_IS_OTHER_TEMP(rel))
		return false;
	if (pg_class_aclcheck(RelationGetRelid(rel), rel->rd_rel->relowner, ACL_SELECT) != ACLCHECK_OK)
		return false;
	/* Guarded columns are withheld from questions, which the rewrite sees to. */
	if (cg_policy_get(RelationGetRelid(rel)) != NULL)
		return false;
	pull_varattnos((Node *) expressions, 1, &attnums);
	while ((attnum = bms_next_member(attnums, attnum)) >= 0)
	{
		AttrNumber	number = attnum + FirstLowInvalidHeapAttributeNumber;

		/* A system column, the row, or a column that the planner would expand. */
		if (number <= 0 || cg_compat_is_virtual(TupleDescAttr(RelationGetDescr(rel), number - 1)))
			return false;
	}
	return true;
}

CgWindowScan *
cg_windowscan_create(Oid relid, const List *queries, MemoryContext context)
{
	Query	   *query = linitial_node(Query, queries);
	CgWindowScan *scan = NULL;
	List	   *quals;
	List	   *all;
	Relation	rel;

	if (list_length(queries) != 1 || !is_plain_query(query, relid))
		return NULL;
	/* As the planner does: constants become one, and conditions a list. */
	quals = make_ands_implicit(canonicalize_qual((Expr *) eval_const_expressions(NULL, copyObject(query->jointree->quals)),
												 false));
	all = lappend(get_tlist_exprs(query->targetList, false), quals);
	if (!cg_unswayed_is((Node *) all) || contain_mutable_functions((Node *) all))
		return NULL;
	rel = table_open(relid, AccessShareLock);
	if (is_plain_relation(rel, all))
		scan = make_scan(rel, query, quals, context);
	table_close(rel, AccessShareLock);
	return scan;
}

static CgWindowScan *
make_scan(Relation rel, const Query *query, List *quals, MemoryContext context)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	CgWindowScan *scan = palloc0(sizeof(CgWindowScan));
	ListCell   *lc;
	int			i = 0;

	quals = cg_windowkeys_find(rel, copyObject(quals), &scan->keys);
	scan->econtext = CreateStandaloneExprContext();
	scan->condition = ExecInitQual(quals, NULL);
	foreach(lc, query->targetList)
		scan->columns[i++] = ExecInitExpr(expression_planner(copyObject(lfirst_node(TargetEntry, lc)->expr)), NULL);
	MemoryContextSwitchTo(oldcontext);
	return scan;
}

/* The executor may have a better index than ours: a hash index, say. */
static bool
is_too_large(const CgWindowScan *scan, Relation rel)
{
	return !OidIsValid(scan->keys.index) && RelationGetNumberOfBlocks(rel) > WHOLE_TABLE_BLOCKS;
}

bool
cg_windowscan_run(CgWindowScan *scan, CgInterventions *from, const Datum *values,
				  const bool *given, CgWindowCallback callback, void *context)
{
	Relation	rel = try_relation_open(from->relid, AccessShareLock);
	ParamListInfo params;

	if (rel == NULL)
		return false;
	if (from->heard != from->built || is_too_large(scan, rel))
	{
		relation_close(rel, AccessShareLock);
		return false;
	}
	if (!cg_windowkeys_are_given(&scan->keys, given))
	{
		relation_close(rel, NoLock);
		return true;
	}
	params = makeParamList(CG_ASK_PARAMS);
	for (int i = 0; i < CG_ASK_PARAMS; i++)
	{
		params->params[i].value = values[i];
		params->params[i].isnull = !given[i];
		params->params[i].pflags = 0;
		params->params[i].ptype = i == 0 ? TEXTOID : i == 2 ? from->customer_type : TIMESTAMPTZOID;
	}
	scan->econtext->ecxt_param_list_info = params;
	/* Detoasting, for one, wants an active snapshot. */
	PushActiveSnapshot(cg_ask_latest_commits());
	scan_rows(scan, from, rel, values, callback, context);
	PopActiveSnapshot();
	relation_close(rel, NoLock);
	return true;
}

static void
scan_rows(CgWindowScan *scan, CgInterventions *from, Relation rel, const Datum *values,
		  CgWindowCallback callback, void *context)
{
	ExprContext *econtext = scan->econtext;
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	Relation	index = NULL;
	IndexScanDesc by_index = NULL;
	TableScanDesc by_table = NULL;

	econtext->ecxt_scantuple = slot;
	if (OidIsValid(scan->keys.index))
	{
		index = index_open(scan->keys.index, AccessShareLock);
		by_index = cg_windowkeys_begin(&scan->keys, rel, index, values, GetActiveSnapshot());
	}
	else
		by_table = table_beginscan(rel, GetActiveSnapshot(), 0, NULL);
	while (next_row(by_index, by_table, slot))
	{
		Datum		datums[CG_ASK_COLUMNS];
		bool		isnull[CG_ASK_COLUMNS];

		CHECK_FOR_INTERRUPTS();
		ResetExprContext(econtext);
		if (!ExecQual(scan->condition, econtext))
			continue;
		for (int i = 0; i < CG_ASK_COLUMNS; i++)
			datums[i] = ExecEvalExprSwitchContext(scan->columns[i], econtext, &isnull[i]);
		cg_ask_tell(from, datums, isnull, callback, context);
	}
	if (by_index)
	{
		index_endscan(by_index);
		index_close(index, NoLock);
	}
	else
		table_endscan(by_table);
	ExecDropSingleTupleTableSlot(slot);
}

static bool
next_row(IndexScanDesc by_index, TableScanDesc by_table, TupleTableSlot *slot)
{
	return by_index ? index_getnext_slot(by_index, ForwardScanDirection, slot) :
		table_scan_getnextslot(by_table, ForwardScanDirection, slot);
}
