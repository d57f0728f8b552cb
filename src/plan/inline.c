/*
 * inline.c
 *		Set-returning SQL functions, which are inlined before the rewrite.
 *
 * The planner inlines them after the planner hook has run, so a guarded column
 * in such a function's body would not pass the rewrite.  So they are inlined here, with
 * the planner's own function, until none is left that it can inline.  needs_fmgr_hook,
 * which the planner asks, then forbids it to inline others.
 *
 * PostgreSQL calls needs_fmgr_hook for every function in every session, so the cheapest
 * tests come first.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "plan/writers.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "compat.h"
#include "plan/inline.h"
#include "policy/descend.h"
#include "policy/policy.h"
#include "policy/policycache.h"
#include "policy/rtemark.h"

static needs_fmgr_hook_type prev_needs_fmgr = NULL;
/* Planner calls of ours under way.  CREATE INDEX and CLUSTER use no planner hook. */
int			cg_inline_depth = 0;

static bool inline_needs_fmgr(Oid function);
static bool inline_walker(Node *node, void *context);
static void note_write(Query *query, CgInlined *found);

typedef struct InlineContext
{
	Query	   *query;
	PlannerInfo *root;			/* with the fields that the planner's function uses; made
								 * for the first function */
	CgInlined  *found;
	bool		reader;			/* the walk has found a function that may read */
	bool		typed;			/* it makes values of types that users have made */
} InlineContext;

static bool inline_query(Query *query, InlineContext *walk);
static void inline_rte(RangeTblEntry *rte, InlineContext *walk);
static void note_call(Oid function, InlineContext *walk);
static void note_aggregate(Oid aggregate, InlineContext *walk);
static void note_calls(bool writes, bool reads, InlineContext *walk);
static void note_type(Oid type, InlineContext *walk);
static void note_node(Node *node, InlineContext *walk);
static void walk_calls(const List *nodes, InlineContext *walk);
static bool call_walker(Node *node, void *context);

void
cg_inline_init(void)
{
	prev_needs_fmgr = needs_fmgr_hook;
	needs_fmgr_hook = inline_needs_fmgr;
}

static bool
inline_needs_fmgr(Oid function)
{
	HeapTuple	tuple;
	bool		result;

	if (prev_needs_fmgr && prev_needs_fmgr(function))
		return true;
	if (cg_inline_depth == 0)
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return false;
	result = ((Form_pg_proc) GETSTRUCT(tuple))->prolang == SQLlanguageId &&
		((Form_pg_proc) GETSTRUCT(tuple))->proretset;
	ReleaseSysCache(tuple);
	return result;
}

void
cg_inline_functions(Query *query, CgInlined *inlined)
{
	InlineContext context = {query, NULL, inlined};

	memset(inlined, 0, sizeof(*inlined));
	(void) inline_query(query, &context);
	/* With one function that reads, a writer may be hidden in a type. */
	if (context.typed && context.reader && !inlined->reads && query->commandType == CMD_SELECT &&
		cg_writers_several_reached(query))
		inlined->writes = inlined->reads = true;
	if (context.root)
	{
		inlined->dependencies = context.root->glob->invalItems;
		inlined->depends_on_role = context.root->glob->dependsOnRole;
	}
}

/* Rows may be routed to guarded partitions, which are not in a range table. */
static void
note_write(Query *query, CgInlined *found)
{
	RangeTblEntry *rte;

	if (query->resultRelation == 0)
		return;
	rte = rt_fetch(query->resultRelation, query->rtable);
	found->guarded |= rte->rtekind == RTE_RELATION && rte->relkind == RELKIND_PARTITIONED_TABLE &&
		cg_descend_guarded(rte->relid) != NIL;
}

static void
note_call(Oid function, InlineContext *walk)
{
	note_calls(cg_writers_may_be_one(function), cg_writers_may_read(function), walk);
}

/* It counts as one function.  Built-in ones neither write nor read. */
static void
note_aggregate(Oid aggregate, InlineContext *walk)
{
	bool		writes = false;
	bool		reads = false;
	ListCell   *lc;

	foreach(lc, aggregate < FirstNormalObjectId ? NIL : cg_writers_called_by(aggregate))
	{
		writes |= cg_writers_may_be_one(lfirst_oid(lc));
		reads |= cg_writers_may_read(lfirst_oid(lc));
	}
	note_calls(writes, reads, walk);
}

static void
note_calls(bool writes, bool reads, InlineContext *walk)
{
	/* A function that may do both counts only together with another one. */
	walk->found->reads |= reads && (writes ? walk->found->writes : true);
	walk->found->reads |= writes && walk->reader;
	walk->reader |= reads;
	walk->found->writes |= writes;
}

/* Only whether a type could matter: cg_inline_functions() asks more if another function reads. */
static void
note_type(Oid type, InlineContext *walk)
{
	walk->typed |= type >= FirstNormalObjectId;
}

static void
note_node(Node *node, InlineContext *walk)
{
	switch (nodeTag(node))
	{
		case T_FuncExpr:
			note_call(((FuncExpr *) node)->funcid, walk);
			if (((FuncExpr *) node)->funcid < FirstNormalObjectId)
				note_type(((FuncExpr *) node)->funcresulttype, walk);
			break;
		case T_OpExpr:
			if (((OpExpr *) node)->opno >= FirstNormalObjectId)
				note_call(get_opcode(((OpExpr *) node)->opno), walk);
			break;
		case T_Aggref:
			note_aggregate(((Aggref *) node)->aggfnoid, walk);
			break;
		case T_WindowFunc:
			note_aggregate(((WindowFunc *) node)->winfnoid, walk);
			break;
		case T_CoerceToDomain:
			note_type(((CoerceToDomain *) node)->resulttype, walk);
			break;
		case T_CoerceViaIO:
			note_type(((CoerceViaIO *) node)->resulttype, walk);
			break;
		default:
			break;
	}
}

/* Most expressions are of these nodes, which hold no others.  That saves calls of the walker. */
static inline bool
is_leaf(const Node *node)
{
	return node == NULL || IsA(node, Var) || IsA(node, Const) || IsA(node, Param) || IsA(node, RangeTblRef);
}

/* The members of a list: of a target list, a FROM clause or the arguments of an operator. */
static void
walk_calls(const List *nodes, InlineContext *walk)
{
	ListCell   *lc;

	foreach(lc, nodes)
	{
		Node	   *node = lfirst(lc);

		if (node && IsA(node, TargetEntry))
			node = (Node *) ((TargetEntry *) node)->expr;
		if (!is_leaf(node))
			(void) call_walker(node, walk);
	}
}

static bool
call_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_List:
			walk_calls((List *) node, context);
			return false;
		case T_FromExpr:
			walk_calls(((FromExpr *) node)->fromlist, context);
			return call_walker(((FromExpr *) node)->quals, context);
		case T_OpExpr:
			check_stack_depth();
			/* Most operators are PostgreSQL's own. */
			if (((OpExpr *) node)->opno >= FirstNormalObjectId)
				note_node(node, context);
			walk_calls(((OpExpr *) node)->args, context);
			return false;
		default:
			note_node(node, context);
			return expression_tree_walker(node, call_walker, context);
	}
}

/* Is it a relation about which there is nothing to find? */
static inline bool
is_relation_of_others(const RangeTblEntry *rte)
{
	return rte->rtekind == RTE_RELATION && cg_policycache_is_nothing(rte->relid) &&
		rte->relkind != RELKIND_TOASTVALUE && !cg_policy_is_statistics(rte->relid);
}

static bool
inline_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		RangeTblEntry *rte = (RangeTblEntry *) node;
		InlineContext *walk = context;

		if (rte->rtekind == RTE_FUNCTION)
			inline_rte(rte, walk);
		else if (cg_policy_is_statistics(rte->relid))
			walk->found->statistics = true;
		else if (OidIsValid(rte->relid) && cg_policy_get(rte->relid))
			walk->found->guarded = true;
		else if (OidIsValid(rte->relid) && cg_policy_is_audited(rte->relid))
			cg_rtemark_set_audited(rte);
		else if (rte->relkind == RELKIND_TOASTVALUE)
			cg_policy_refuse_toast(rte->relid);
		/* The walk comes to its contents next, also to a new subquery. */
		return false;
	}
	note_node(node, context);
	if (IsA(node, Query))
		return inline_query((Query *) node, context);
	return expression_tree_walker(node, inline_walker, context);
}

/*
 * Subqueries are in the range table, in CTEs and, only if hasSubLinks is set, in
 * expressions; the planner relies on that, too.
 */
static bool
inline_query(Query *query, InlineContext *walk)
{
	ListCell   *lc;

	if (query->commandType != CMD_SELECT)
		note_write(query, walk->found);
	if (query->hasSubLinks)
		return query_tree_walker(query, inline_walker, walk, QTW_EXAMINE_RTES_BEFORE);
	foreach(lc, query->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		if (is_relation_of_others(rte))
			continue;
		(void) inline_walker((Node *) rte, walk);
		if (rte->rtekind == RTE_SUBQUERY)
			(void) inline_walker((Node *) rte->subquery, walk);
		else if (rte->rtekind == RTE_FUNCTION)
			(void) call_walker((Node *) rte->functions, walk);
		else if ((int) rte->rtekind == RTE_GROUP)
			(void) call_walker((Node *) cg_compat_group_expressions(rte), walk);
	}
	/* The functions that make rows matter, too: see called.h. */
	if (walk->query->commandType == CMD_SELECT && !cg_compat_has_more_expressions(query))
	{
		walk_calls(query->targetList, walk);
		(void) call_walker((Node *) query->jointree, walk);
	}
	else if (walk->query->commandType == CMD_SELECT || query->returningList != NIL)
		(void) query_tree_walker(query, call_walker, walk, QTW_IGNORE_RANGE_TABLE | QTW_IGNORE_CTE_SUBQUERIES);
	foreach(lc, query->cteList)
		(void) inline_walker(lfirst_node(CommonTableExpr, lc)->ctequery, walk);
	return false;
}

static void
inline_rte(RangeTblEntry *rte, InlineContext *walk)
{
	PlannerInfo *root = walk->root;
	Query	   *body;

	if (root == NULL)
	{
		root = walk->root = makeNode(PlannerInfo);
		root->glob = makeNode(PlannerGlobal);
		root->parse = walk->query;
		root->query_level = 1;
	}
	rte->functions = (List *) eval_const_expressions(root, (Node *) rte->functions);
	body = inline_set_returning_function(root, rte);
	if (body == NULL)
		return;
	rte->rtekind = RTE_SUBQUERY;
	rte->subquery = body;
	rte->security_barrier = false;
	rte->funcordinality = false;
}
