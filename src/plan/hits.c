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
 * all else that its result needs moves above LIMIT, or nothing does.  Nor may anything choose
 * among the hits, but the order of its own columns: whoever could look at one customer behind the
 * search would learn whether he was found, and he would be counted among the others.
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
static Index searched_entry(const Query *query);
static bool has_foreign_order(Node *node, void *context);
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
				!(cg_harmless_is_comparison(((OpExpr *) node)->opno) && cg_harmless_are_plain(((OpExpr *) node)->args)))
				return true;
			break;
		default:
			return true;
	}
	return expression_tree_walker(node, is_loud, context);
}

/*
 * The searched entry of FROM, if nothing but its search chooses rows of it: an inner join would,
 * or another condition.  0: there is none.
 */
static Index
searched_entry(const Query *query)
{
	const Node *item = list_length(query->jointree->fromlist) == 1 ? linitial(query->jointree->fromlist) : NULL;
	Index		rti;

	if (item == NULL || query->jointree->quals)
		return 0;
	while (IsA(item, JoinExpr) && ((const JoinExpr *) item)->jointype == JOIN_LEFT)
		item = ((const JoinExpr *) item)->larg;
	if (!IsA(item, RangeTblRef))
		return 0;
	rti = ((const RangeTblRef *) item)->rtindex;
	return has_waiting_hits(rt_fetch(rti, query->rtable)) ? rti : 0;
}

/*
 * ORDER BY id = 42, or by a column of a table of the reader's own, would put one customer
 * before the LIMIT, if he is found.
 */
static bool
has_foreign_order(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
		return ((Var *) node)->varno != *(Index *) context;
	return IsA(node, Const) || IsA(node, Param) || expression_tree_walker(node, has_foreign_order, context);
}

bool
cg_hits_can_wait(const Query *query, bool (*raised) (const TargetEntry *target))
{
	Index		searched = searched_entry(query);
	Index		rti = 0;
	ListCell   *lc;

	if (query->limitCount == NULL || searched == 0)
		return false;
	foreach(lc, query->rtable)
	{
		const RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		rti++;
		if ((rte->rtekind != RTE_RELATION && rte->rtekind != RTE_JOIN) || rte->tablesample ||
			(rte->securityQuals != NIL && rti != searched))
			return false;
	}
	if (is_loud((Node *) query->jointree, NULL))
		return false;
	foreach(lc, query->targetList)
	{
		const TargetEntry *target = lfirst_node(TargetEntry, lc);

		if (!raised(target) && is_loud((Node *) target->expr, NULL))
			return false;
		if (target->ressortgroupref != 0 && has_foreign_order((Node *) target->expr, &searched))
			return false;
	}
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
	return split_found(llast(rt_fetch(searched_entry(query), query->rtable)->securityQuals));
}
