/*
 * locks.c
 *		Optimistic locking, as ORMs do it: UPDATE … WHERE id = $1 AND phone IS NOT DISTINCT
 *		FROM $2.
 *
 * A full unique key pins the row.  So a mask can only prevent the write, or allow it for
 * the row that was meant.
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
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#include "compat.h"
#include "plan/locks.h"
#include "policy/policy.h"

static bool is_equality(Oid opno);
static bool is_value(Node *node);
static Var *target_column(const Query *query, Node *node);
static bool is_test(const Query *query, Node *left, Node *right);
static Var *fixed_column(const Query *query, Node *condition, Node **side);
static bool is_guarded_target(const Query *query, AttrNumber attnum);
static bool fixes(const Query *query, Relation index, int i);
static bool covers_unique_index(const Query *query, Relation rel);
static bool fixes_ctid(const Query *query);

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
cg_locks_is_one(const Query *query, Node *condition)
{
	ListCell   *lc;

	switch (nodeTag(condition))
	{
		case T_BoolExpr:
			foreach(lc, ((BoolExpr *) condition)->args)
				if (!cg_locks_is_one(query, lfirst(lc)))
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
cg_locks_are_pinned(const Query *query)
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
