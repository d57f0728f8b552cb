/*
 * rowless.c
 *		Expressions that do not depend on a row.
 *
 * Only statements with look-ups are checked.  Expressions that fold to a constant, and
 * parameters, are computed before any row is read.  The result of the outermost query,
 * its LIMIT and the functions in its FROM are computed from rows that have passed all
 * conditions, or before any row.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "optimizer/optimizer.h"

#include "compat.h"
#include "plan/harmless.h"
#include "plan/rowless.h"
#include "policy/policy.h"

typedef struct RowlessContext
{
	PlannerInfo *root;			/* with the values of parameters, if they are known */
} RowlessContext;

static bool node_computes(const Node *node);
static bool is_constant_node(Node *node, RowlessContext *context);
static bool query_walker(Query *query, RowlessContext *context);
static bool rte_walker(RangeTblEntry *rte, RowlessContext *context);
static bool rowless_walker(Node *node, void *context);

/* May evaluating the node run a user's code, or fail? */
static bool
node_computes(const Node *node)
{
	switch ((int) nodeTag(node))
	{
		case T_FuncExpr:
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_RowCompareExpr:
		case T_MinMaxExpr:
		case T_CoerceViaIO:
		case T_ArrayCoerceExpr:
		case T_ConvertRowtypeExpr:
		case T_CoerceToDomain:
		case T_SubscriptingRef:
		case T_XmlExpr:
		case T_SubLink:
		case T_JsonConstructorExpr:
		case T_JsonIsPredicate:
		case T_JsonExpr:
			return true;
		default:
			return false;
	}
}

static bool
is_constant_node(Node *node, RowlessContext *context)
{
	return !IsA(node, SubLink) &&
		IsA(eval_const_expressions(context->root, copyObject(node)), Const);
}

static bool
rowless_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_walker((Query *) node, context) ||
			rowless_walker((Node *) ((Query *) node)->targetList, context);
	if (node_computes(node) && !cg_harmless_never_fails(node) && !contain_vars_of_level(node, 0))
		return !is_constant_node(node, context);
	return expression_tree_walker(node, rowless_walker, context);
}

/* Checks all parts of the query but the target list. */
static bool
query_walker(Query *query, RowlessContext *context)
{
	ListCell   *lc;

	foreach(lc, query->rtable)
		if (rte_walker(lfirst_node(RangeTblEntry, lc), context))
			return true;
	return rowless_walker((Node *) query->jointree, context) ||
		rowless_walker(query->havingQual, context) ||
		rowless_walker((Node *) query->cteList, context);
}

static bool
rte_walker(RangeTblEntry *rte, RowlessContext *context)
{
	switch ((int) rte->rtekind)
	{
		case RTE_SUBQUERY:
			if (rowless_walker((Node *) rte->subquery, context))
				return true;
			break;
		case RTE_VALUES:
			/* The planner may replace the Vars of a single row by its expressions. */
			if (rowless_walker((Node *) rte->values_lists, context))
				return true;
			break;
		case RTE_GROUP:
			/* PostgreSQL 15 has these expressions in the target list. */
			if (rowless_walker((Node *) cg_compat_group_expressions(rte), context))
				return true;
			break;
		default:
			break;
	}
	/* Only contact_guard_admin makes policies of a guarded relation. */
	return !(rte->rtekind == RTE_RELATION && cg_policy_get(rte->relid)) &&
		rowless_walker((Node *) rte->securityQuals, context);
}

bool
cg_rowless_present(Query *query, ParamListInfo params)
{
	RowlessContext context;

	context.root = makeNode(PlannerInfo);
	context.root->glob = makeNode(PlannerGlobal);
	context.root->glob->boundParams = params;
	context.root->parse = query;
	context.root->query_level = 1;
	return query_walker(query, &context);
}
