/*
 * uses.c
 *		Uses of values in conditions that choose rows.
 *
 * A mask must not decide a write, but RETURNING may show masks.  So the rewrite must know
 * the columns of a sub-select in FROM, or of a CTE, that the query around it uses in a
 * condition.  It walks from outer to inner queries, and through a range table from its
 * end, since lateral references point backwards, and notes each use.
 *
 * Optimistic locking, as ORMs do it, is allowed: UPDATE … WHERE id = $1 AND phone IS NOT
 * DISTINCT FROM $2.  There a full unique key pins the row.  The mask can only prevent the
 * write, or allow it for the row that was meant.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#include "compat.h"
#include "plan/rewrite_private.h"
#include "policy/policy.h"

typedef struct Use
{
	const void *output;
	AttrNumber	resno;			/* 0: all */
	Oid			type;
} Use;

static const void *output_of(const RewriteContext *context, const Var *var);
static bool in_clause(const TargetEntry *target, List *clause);
static bool is_equality(Oid opno);
static bool is_value(Node *node);
static Var *target_column(const Query *query, Node *node);
static bool is_test(const Query *query, Node *left, Node *right);
static Var *fixed_column(const Query *query, Node *condition, Node **side);
static bool is_guarded_target(const Query *query, AttrNumber attnum);
static bool fixes(const Query *query, Relation index, int i);
static bool covers_unique_index(const Query *query, Relation rel);
static bool fixes_ctid(const Query *query);

static const void *
output_of(const RewriteContext *context, const Var *var)
{
	Query	   *query = list_nth_node(Query, context->queries, var->varlevelsup);
	RangeTblEntry *rte = rt_fetch(var->varno, query->rtable);
	ListCell   *lc;

	if (rte->rtekind == RTE_SUBQUERY || rte->rtekind == RTE_JOIN || rte->rtekind == RTE_FUNCTION)
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
	use->type = var->vartype;
	context->uses = lappend(context->uses, use);
}

/* Numbers, times and uuids do not count: they hold keys and times, not contact data. */
bool
cg_uses_any(const RewriteContext *context, const void *output)
{
	ListCell   *lc;

	foreach(lc, context->uses)
	{
		const Use  *use = lfirst(lc);
		char		category;
		bool		preferred;

		if (use->output != output)
			continue;
		get_type_category_preferred(getBaseType(use->type), &category, &preferred);
		if (category != TYPCATEGORY_NUMERIC && category != TYPCATEGORY_DATETIME && use->type != UUIDOID)
			return true;
	}
	return false;
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

	/* A function that returns a set decides the number of rows. */
	if (query->hasTargetSRFs && expression_returns_set((Node *) target->expr))
		return true;
	/* A grouping expression must be the same in all places. */
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
 * row_number(), array_agg() and nextval() use the order of rows.  Volatile functions in a
 * SELECT for the client, for example to log the rows, are called for all rows anyway.
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

	foreach(lc, get_op_index_interpretation(opno))
		if (cg_compat_strategy((OpIndexInterpretation *) lfirst(lc)) == BTEqualStrategyNumber)
			return true;
	return false;
}

static bool
is_value(Node *node)
{
	return !contain_var_clause(node) && !checkExprHasSubLink(node) &&
		!contain_volatile_functions(node);
}

/* The column, if the node is a column of the row that is updated; or NULL. */
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

/* The column that a condition of the WHERE sets equal to a value, or NULL. */
static Var *
fixed_column(const Query *query, Node *condition, Node **side)
{
	OpExpr	   *test = (OpExpr *) condition;
	Var		   *column;

	if (!IsA(test, OpExpr) || list_length(test->args) != 2 ||
		!is_test(query, linitial(test->args), lsecond(test->args)))
		return NULL;
	*side = linitial(test->args);
	column = target_column(query, *side);
	if (column == NULL)
	{
		*side = lsecond(test->args);
		column = target_column(query, *side);
	}
	return column;
}

/* A guarded column does not pin a row, since all its masks may be equal. */
static bool
is_guarded_target(const Query *query, AttrNumber attnum)
{
	const CgPolicy *policy = cg_policy_get(rt_fetch(query->resultRelation, query->rtable)->relid);

	return policy && cg_policy_column(policy, attnum);
}

/*
 * Is a column of an index set equal to a value, with the index's own equality?  By another
 * equality, for example one that ignores case, several rows may be equal.
 */
static bool
fixes(const Query *query, Relation index, int i)
{
	ListCell   *lc;

	foreach(lc, make_ands_implicit((Expr *) query->jointree->quals))
	{
		OpExpr	   *test = lfirst(lc);
		Node	   *side;
		Var		   *column = fixed_column(query, lfirst(lc), &side);

		if (column == NULL || column->varattno != index->rd_index->indkey.values[i] ||
			is_guarded_target(query, column->varattno))
			continue;
		if (get_op_opfamily_strategy(test->opno, index->rd_opfamily[i]) == BTEqualStrategyNumber &&
			(IsA(side, Var) || exprType(side) == index->rd_opcintype[i]) &&
			(!OidIsValid(test->inputcollid) || test->inputcollid == index->rd_indcollation[i] ||
			 get_collation_isdeterministic(test->inputcollid)))
			return true;
	}
	return false;
}

static bool
covers_unique_index(const Query *query, Relation rel)
{
	ListCell   *lc;
	bool		result = false;

	foreach(lc, RelationGetIndexList(rel))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);
		Form_pg_index form = index->rd_index;
		/* An index WITHOUT OVERLAPS is unique, too, but with other operators. */
		bool		covers = form->indisunique && form->indimmediate && form->indisvalid &&
			index->rd_rel->relam == BTREE_AM_OID &&
			RelationGetIndexPredicate(index) == NIL;

		for (int i = 0; i < form->indnkeyatts && covers; i++)
		{
			AttrNumber	attnum = form->indkey.values[i];

			covers = attnum > 0 && TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attnotnull &&
				fixes(query, index, i);
		}
		result |= covers;
		index_close(index, AccessShareLock);
	}
	return result;
}

static bool
fixes_ctid(const Query *query)
{
	ListCell   *lc;

	foreach(lc, make_ands_implicit((Expr *) query->jointree->quals))
	{
		Node	   *side;
		Var		   *column = fixed_column(query, lfirst(lc), &side);

		if (column && column->varattno == SelfItemPointerAttributeNumber &&
			((OpExpr *) lfirst(lc))->opno == TIDEqualOperator)
			return true;
	}
	return false;
}

bool
cg_uses_is_pinned(const Query *query)
{
	RangeTblEntry *rte;
	Relation	rel;
	bool		result = false;

	if (query->commandType != CMD_UPDATE || query->jointree->quals == NULL)
		return false;
	rte = rt_fetch(query->resultRelation, query->rtable);
	if (rte->rtekind != RTE_RELATION)
		return false;
	rel = table_open(rte->relid, NoLock);
	/* An index of an inheritance parent does not contain the rows of its children. */
	if (rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		result = covers_unique_index(query, rel);
	else if (rel->rd_rel->relkind == RELKIND_RELATION && !(rte->inh && has_subclass(rte->relid)))
		result = covers_unique_index(query, rel) || fixes_ctid(query);
	table_close(rel, NoLock);
	return result;
}
