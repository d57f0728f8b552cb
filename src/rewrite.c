/*
 * rewrite.c
 *		Every reference to a guarded column becomes a call of reveal().
 *
 * The walk knows at each Var in which Query its range table entry is (a stack of
 * Queries, indexed by varlevelsup), and for what the value is used: whether it
 * may flow into a row, and whether that row is stored.
 *
 * Not rewritten:
 * - EXCLUDED, and the row that a plain INSERT returns or checks: the writer's
 *   own values, which he has just sent;
 * - the container of an assignment to a part of a column: replaced by a mask,
 *   the rest of the column would be lost;
 * - the expressions that choose an index for ON CONFLICT: they must equal the
 *   index's.
 *
 * Quals of row-security policies are rewritten as all else: they cannot be told
 * from those of a security-barrier view, which anybody may write.
 *
 * Comparisons that look a customer up are put past all this: see lookup.h.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "assume.h"
#include "calls.h"
#include "carriers.h"
#include "lookup.h"
#include "marks.h"
#include "policy.h"
#include "rewrite.h"
#include "rowless.h"
#include "rowpolicy.h"
#include "site.h"
#include "wholerow.h"

typedef struct RewriteContext
{
	List	   *queries;		/* innermost first */
	bool		flows;			/* the expression may become part of a row */
	bool		stores;			/* the statement stores rows */
	bool		to_guarded;		/* in a guarded column */
	bool		eager;			/* see carriers.h */
	Query	   *top;
	ParamListInfo params;
	bool		asked;			/* whether something is rowless.h's; then */
	bool		rowless;		/* the answer */
	CgRewritten result;
} RewriteContext;

static void mark_seen(Query *query, Index rti, RewriteContext *context);
static bool query_stores(Query *query);
static void rewrite_query(Query *query, RewriteContext *context, bool top);
static List *take_lookups(Query *query, RewriteContext *context);
static void rewrite_output(Query *query, RewriteContext *context, bool top);
static void rewrite_rtable(Query *query, RewriteContext *context);
static Node *rewrite_mutator(Node *node, RewriteContext *context);
static Node *rewrite_part(Node *node, RewriteContext *context, bool flows);
static Node *rewrite_var(Var *var, RewriteContext *context);
static Node *rewrite_whole_row(Var *var, RangeTblEntry *rte, RewriteContext *context);
static bool is_void_filter(const Node *node);
static bool is_own_value(const Query *query, const Var *var);
static const CgPolicy *sound_policy(const RangeTblEntry *rte, AttrNumber attnum);
static Node *make_reveal(Var *var, RangeTblEntry *rte, RewriteContext *context);
static bool is_self_assignment(const Query *query, const TargetEntry *target);
static List *rewrite_assignments(List *targets, Query *query, RewriteContext *context);

static void
mark_seen(Query *query, Index rti, RewriteContext *context)
{
	RangeTblEntry *rte = rt_fetch(rti, query->rtable);
	const CgPolicy *policy = rte->rtekind == RTE_RELATION ? cg_policy_get(rte->relid) : NULL;
	CgAssumed	assumed = CG_ASSUMED_NOTHING;

	if (policy == NULL)
		return;
	if (policy->hide && cg_rowpolicy_require(query, rti))
	{
		assumed = cg_assume_sees_all(rte->relid) ? CG_ASSUMED_SEES_ALL : CG_ASSUMED_SEES_OPEN;
		context->result.assumes = context->result.found = true;
	}
	cg_marks_set(rte, assumed, NIL);
}

CgRewritten
cg_rewrite_query(Query *query, ParamListInfo params)
{
	RewriteContext context = {0};

	context.top = query;
	context.params = params;
	context.flows = true;
	context.stores = query_stores(query);
	context.eager = cg_carriers_present(query);
	rewrite_query(query, &context, true);
	return context.result;
}

static bool
query_stores(Query *query)
{
	ListCell   *lc;

	if (query->commandType == CMD_INSERT || query->commandType == CMD_UPDATE ||
		query->commandType == CMD_MERGE)
		return true;
	/* Such CTEs stand at the top alone. */
	foreach(lc, query->cteList)
	{
		CommonTableExpr *cte = lfirst_node(CommonTableExpr, lc);

		if (query_stores(castNode(Query, cte->ctequery)))
			return true;
	}
	return false;
}

static void
rewrite_query(Query *query, RewriteContext *context, bool top)
{
	bool		flows = context->flows;
	List	   *lookups = take_lookups(query, context);
	ListCell   *lc;

	context->queries = lcons(query, context->queries);
	for (Index rti = 1; rti <= list_length(query->rtable); rti++)
		mark_seen(query, rti, context);
	rewrite_output(query, context, top);
	query->jointree = (FromExpr *) rewrite_part((Node *) query->jointree, context, false);
	/* What is grouped by must look the same here as in the output. */
	query->havingQual = rewrite_part(query->havingQual, context, flows && query->groupClause);
	query->limitOffset = rewrite_part(query->limitOffset, context, false);
	query->limitCount = rewrite_part(query->limitCount, context, false);
	/* setOperations, and the sort and group clauses, hold no expressions. */
	foreach(lc, query->windowClause)
	{
		WindowClause *window = lfirst_node(WindowClause, lc);

		window->startOffset = rewrite_part(window->startOffset, context, false);
		window->endOffset = rewrite_part(window->endOffset, context, false);
	}
	query->cteList = (List *) rewrite_part((Node *) query->cteList, context, flows);
	context->flows = flows;
	rewrite_rtable(query, context);
	if (lookups != NIL)
	{
		cg_lookup_put(query, lookups, context->eager);
		context->result.found = true;
	}
	context->queries = list_delete_first(context->queries);
}

static List *
take_lookups(Query *query, RewriteContext *context)
{
	if (!cg_lookup_present(query))
		return NIL;
	context->result.assumes = true;
	/* Once, before the first is taken out. */
	if (!context->asked)
		context->rowless = cg_rowless_present(context->top, context->params);
	context->asked = true;
	return context->rowless ? NIL : cg_lookup_take(query);
}

/* What rows are made of. */
static void
rewrite_output(Query *query, RewriteContext *context, bool top)
{
	bool		flows = context->flows;
	bool		stores = context->stores;

	/* What a SELECT at the top makes goes out, whatever its CTEs store. */
	if (top && query->commandType == CMD_SELECT)
		context->stores = false;
	if (query->commandType == CMD_UPDATE)
		query->targetList = rewrite_assignments(query->targetList, query, context);
	else
		query->targetList = (List *) rewrite_part((Node *) query->targetList, context, flows);
	context->stores = stores;
	query->mergeActionList = (List *) rewrite_part((Node *) query->mergeActionList, context, flows);
	/* Shown to the writer; but what a CTE returns, the statement may store. */
	query->returningList = (List *) rewrite_part((Node *) query->returningList, context, flows && !top);
	query->withCheckOptions = (List *) rewrite_part((Node *) query->withCheckOptions, context, false);
	if (query->onConflict)
	{
		OnConflictExpr *conflict = query->onConflict;

		conflict->onConflictSet = rewrite_assignments(conflict->onConflictSet, query, context);
		conflict->onConflictWhere = rewrite_part(conflict->onConflictWhere, context, false);
	}
}

/* One part of a query, used as said. */
static Node *
rewrite_part(Node *node, RewriteContext *context, bool flows)
{
	bool		saved = context->flows;

	context->flows = flows;
	node = rewrite_mutator(node, context);
	context->flows = saved;
	return node;
}

static void
rewrite_rtable(Query *query, RewriteContext *context)
{
	ListCell   *lc;

	foreach(lc, query->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		if (rte->rtekind == RTE_SUBQUERY)
			rewrite_query(rte->subquery, context, false);
		rte->joinaliasvars = (List *) rewrite_mutator((Node *) rte->joinaliasvars, context);
		rte->functions = (List *) rewrite_mutator((Node *) rte->functions, context);
		rte->tablefunc = (TableFunc *) rewrite_mutator((Node *) rte->tablefunc, context);
		rte->values_lists = (List *) rewrite_mutator((Node *) rte->values_lists, context);
		rte->tablesample = (TableSampleClause *)
			rewrite_part((Node *) rte->tablesample, context, false);
		rte->securityQuals = (List *) rewrite_part((Node *) rte->securityQuals, context, false);
	}
}

static Node *
rewrite_mutator(Node *node, RewriteContext *context)
{
	if (node == NULL)
		return NULL;
	switch (nodeTag(node))
	{
		case T_Query:
			rewrite_query((Query *) node, context, false);
			return node;
		case T_Var:
			return rewrite_var((Var *) node, context);
		case T_FuncExpr:
		case T_ScalarArrayOpExpr:
			if (is_void_filter(node))
				return makeBoolConst(true, false);
			break;
		case T_MergeAction:
			{
				MergeAction *action = (MergeAction *) node;

				action->qual = rewrite_part(action->qual, context, false);
				if (action->commandType == CMD_UPDATE)
					action->targetList = rewrite_assignments(action->targetList,
															 linitial(context->queries), context);
				else
					action->targetList = (List *)
						rewrite_part((Node *) action->targetList, context, context->flows);
				return node;
			}
		case T_SubscriptingRef:
			{
				SubscriptingRef *ref = (SubscriptingRef *) node;
				Expr	   *container = ref->refexpr;

				if (ref->refassgnexpr == NULL || !IsA(container, Var))
					break;
				ref->refexpr = NULL;
				ref = (SubscriptingRef *)
					expression_tree_mutator((Node *) ref, rewrite_mutator, context);
				ref->refexpr = container;
				return (Node *) ref;
			}
		case T_FieldStore:
			{
				FieldStore *store = (FieldStore *) node;
				Expr	   *container = store->arg;

				if (!IsA(container, Var))
					break;
				store->arg = NULL;
				store = (FieldStore *)
					expression_tree_mutator((Node *) store, rewrite_mutator, context);
				store->arg = container;
				return (Node *) store;
			}
		default:
			break;
	}
	return expression_tree_mutator(node, rewrite_mutator, context);
}

/* The row filter, for an actor who sees all rows. */
static bool
is_void_filter(const Node *node)
{
	Oid			relid;

	return cg_rowpolicy_is_filter(node, &relid) && cg_assume_sees_all(relid);
}

/* Rows that the writer has just made himself: EXCLUDED, and a plain INSERT's. */
static bool
is_own_value(const Query *query, const Var *var)
{
	const OnConflictExpr *conflict = query->onConflict;

	if (query->commandType != CMD_INSERT)
		return false;
	if (conflict && conflict->action == ONCONFLICT_UPDATE)
		return var->varno == conflict->exclRelIndex;
	return var->varno == query->resultRelation;
}

static Node *
rewrite_var(Var *var, RewriteContext *context)
{
	Query	   *query = list_nth_node(Query, context->queries, var->varlevelsup);
	RangeTblEntry *rte = rt_fetch(var->varno, query->rtable);
	const CgPolicy *policy;

	/* System columns are nobody's phone number. */
	if ((rte->rtekind != RTE_RELATION && rte->rtekind != RTE_NAMEDTUPLESTORE) ||
		var->varattno < 0 || !OidIsValid(rte->relid))
		return (Node *) var;
	policy = cg_policy_get(rte->relid);
	if (policy == NULL || is_own_value(query, var))
		return (Node *) var;
	if (var->varattno != InvalidAttrNumber && cg_policy_column(policy, var->varattno) == NULL)
		return (Node *) var;
	/* There it may stand for the null of another set; the planner sees a value. */
	if (var->varlevelsup > 0 && query->groupingSets)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("relation \"%s\" has guarded columns, and cannot be used in a sub-select of a query with grouping sets",
						get_rel_name(rte->relid)),
				 errhint("Group in a subquery in FROM.")));
	if (var->varattno == InvalidAttrNumber)
		return rewrite_whole_row(var, rte, context);
	return make_reveal(var, rte, context);
}

static Node *
rewrite_whole_row(Var *var, RangeTblEntry *rte, RewriteContext *context)
{
	RowExpr    *row = cg_wholerow_expand(var, rte);
	ListCell   *lc;

	foreach(lc, row->args)
		if (IsA(lfirst(lc), Var))
			lfirst(lc) = rewrite_var(lfirst(lc), context);
	return cg_wholerow_or_null(row, var, rte);
}

/* Why the policy of a relation lets nothing through; an ERROR. */
static const CgPolicy *
sound_policy(const RangeTblEntry *rte, AttrNumber attnum)
{
	const CgPolicy *policy = cg_policy_get(rte->relid);

	if (policy->broken)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("guarded column \"%s\" of relation \"%s\" cannot be used: its policy is broken",
						get_attname(rte->relid, attnum, false), get_rel_name(rte->relid)),
				 errdetail("In that relation, %s.", policy->broken),
				 errhint("An owner of the policy can mend it with contact_guard.protect().")));
	return policy;
}

static Node *
make_reveal(Var *var, RangeTblEntry *rte, RewriteContext *context)
{
	CgSite		site = {rte->relid, var->varattno, 0};

	if (context->flows)
		site.flags |= CG_SITE_FLOWS;
	if (context->stores)
		site.flags |= CG_SITE_STORES;
	if (context->to_guarded)
		site.flags |= CG_SITE_GUARDED;
	if (context->eager)
		site.flags |= CG_SITE_EAGER;
	context->result.found = true;
	return cg_calls_reveal(var, sound_policy(rte, var->varattno), site);
}

static bool
is_self_assignment(const Query *query, const TargetEntry *target)
{
	const Var  *var = (const Var *) target->expr;

	return IsA(var, Var) && var->varno == query->resultRelation && var->varlevelsup == 0 &&
		var->varattno == target->resno;
}

/*
 * Assignments to columns of a row that exists: what is assigned to a guarded
 * column, or to the customer key, goes through keep(), and is itself rewritten.
 * Whoever could give a row to a customer of his would see it.
 */
static List *
rewrite_assignments(List *targets, Query *query, RewriteContext *context)
{
	RangeTblEntry *rte = rt_fetch(query->resultRelation, query->rtable);
	ListCell   *lc;

	foreach(lc, targets)
	{
		TargetEntry *target = lfirst_node(TargetEntry, lc);
		const CgPolicy *policy = cg_policy_get(rte->relid);
		bool		guarded = !target->resjunk && policy &&
			(cg_policy_column(policy, target->resno) || policy->customer == target->resno);
		/* SET phone = phone stores nothing that keep() would not put right. */
		bool		flows = !(guarded && is_self_assignment(query, target));

		context->to_guarded = guarded && target->resno != policy->customer;
		target->expr = (Expr *) rewrite_part((Node *) target->expr, context, flows);
		context->to_guarded = false;
		policy = cg_policy_get(rte->relid);
		if (guarded)
		{
			CgSite		site = {rte->relid, target->resno, 0};

			target->expr = (Expr *) cg_calls_keep(target->expr, query->resultRelation,
												  sound_policy(rte, target->resno), site);
			context->result.found = true;
		}
	}
	return targets;
}
