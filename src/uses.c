/*
 * uses.c
 *		Where a statement uses what it reads to choose rows.
 *
 * A mask decides no write, but RETURNING shows masks: so of a sub-select in FROM, or
 * a CTE, the rewrite must know which columns the query around it has in a condition.
 * It walks queries from the outside in, and a query's range table from its end, and
 * notes each use; a lateral reference points backwards.
 *
 * Excepted is optimistic locking, as ORMs do it: UPDATE … WHERE id = $1 AND phone IS
 * NOT DISTINCT FROM $2.  There the row is pinned by a full unique key, and a mask can
 * only keep the write from happening, or let it happen to the row that was meant.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_operator.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#include "policy.h"
#include "rewrite_private.h"

typedef struct Use
{
	const void *output;
	AttrNumber	resno;			/* 0: all */
} Use;

static const void *output_of(const RewriteContext *context, const Var *var);
static bool in_clause(const TargetEntry *target, List *clause);
static bool is_equality(Oid opno);
static bool is_value(Node *node);
static Var *target_column(const Query *query, Node *node);
static bool is_test(const Query *query, Node *left, Node *right);
static Bitmapset *fixed_columns(const Query *query);
static bool covers_unique_index(Relation rel, const Bitmapset *columns);

static const void *
output_of(const RewriteContext *context, const Var *var)
{
	Query	   *query = list_nth_node(Query, context->queries, var->varlevelsup);
	RangeTblEntry *rte = rt_fetch(var->varno, query->rtable);
	ListCell   *lc;

	if (rte->rtekind == RTE_SUBQUERY || rte->rtekind == RTE_JOIN)
		return rte;
	if (rte->rtekind != RTE_CTE)
		return NULL;
	query = list_nth_node(Query, context->queries, var->varlevelsup + rte->ctelevelsup);
	foreach(lc, query->cteList)
		if (strcmp(lfirst_node(CommonTableExpr, lc)->ctename, rte->ctename) == 0)
			return lfirst(lc);
	return NULL;
}

void
cg_uses_note(RewriteContext *context, const Var *var)
{
	const void *output = output_of(context, var);
	Use		   *use;

	if (output == NULL || cg_uses_decide(context, output, var->varattno))
		return;
	use = palloc(sizeof(Use));
	use->output = output;
	use->resno = var->varattno;
	context->uses = lappend(context->uses, use);
}

bool
cg_uses_decide(const RewriteContext *context, const void *output, AttrNumber resno)
{
	ListCell   *lc;

	foreach(lc, context->uses)
	{
		const Use  *use = lfirst(lc);

		if (use->output == output && (use->resno == resno || use->resno == InvalidAttrNumber))
			return true;
	}
	return false;
}

static bool
in_clause(const TargetEntry *target, List *clause)
{
	ListCell   *lc;

	foreach(lc, clause)
		if (lfirst_node(SortGroupClause, lc)->tleSortGroupRef == target->ressortgroupref)
			return true;
	return false;
}

bool
cg_uses_is_chosen_by(const Query *query, const TargetEntry *target)
{
	ListCell   *lc;

	/* A function that returns a set says how many rows there are. */
	if (query->hasTargetSRFs && expression_returns_set((Node *) target->expr))
		return true;
	/* What is grouped by must look the same wherever it stands. */
	if (query->groupClause != NIL || query->groupingSets != NIL)
		return true;
	if (target->ressortgroupref == 0)
		return false;
	foreach(lc, query->windowClause)
		if (in_clause(target, lfirst_node(WindowClause, lc)->partitionClause) ||
			in_clause(target, lfirst_node(WindowClause, lc)->orderClause))
			return true;
	return in_clause(target, query->distinctClause);
}

bool
cg_uses_is_ordered_by(const Query *query, const TargetEntry *target)
{
	return target->ressortgroupref != 0 && in_clause(target, query->sortClause);
}

/*
 * row_number(), array_agg() and nextval() number rows.  Functions that a SELECT calls
 * for the client, to log what it shows for example, are called for all rows.
 */
bool
cg_uses_is_order_used(Query *query, bool top)
{
	return query->limitCount || query->limitOffset || query->hasDistinctOn || query->hasWindowFuncs ||
		query->hasAggs || query->hasTargetSRFs ||
		(query->commandType != CMD_INSERT && !(top && query->commandType == CMD_SELECT) &&
		 contain_volatile_functions((Node *) query));
}

static bool
is_equality(Oid opno)
{
	ListCell   *lc;

	foreach(lc, get_op_btree_interpretation(opno))
		if (((OpBtreeInterpretation *) lfirst(lc))->strategy == BTEqualStrategyNumber)
			return true;
	return false;
}

static bool
is_value(Node *node)
{
	return !contain_var_clause(node) && !checkExprHasSubLink(node) &&
		!contain_volatile_functions(node);
}

/* A column of the row that is updated. */
static Var *
target_column(const Query *query, Node *node)
{
	while (node && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	if (node == NULL || !IsA(node, Var) || ((Var *) node)->varlevelsup > 0 ||
		((Var *) node)->varno != query->resultRelation)
		return NULL;
	return (Var *) node;
}

static bool
is_test(const Query *query, Node *left, Node *right)
{
	return (target_column(query, left) && is_value(right)) ||
		(target_column(query, right) && is_value(left));
}

bool
cg_uses_is_lock(const Query *query, Node *condition)
{
	ListCell   *lc;

	switch (nodeTag(condition))
	{
		case T_BoolExpr:
			foreach(lc, ((BoolExpr *) condition)->args)
				if (!cg_uses_is_lock(query, lfirst(lc)))
					return false;
			return true;
		case T_OpExpr:
		case T_DistinctExpr:
			{
				OpExpr	   *test = (OpExpr *) condition;

				if (is_value(condition))
					return true;
				return list_length(test->args) == 2 && is_equality(test->opno) &&
					is_test(query, linitial(test->args), lsecond(test->args));
			}
		case T_NullTest:
			return is_value(condition) ||
				target_column(query, (Node *) ((NullTest *) condition)->arg) != NULL;
		default:
			return is_value(condition);
	}
}

/* Columns that a condition of the WHERE sets equal to a value. */
static Bitmapset *
fixed_columns(const Query *query)
{
	const CgPolicy *policy = cg_policy_get(rt_fetch(query->resultRelation, query->rtable)->relid);
	Bitmapset  *columns = NULL;
	ListCell   *lc;

	foreach(lc, make_ands_implicit((Expr *) query->jointree->quals))
	{
		OpExpr	   *test = lfirst(lc);
		Var		   *column;

		if (!IsA(test, OpExpr) || list_length(test->args) != 2 ||
			!(is_equality(test->opno) || test->opno == TIDEqualOperator) ||
			!is_test(query, linitial(test->args), lsecond(test->args)))
			continue;
		column = target_column(query, linitial(test->args));
		if (column == NULL)
			column = target_column(query, lsecond(test->args));
		/* All masks may be equal. */
		if (policy && cg_policy_column(policy, column->varattno))
			continue;
		columns = bms_add_member(columns, column->varattno - FirstLowInvalidHeapAttributeNumber);
	}
	return columns;
}

static bool
covers_unique_index(Relation rel, const Bitmapset *columns)
{
	ListCell   *lc;
	bool		result = false;

	foreach(lc, RelationGetIndexList(rel))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);
		Form_pg_index form = index->rd_index;
		bool		covers = form->indisunique && form->indimmediate && form->indisvalid &&
			RelationGetIndexPredicate(index) == NIL;

		for (int i = 0; i < form->indnkeyatts && covers; i++)
		{
			AttrNumber	attnum = form->indkey.values[i];

			covers = attnum > 0 && TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attnotnull &&
				bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, columns);
		}
		result |= covers;
		index_close(index, AccessShareLock);
	}
	return result;
}

bool
cg_uses_is_pinned(const Query *query)
{
	RangeTblEntry *rte;
	Relation	rel;
	Bitmapset  *columns;
	bool		result = false;

	if (query->commandType != CMD_UPDATE)
		return false;
	rte = rt_fetch(query->resultRelation, query->rtable);
	columns = fixed_columns(query);
	if (rte->rtekind != RTE_RELATION || bms_is_empty(columns))
		return false;
	rel = table_open(rte->relid, NoLock);
	/* An index of a parent of the old kind says nothing of its children. */
	if (rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		result = covers_unique_index(rel, columns);
	else if (rel->rd_rel->relkind == RELKIND_RELATION && !(rte->inh && has_subclass(rte->relid)))
		result = covers_unique_index(rel, columns) ||
			bms_is_member(SelfItemPointerAttributeNumber - FirstLowInvalidHeapAttributeNumber, columns);
	table_close(rel, NoLock);
	return result;
}
