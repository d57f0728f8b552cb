/*
 * rewrite.c
 *		Every reference to a guarded column becomes a call of reveal().
 *
 * The walk names every field of a Query that holds expressions; test/census fails if
 * PostgreSQL has one that it does not name.  At each Var the walk knows the Query of its
 * range table entry (a stack of Queries, indexed by varlevelsup), and the use of the
 * value: whether it may become part of a row, whether that row is stored, and whether it
 * chooses rows that are written (uses.c).  references.c rewrites the expressions.
 *
 * These are not rewritten:
 * - EXCLUDED, and the row that a plain INSERT returns or checks: the writer has just sent
 *   their values;
 * - the container of an assignment to a part of a column: if a mask replaced it,
 *   the rest of the column would be lost;
 * - the expressions that choose an index for ON CONFLICT: they must equal those of the
 *   index.
 *
 * Quals of row-security policies are rewritten like other quals: nothing tells them from
 * those of a security-barrier view, which any user may write.
 *
 * Comparisons that look a customer up are taken out before: see lookup.h.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "plan/calls.h"
#include "plan/carriers.h"
#include "plan/inserted.h"
#include "plan/known.h"
#include "plan/locks.h"
#include "plan/lookup.h"
#include "plan/rewrite.h"
#include "plan/rewrite_private.h"
#include "plan/rowless.h"
#include "plan/rowpolicy.h"
#include "plan/writers.h"
#include "policy/planassume.h"
#include "policy/policy.h"
#include "policy/rtemark.h"
#include "read/around.h"
#include "read/compared.h"
#include "read/uniques.h"

static void mark_seen(Query *query, Index rti, RewriteContext *context);
static void rewrite_query(Query *query, RewriteContext *context, bool top);
static List *take_lookups(Query *query, RewriteContext *context);
static List *rewrite_targets(List *targets, Query *query, void *output, RewriteContext *context);
static void read_compared(Query *query, RewriteContext *context);
static void rewrite_output(Query *query, void *output, RewriteContext *context, bool top);
static void rewrite_conditions(Query *query, RewriteContext *context);
static void rewrite_ctes(Query *query, RewriteContext *context, bool top);
static bool only_unites_all(Node *node);
static void rewrite_rtable(Query *query, void *output, RewriteContext *context);
static void rewrite_aliases(RangeTblEntry *rte, RewriteContext *context);
static Node *rewrite_condition(Node *node, RewriteContext *context);

static void
mark_seen(Query *query, Index rti, RewriteContext *context)
{
	RangeTblEntry *rte = rt_fetch(rti, query->rtable);
	const CgPolicy *policy = rte->rtekind == RTE_RELATION ? cg_policy_get(rte->relid) : NULL;
	CgAssumed	assumed = CG_ASSUMED_NOTHING;
	List	   *asked = NIL;
	List	   *checked = NIL;

	if (rte->rtekind == RTE_CTE)
		cg_uses_note_rows(context, rte);
	if (policy == NULL)
		return;
	if (policy->hide && cg_rowpolicy_require(query, rti))
	{
		assumed = cg_planassume_sees_all(rte->relid) ? CG_ASSUMED_SEES_ALL : CG_ASSUMED_SEES_OPEN;
		context->result.assumes = context->result.found = true;
	}
	/* Whoever has a permission when the cursor is held may fetch as long as he has it. */
	if (context->holds && cg_planassume_permitted(rte->relid))
	{
		assumed = CG_ASSUMED_PERMITTED;
		context->result.assumes = true;
	}
	else
		context->result.unpermitted |= context->holds;
	if (rti == query->resultRelation)
	{
		asked = query->commandType == CMD_DELETE ? NIL : cg_uniques_asked(query);
		checked = cg_compared_asked(query);
	}
	context->result.found |= asked != NIL || checked != NIL;
	cg_rtemark_set(rte, assumed, asked, checked);
}

CgRewritten
cg_rewrite_query(Query *query, ParamListInfo params, const CgInlined *inlined, bool holds)
{
	RewriteContext context = {0};
	int			writes = cg_around_writes_of_query(query);

	context.top = query;
	context.params = params;
	context.place.flows = true;
	context.place.stores = (writes & CG_AROUND_STORES) != 0;
	context.place.writes = writes != 0;
	context.writer = cg_writers_present(query);
	context.may_write = inlined->writes;
	context.bare = !inlined->guarded;
	context.holds = holds;
	context.eager = cg_carriers_present(query);
	rewrite_query(query, &context, true);
	return context.result;
}

void
cg_rewrite_subquery(Query *query, RewriteContext *context)
{
	rewrite_query(query, context, false);
}

static void
rewrite_query(Query *query, RewriteContext *context, bool top)
{
	RewritePlace saved = context->place;
	void	   *output = context->output;
	List	   *lookups;
	ListCell   *lc;

	cg_known_require_query(query);
	lookups = take_lookups(query, context);
	context->output = NULL;
	context->place.decides |= context->place.excepted;
	context->place.excepted = false;
	/* The result of a SELECT at the top goes to the client, even if its CTEs store rows. */
	if (top && query->commandType == CMD_SELECT)
		context->place.stores = context->place.writes = false;
	context->place.ordered |= cg_uses_is_order_used(query, top);
	context->queries = lcons(query, context->queries);
	for (Index rti = 1; rti <= list_length(query->rtable); rti++)
		mark_seen(query, rti, context);
	rewrite_output(query, output, context, top);
	rewrite_conditions(query, context);
	/* setOperations, and the sort and group clauses, hold no expressions. */
	foreach(lc, query->windowClause)
	{
		WindowClause *window = lfirst_node(WindowClause, lc);

		window->startOffset = rewrite_condition(window->startOffset, context);
		window->endOffset = rewrite_condition(window->endOffset, context);
		CG_COMPAT_RUN_CONDITION(window, rewrite_condition((Node *) window->runCondition, context));
	}
	rewrite_rtable(query, output, context);
	if (top)
	{
		context->place.stores = saved.stores;
		context->place.writes = saved.writes;
	}
	rewrite_ctes(query, context, top);
	context->place = saved;
	if (lookups != NIL)
	{
		cg_lookup_put(query, lookups, context->eager);
		context->result.found = true;
	}
	cg_inserted_check(query, top);
	context->queries = list_delete_first(context->queries);
}

static List *
take_lookups(Query *query, RewriteContext *context)
{
	if (!cg_lookup_present(query))
		return NIL;
	context->result.assumes = true;
	/* Asked once, before the first look-up is taken out. */
	if (!context->asked)
		context->rowless = cg_rowless_present(context->top, context->params);
	context->asked = true;
	return context->rowless ? NIL : cg_lookup_take(query, context->queries, &context->searches);
}

/*
 * If a definition of the relation compares new values of an UPDATE with stored ones, each
 * row that the UPDATE writes is read, only so that its customer is recorded.
 */
static void
read_compared(Query *query, RewriteContext *context)
{
	Index		rti = query->resultRelation;
	RangeTblEntry *rte = rt_fetch(rti, query->rtable);
	CgMark		mark;
	CgSite		site = {rte->relid, InvalidAttrNumber, 0};
	Var		   *column;
	Node	   *reveal;

	if (!cg_rtemark_get(rte, &mark) || mark.checked == NIL)
		return;
	context->result.assumes = true;
	if (cg_planassume_permitted(rte->relid))
		return;
	site.attnum = linitial_int(mark.checked);
	column = makeVar(rti, site.attnum, InvalidOid, -1, InvalidOid, 0);
	get_atttypetypmodcoll(rte->relid, site.attnum, &column->vartype, &column->vartypmod, &column->varcollid);
	reveal = cg_calls_reveal(column, cg_policy_get(rte->relid), site, false);
	query->targetList = lappend(query->targetList,
								makeTargetEntry((Expr *) reveal, list_length(query->targetList) + 1, NULL, true));
}

/* The expressions that make rows. */
static void
rewrite_output(Query *query, void *output, RewriteContext *context, bool top)
{
	RewritePlace saved = context->place;

	if (query->commandType == CMD_UPDATE)
	{
		query->targetList = cg_references_rewrite_assignments(query->targetList, query, context);
		read_compared(query, context);
	}
	else
	{
		/* In a DELETE it is the row for an INSTEAD OF trigger, which may decide by it. */
		context->place.decides |= query->commandType == CMD_DELETE;
		/* The output of a statement that writes is RETURNING. */
		query->targetList = rewrite_targets(query->targetList, query,
											query->commandType == CMD_SELECT ? output : NULL, context);
		context->place.decides = saved.decides;
	}
	query->mergeActionList = (List *)
		cg_references_rewrite((Node *) query->mergeActionList, context);
	/* RETURNING at the top shows rows to the writer.  For that of a CTE the uses are known. */
	if (top)
		context->place.flows = context->place.stores = context->place.writes = false;
	query->returningList = rewrite_targets(query->returningList, query, output, context);
	context->place = saved;
	query->withCheckOptions = (List *)
		rewrite_condition((Node *) query->withCheckOptions, context);
	if (query->onConflict)
	{
		OnConflictExpr *conflict = query->onConflict;

		conflict->onConflictSet =
			cg_references_rewrite_assignments(conflict->onConflictSet, query, context);
		context->place.flows = false;
		context->place.excepted = true;
		conflict->onConflictWhere = cg_references_rewrite(conflict->onConflictWhere, context);
		context->place = saved;
		cg_rowpolicy_guard_conflict(query);
	}
}

/* Each column, with its uses in this query and in the query around. */
static List *
rewrite_targets(List *targets, Query *query, void *output, RewriteContext *context)
{
	RewritePlace saved = context->place;
	ListCell   *lc;

	foreach(lc, targets)
	{
		TargetEntry *target = lfirst_node(TargetEntry, lc);
		bool		orders = cg_uses_is_ordered_by(query, target);

		context->place.decides |= cg_uses_is_chosen_by(query, target) ||
			(orders && context->place.ordered);
		if (output)
			cg_uses_enter_column(context, output, target->resno);
		context->place.orders = orders;
		/* A column that a SELECT only sorts by is not in its result. */
		context->place.flows &= !(target->resjunk && query->commandType == CMD_SELECT);
		target->expr = (Expr *) cg_references_rewrite((Node *) target->expr, context);
		context->place = saved;
	}
	return targets;
}

/* An expression that chooses rows. */
static Node *
rewrite_condition(Node *node, RewriteContext *context)
{
	RewritePlace saved = context->place;

	context->place.flows = false;
	context->place.decides = true;
	node = cg_references_rewrite(node, context);
	context->place = saved;
	return node;
}

static void
rewrite_conditions(Query *query, RewriteContext *context)
{
	RewritePlace saved = context->place;
	bool		pinned = cg_locks_are_pinned(query);
	List	   *conditions = NIL;
	ListCell   *lc;

	query->jointree->fromlist = (List *)
		rewrite_condition((Node *) query->jointree->fromlist, context);
	foreach(lc, make_ands_implicit((Expr *) query->jointree->quals))
	{
		Node	   *condition = lfirst(lc);

		if (pinned && cg_locks_is_one(query, condition))
		{
			context->place.flows = false;
			condition = cg_references_rewrite(condition, context);
			context->place = saved;
		}
		else
			condition = rewrite_condition(condition, context);
		conditions = lappend(conditions, condition);
	}
	if (query->jointree->quals)
		query->jointree->quals = conditions == NIL ? NULL : (Node *) make_ands_explicit(conditions);
	CG_COMPAT_MERGE_CONDITION(query, rewrite_condition(query->mergeJoinCondition, context));
	/* A grouping expression must be the same here as in the output. */
	context->place.decides = true;
	context->place.flows = saved.flows && query->groupClause;
	query->havingQual = cg_references_rewrite(query->havingQual, context);
	context->place = saved;
	cg_groups_rewrite(query, context);
	query->limitOffset = rewrite_condition(query->limitOffset, context);
	query->limitCount = rewrite_condition(query->limitCount, context);
}

/* Begins with the last one, which may use those before it. */
static void
rewrite_ctes(Query *query, RewriteContext *context, bool top)
{
	RewritePlace saved = context->place;

	for (int i = list_length(query->cteList) - 1; i >= 0; i--)
	{
		CommonTableExpr *cte = list_nth_node(CommonTableExpr, query->cteList, i);

		cg_uses_enter_cte(context, cte, query->hasRecursive);
		context->output = cte;
		cte->ctequery = cg_references_rewrite(cte->ctequery, context);
		context->output = NULL;
		/* The columns of SEARCH and CYCLE are columns of the query by now. */
		if (cte->cycle_clause)
		{
			cte->cycle_clause->cycle_mark_value =
				rewrite_condition(cte->cycle_clause->cycle_mark_value, context);
			cte->cycle_clause->cycle_mark_default =
				rewrite_condition(cte->cycle_clause->cycle_mark_default, context);
		}
		context->place = saved;
	}
}

static bool
only_unites_all(Node *node)
{
	SetOperationStmt *operation = (SetOperationStmt *) node;

	if (!IsA(node, SetOperationStmt))
		return true;
	return operation->op == SETOP_UNION && operation->all &&
		only_unites_all(operation->larg) && only_unites_all(operation->rarg);
}

/* Begins at the end, since lateral references point backwards. */
static void
rewrite_rtable(Query *query, void *output, RewriteContext *context)
{
	RewritePlace saved = context->place;

	for (int i = list_length(query->rtable) - 1; i >= 0; i--)
	{
		RangeTblEntry *rte = list_nth_node(RangeTblEntry, query->rtable, i);

		if (rte->rtekind == RTE_SUBQUERY)
		{
			context->output = rte;
			if (query->setOperations)
			{
				/* Its columns are those of the whole set operation. */
				context->output = output;
				context->place.decides |= !only_unites_all(query->setOperations) ||
					query->limitCount || query->limitOffset;
			}
			cg_rewrite_subquery(rte->subquery, context);
			context->output = NULL;
			context->place = saved;
		}
		rewrite_aliases(rte, context);
		/* Functions and VALUES in FROM return rows, and their arguments decide which ones. */
		context->place.decides = true;
		context->place.by_rows = rte->rtekind == RTE_FUNCTION && !cg_uses_any(context, rte);
		rte->functions = (List *) cg_references_rewrite((Node *) rte->functions, context);
		context->place.by_rows = false;
		rte->tablefunc = (TableFunc *) cg_references_rewrite((Node *) rte->tablefunc, context);
		rte->values_lists = (List *) cg_references_rewrite((Node *) rte->values_lists, context);
		context->place = saved;
		rte->tablesample = (TableSampleClause *)
			rewrite_condition((Node *) rte->tablesample, context);
		rte->securityQuals = (List *) rewrite_condition((Node *) rte->securityQuals, context);
	}
}

/* The columns of a join, some of which are expressions. */
static void
rewrite_aliases(RangeTblEntry *rte, RewriteContext *context)
{
	RewritePlace saved = context->place;
	AttrNumber	resno = 0;
	ListCell   *lc;

	foreach(lc, rte->joinaliasvars)
	{
		cg_uses_enter_column(context, rte, ++resno);
		lfirst(lc) = cg_references_rewrite(lfirst(lc), context);
		context->place = saved;
	}
}
