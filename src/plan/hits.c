/*
 * hits.c
 *		Rows that a search has found, and that LIMIT leaves out.
 *
 * "WHERE phone ILIKE '%06%' ORDER BY name LIMIT 50" finds thousands, and shows 50.  So found()
 * moves above LIMIT (pages.c).  A call of found() with another site stays where it was: it
 * notes that the search has found the row, because whom a search has found and not shown
 * is named apart from whom it has not found (readsearch.c).
 *
 * Between the two calls no code may tell anything of the row, nor fail.  So what the query
 * computes there is columns, comparisons of built-in types, and functions that never fail;
 * all else that its result needs moves above LIMIT, or nothing does.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"

#include "base/objects.h"
#include "base/site.h"
#include "plan/calls.h"
#include "plan/harmless.h"
#include "plan/hits.h"
#include "policy/rtemark.h"

static bool is_found(const Node *node);
static bool has_waiting_hits(const RangeTblEntry *rte);
static bool are_plain_arguments(List *args);
static bool is_loud(Node *node, void *context);
static List *split_found(Node *node);

static bool
is_found(const Node *node)
{
	return IsA(node, FuncExpr) && ((const FuncExpr *) node)->funcid == cg_objects_function("found");
}

/* Is it a search?  Its last security qual is found(), or several of them. */
static bool
has_waiting_hits(const RangeTblEntry *rte)
{
	CgMark		mark;

	return rte->rtekind == RTE_RELATION && rte->securityQuals != NIL && cg_rtemark_get(rte, &mark) &&
		(mark.assumed == CG_ASSUMED_SEARCHES || mark.assumed == CG_ASSUMED_SEARCHES_ALONE);
}

static bool
are_plain_arguments(List *args)
{
	ListCell   *lc;

	foreach(lc, args)
		if (!cg_harmless_is_plain_type(exprType(lfirst(lc))))
			return false;
	return true;
}

/* May computing it run a user's code, or fail? */
static bool
is_loud(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_List:
		case T_FromExpr:
		case T_JoinExpr:
		case T_RangeTblRef:
		case T_Var:
		case T_Const:
		case T_RelabelType:
		case T_CollateExpr:
		case T_BoolExpr:
		case T_NullTest:
		case T_BooleanTest:
			break;
		case T_Param:
			return ((Param *) node)->paramkind != PARAM_EXTERN;
		case T_FuncExpr:
			if (!cg_harmless_never_fails(node))
				return true;
			break;
		case T_OpExpr:
		case T_DistinctExpr:
			if (!cg_harmless_never_fails(node) &&
				!(cg_harmless_is_comparison(((OpExpr *) node)->opno) && are_plain_arguments(((OpExpr *) node)->args)))
				return true;
			break;
		default:
			return true;
	}
	return expression_tree_walker(node, is_loud, context);
}

bool
cg_hits_can_wait(const Query *query, bool (*raised) (const TargetEntry *target))
{
	bool		searches = false;
	ListCell   *lc;

	if (query->limitCount == NULL)
		return false;
	foreach(lc, query->rtable)
	{
		const RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);
		bool		searched = has_waiting_hits(rte);

		/* With conditions of two relations, one could tell of a row of the other one. */
		if ((rte->rtekind != RTE_RELATION && rte->rtekind != RTE_JOIN) || rte->tablesample ||
			(rte->securityQuals != NIL && (!searched || searches)))
			return false;
		searches |= searched;
	}
	if (!searches || is_loud((Node *) query->jointree, NULL))
		return false;
	foreach(lc, query->targetList)
		if (!raised(lfirst_node(TargetEntry, lc)) && is_loud((Node *) lfirst_node(TargetEntry, lc)->expr, NULL))
			return false;
	return true;
}

/* Copies the calls, and marks those that stay. */
static List *
split_found(Node *node)
{
	List	   *result = NIL;
	Const	   *packed;
	CgSite		above;
	CgSite		later;
	ListCell   *lc;

	if (is_andclause(node))
	{
		foreach(lc, ((BoolExpr *) node)->args)
			result = list_concat(result, split_found(lfirst(lc)));
		return result;
	}
	if (!is_found(node))
		return NIL;
	packed = lsecond_node(Const, ((FuncExpr *) node)->args);
	above = later = cg_site_unpack(DatumGetInt64(packed->constvalue));
	above.flags |= CG_SITE_ABOVE;
	later.flags |= CG_SITE_LATER;
	result = list_make1(copyObject(node));
	lsecond(linitial_node(FuncExpr, result)->args) = cg_calls_site(above);
	lsecond(((FuncExpr *) node)->args) = cg_calls_site(later);
	return result;
}

List *
cg_hits_take(Query *query)
{
	ListCell   *lc;

	foreach(lc, query->rtable)
		if (has_waiting_hits(lfirst_node(RangeTblEntry, lc)))
			return split_found(llast(lfirst_node(RangeTblEntry, lc)->securityQuals));
	return NIL;
}
