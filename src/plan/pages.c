/*
 * pages.c
 *		Rows that a query computes and leaves out are not read: see pages.h.
 *
 * PostgreSQL computes the target list below Limit.  So the page "LIMIT 50 OFFSET 300" would
 * put 350 customers on record as shown, of whom the reader has seen 50.  The query becomes
 *
 *	SELECT id, reveal(phone, key, …) FROM (SELECT id, phone, key FROM … LIMIT 50 OFFSET 300) s
 *
 * What makes this safe: a call of reveal() is moved, never left out.  The columns that the
 * sub-select has in addition are arguments of moved expressions, and nothing else in the outer
 * query names them.  All else stays where it was: conditions, the order, locks, and each
 * expression that could tell how often it is computed.  A sub-select with LIMIT or OFFSET is
 * not pulled up, and no condition is pushed into it, so its rows and their order stay the same.
 *
 * DISTINCT ON, and a condition on row_number() around a sub-select, leave out rows in the same
 * way, and so does LIMIT around DISTINCT and GROUP BY, as far as dependent.h allows.
 *
 * Only a query of the form that is_page() names is changed, with the plain sub-selects and
 * views in its FROM.  It is the outermost one, or stands in a statement that only reads, and
 * refers to nothing around it: servers that make JSON of a page (PostgREST, PostGraphile) have it
 * in a CTE or a sub-select.
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/lsyscache.h"

#include "plan/calls.h"
#include "plan/dependent.h"
#include "plan/pages.h"
#include "plan/wholerow.h"

typedef struct RaiseContext
{
	List	   *columns;		/* Vars of the inner query, which the outer one needs */
	int			before;			/* the number of columns of the inner query before these */
	Index		rti;			/* of the inner query in the outer one */
	const Query *inner;			/* replace_vars: the sub-select */
} RaiseContext;

static bool may_wrap(const Query *query);
static bool is_page(Query *query);
static bool is_ungrouped(const Query *query);
static bool has_outer_reference(Node *node, void *context);
static bool is_fence(const Query *query);
static bool numbers_rows(const Query *query);
static Query *raise_out_of(Query *query);
static Query *raise_nested(Query *query);
static bool raise_within(Node *node, void *context);
static Query *raise_page(Query *query);
static bool is_plain(const Query *query);
static void lift_from(Query *query, Node *item);
static void lift_out_of(Query *query, Index rti);
static Node *replace_vars(Node *node, RaiseContext *context);
static bool may_move(const TargetEntry *target);
static bool may_be_raised(const Query *query, const TargetEntry *target);
static Node *raise_vars(Node *node, RaiseContext *context);
static List *number_targets(List *kept, List *columns, List *junk);
static Query *wrap(Query *inner, List *targets);

/* Nothing of the query uses all of the target list, or counts what is computed. */
static bool
may_wrap(const Query *query)
{
	return query->commandType == CMD_SELECT && query->utilityStmt == NULL && query->setOperations == NULL &&
		query->rowMarks == NIL && query->groupingSets == NIL && query->limitOption == LIMIT_OPTION_COUNT &&
		!query->hasTargetSRFs && !query->hasModifyingCTE && !query->hasForUpdate;
}

/*
 * Does the query leave rows out for which it would call reveal()?  Where DISTINCT, GROUP BY or
 * HAVING do, what they need not compare is taken from them.
 */
static bool
is_page(Query *query)
{
	if (!may_wrap(query))
		return false;
	if ((query->limitCount || query->limitOffset || query->havingQual) && cg_dependent_free(query))
		return true;
	return query->hasDistinctOn || (query->limitOffset && query->distinctClause == NIL);
}

/* All other clauses that could use the target list are absent. */
static bool
is_ungrouped(const Query *query)
{
	return may_wrap(query) && query->groupClause == NIL && query->havingQual == NULL &&
		query->distinctClause == NIL && !query->hasAggs;
}

static bool
is_plain(const Query *query)
{
	return is_ungrouped(query) && !query->hasWindowFuncs;
}

static bool
may_move(const TargetEntry *target)
{
	return !target->resjunk && target->ressortgroupref == 0 && cg_calls_may_move(target->expr);
}

static bool
may_be_raised(const Query *query, const TargetEntry *target)
{
	return may_move(target) && cg_calls_reveals(target->expr) &&
		(query->groupClause == NIL || cg_dependent_is(query, (Node *) target->expr));
}

/* Replaces the Vars of an expression by columns of the sub-select. */
static Node *
raise_vars(Node *node, RaiseContext *context)
{
	Var		   *var = (Var *) node;
	ListCell   *lc;
	int			at = 0;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Var))
		return expression_tree_mutator(node, raise_vars, context);
	foreach(lc, context->columns)
	{
		if (equal(lfirst(lc), var))
			break;
		at++;
	}
	if (lc == NULL)
		context->columns = lappend(context->columns, copyObject(var));
	var = makeVar(context->rti, context->before + at + 1, var->vartype, var->vartypmod, var->varcollid, 0);
	var->location = ((Var *) node)->location;
	return (Node *) var;
}

/*
 * Applications read through views.  So the calls of plain sub-selects in FROM move into the
 * query around first.  A side of an outer join that may have no row is left as it is.
 */
static void
lift_from(Query *query, Node *item)
{
	ListCell   *lc;

	if (item == NULL)
		return;
	switch (nodeTag(item))
	{
		case T_FromExpr:
			foreach(lc, ((FromExpr *) item)->fromlist)
				lift_from(query, lfirst(lc));
			break;
		case T_JoinExpr:
			if (((JoinExpr *) item)->jointype == JOIN_INNER || ((JoinExpr *) item)->jointype == JOIN_LEFT)
				lift_from(query, ((JoinExpr *) item)->larg);
			if (((JoinExpr *) item)->jointype == JOIN_INNER || ((JoinExpr *) item)->jointype == JOIN_RIGHT)
				lift_from(query, ((JoinExpr *) item)->rarg);
			break;
		case T_RangeTblRef:
			lift_out_of(query, ((RangeTblRef *) item)->rtindex);
			break;
		default:
			break;
	}
}

/* Nothing in the query may count the columns of the sub-select, which gets more of them. */
static void
lift_out_of(Query *query, Index rti)
{
	RangeTblEntry *rte = rt_fetch(rti, query->rtable);
	Query	   *inner = rte->subquery;
	RaiseContext context = {NIL, 0, rti, inner};
	List	   *kept = NIL;
	List	   *junk = NIL;
	ListCell   *lc;

	if (rte->rtekind != RTE_SUBQUERY || rte->lateral || rte->security_barrier || !is_ungrouped(inner) ||
		inner->limitCount || inner->limitOffset ||
		cg_wholerow_is_used(query, rti))
		return;
	lift_from(inner, (Node *) inner->jointree);
	foreach(lc, inner->targetList)
	{
		if (lfirst_node(TargetEntry, lc)->resjunk)
			junk = lappend(junk, lfirst(lc));
		else
			kept = lappend(kept, lfirst(lc));
		/* The query knows its columns by their numbers. */
		if (!lfirst_node(TargetEntry, lc)->resjunk && lfirst_node(TargetEntry, lc)->resno != list_length(kept))
			return;
	}
	context.before = list_length(kept);
	foreach(lc, query->targetList)
	{
		TargetEntry *target = lfirst_node(TargetEntry, lc);

		if (may_move(target))
			target->expr = (Expr *) replace_vars((Node *) target->expr, &context);
	}
	foreach(lc, context.columns)
		rte->eref->colnames = lappend(rte->eref->colnames, makeString(pstrdup("column")));
	inner->targetList = number_targets(kept, context.columns, junk);
}

/* Puts what a column of the sub-select is in place of the column, if that has reveal(). */
static Node *
replace_vars(Node *node, RaiseContext *context)
{
	const Var  *var = (Var *) node;
	const TargetEntry *target;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Var))
		return expression_tree_mutator(node, replace_vars, context);
	if (var->varno != context->rti || var->varlevelsup != 0 || var->varattno <= 0)
		return copyObject(node);
	target = get_tle_by_resno(context->inner->targetList, var->varattno);
	if (!may_be_raised(context->inner, target) || contain_vars_of_level((Node *) target->expr, 1))
		return copyObject(node);
	return raise_vars(copyObject((Node *) target->expr), context);
}

/* Columns that the outer query cannot name come last. */
static List *
number_targets(List *kept, List *columns, List *junk)
{
	List	   *targets = kept;
	ListCell   *lc;
	int			number = 0;

	foreach(lc, columns)
		targets = lappend(targets, makeTargetEntry((Expr *) lfirst(lc), 0, pstrdup("column"), false));
	targets = list_concat(targets, junk);
	foreach(lc, targets)
		lfirst_node(TargetEntry, lc)->resno = ++number;
	return targets;
}

/* The permissions that are checked are those of the entries of the sub-select. */
static Query *
wrap(Query *inner, List *targets)
{
	Query	   *outer = makeNode(Query);
	RangeTblEntry *rte = makeNode(RangeTblEntry);
	RangeTblRef *reference = makeNode(RangeTblRef);
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, inner->targetList)
	{
		const TargetEntry *target = lfirst_node(TargetEntry, lc);

		if (!target->resjunk)
			names = lappend(names, makeString(pstrdup(target->resname ? target->resname : "?column?")));
	}
	rte->rtekind = RTE_SUBQUERY;
	rte->subquery = inner;
	rte->alias = makeAlias("page", NIL);
	rte->eref = makeAlias("page", names);
	rte->inFromCl = true;
	reference->rtindex = 1;
	outer->commandType = CMD_SELECT;
	outer->querySource = inner->querySource;
	outer->queryId = inner->queryId;
	outer->canSetTag = inner->canSetTag;
	outer->hasRowSecurity = inner->hasRowSecurity;
	outer->limitOption = LIMIT_OPTION_COUNT;
	outer->stmt_location = inner->stmt_location;
	outer->stmt_len = inner->stmt_len;
	outer->rtable = list_make1(rte);
	outer->jointree = makeFromExpr(list_make1(reference), NULL);
	outer->targetList = targets;
	return outer;
}

static Query *
raise_page(Query *query)
{
	List	   *kept = NIL;
	List	   *junk = NIL;
	List	   *targets = NIL;
	RaiseContext context = {NIL, 0, 1};
	ListCell   *lc;
	int			number = 0;

	lift_from(query, (Node *) query->jointree);
	foreach(lc, query->targetList)
	{
		TargetEntry *target = lfirst_node(TargetEntry, lc);

		if (target->resjunk)
			junk = lappend(junk, target);
		else if (!may_be_raised(query, target))
			kept = lappend(kept, target);
	}
	if (list_length(kept) + list_length(junk) == list_length(query->targetList))
		return query;
	context.before = list_length(kept);
	foreach(lc, query->targetList)
	{
		TargetEntry *target = lfirst_node(TargetEntry, lc);
		TargetEntry *outer = flatCopyTargetEntry(target);

		if (target->resjunk)
			continue;
		outer->ressortgroupref = 0;
		if (list_member_ptr(kept, target))
			outer->expr = (Expr *) makeVar(1, ++number, exprType((Node *) target->expr), exprTypmod((Node *) target->expr),
										   exprCollation((Node *) target->expr), 0);
		else
			outer->expr = (Expr *) raise_vars((Node *) target->expr, &context);
		targets = lappend(targets, outer);
	}
	query->targetList = number_targets(kept, context.columns, junk);
	return wrap(query, targets);
}

/* What is in a sub-select, and names a column, an aggregate or a CTE of a query around it. */
static bool
has_outer_reference(Node *node, void *context)
{
	Index	   *depth = context;
	bool		result;

	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Var:
			return ((Var *) node)->varlevelsup > *depth;
		case T_Aggref:
			if (((Aggref *) node)->agglevelsup > *depth)
				return true;
			break;
		case T_GroupingFunc:
			if (((GroupingFunc *) node)->agglevelsup > *depth)
				return true;
			break;
		case T_RangeTblEntry:
			/* The walker goes into it. */
			return ((RangeTblEntry *) node)->rtekind == RTE_CTE && ((RangeTblEntry *) node)->ctelevelsup > *depth;
		case T_Query:
			(*depth)++;
			result = query_tree_walker((Query *) node, has_outer_reference, context, QTW_EXAMINE_RTES_BEFORE);
			(*depth)--;
			return result;
		default:
			break;
	}
	return expression_tree_walker(node, has_outer_reference, context);
}

/*
 * OFFSET 0 skips no row, so nobody would be accused.  People write it so that a sub-select
 * stays as it is, and its columns are computed once: what stands around a page has no such
 * clause.
 */
static bool
is_fence(const Query *query)
{
	Node	   *offset = query->limitOffset ? eval_const_expressions(NULL, copyObject(query->limitOffset)) : NULL;

	return offset && IsA(offset, Const) && (((Const *) offset)->constisnull || DatumGetInt64(((Const *) offset)->constvalue) == 0);
}

/* Is it a plain query around one with window functions?  These number rows, and it chooses some. */
static bool
numbers_rows(const Query *query)
{
	ListCell   *lc;

	foreach(lc, is_plain(query) ? query->rtable : NIL)
		if (lfirst_node(RangeTblEntry, lc)->rtekind == RTE_SUBQUERY && lfirst_node(RangeTblEntry, lc)->subquery->hasWindowFuncs)
			return true;
	return false;
}

static Query *
raise_out_of(Query *query)
{
	if (is_page(query))
		return raise_page(query);
	if (numbers_rows(query))
		lift_from(query, (Node *) query->jointree);
	return query;
}

static Query *
raise_nested(Query *query)
{
	Index		depth = 0;

	return is_fence(query) || query_tree_walker(query, has_outer_reference, &depth, QTW_EXAMINE_RTES_BEFORE) ?
		query : raise_out_of(query);
}

/* Inner pages come first: what is around them can lift their calls then. */
static bool
raise_within(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, raise_within, context, QTW_EXAMINE_RTES_AFTER);
	if (IsA(node, RangeTblEntry))
	{
		RangeTblEntry *rte = (RangeTblEntry *) node;

		if (rte->rtekind == RTE_SUBQUERY)
			rte->subquery = raise_nested(rte->subquery);
		return false;
	}
	expression_tree_walker(node, raise_within, context);
	if (IsA(node, SubLink))
		((SubLink *) node)->subselect = (Node *) raise_nested(castNode(Query, ((SubLink *) node)->subselect));
	else if (IsA(node, CommonTableExpr))
		((CommonTableExpr *) node)->ctequery = (Node *) raise_nested(castNode(Query, ((CommonTableExpr *) node)->ctequery));
	return false;
}

Query *
cg_pages_raise(Query *query)
{
	bool		nested = query->cteList != NIL || query->hasSubLinks;
	ListCell   *lc;

	foreach(lc, query->rtable)
		nested |= lfirst_node(RangeTblEntry, lc)->rtekind == RTE_SUBQUERY;
	/* In a statement that writes, more depends on where a call stands. */
	if (nested && query->commandType == CMD_SELECT && !query->hasModifyingCTE && query->utilityStmt == NULL)
		raise_within((Node *) query, NULL);
	return raise_out_of(query);
}
