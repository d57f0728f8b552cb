/*
 * dependent.c
 *		Values that depend on a primary key among what a query groups by.
 *
 * Frameworks write "SELECT DISTINCT c.id, c.name, c.phone … LIMIT 50" over a join, or name all
 * columns in GROUP BY.  The key alone makes such rows distinct: rows of one key are one row of
 * the table, and have one number.  So to compare numbers would tell nothing, but reveal() would
 * be called for each row of the table, and put its customer on record.
 *
 * PostgreSQL has the same rule for columns that GROUP BY need not name.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "plan/calls.h"
#include "plan/dependent.h"

typedef struct DependentContext
{
	const Query *query;
	List	   *keys;			/* SortGroupClauses */
} DependentContext;

static Node *grouped_expression(const Query *query, SortGroupClause *clause);
static bool has_whole_key(DependentContext *context, Index rti);
static bool is_free_var(Node *node, void *context);
static bool sorts_by(List *clauses, Index reference);
static bool is_needed(const Query *query, Index reference);

/* In 18, an entry of the range table has it. */
static Node *
grouped_expression(const Query *query, SortGroupClause *clause)
{
	Node	   *node = get_sortgroupclause_expr(clause, query->targetList);
	const Var  *var = (const Var *) node;

	if (IsA(node, Var) && var->varlevelsup == 0 &&
		cg_compat_group_expressions(rt_fetch(var->varno, query->rtable)) != NIL)
		return list_nth(cg_compat_group_expressions(rt_fetch(var->varno, query->rtable)), var->varattno - 1);
	return node;
}

/* Is the primary key of the relation among the keys?  A child table does not share that key. */
static bool
has_whole_key(DependentContext *context, Index rti)
{
	const RangeTblEntry *rte = rt_fetch(rti, context->query->rtable);
	Bitmapset  *key;
	Oid			constraint;
	ListCell   *lc;

	if (rte->rtekind != RTE_RELATION ||
		(rte->relkind != RELKIND_PARTITIONED_TABLE && (rte->relkind != RELKIND_RELATION || has_subclass(rte->relid))))
		return false;
	key = get_primary_key_attnos(rte->relid, false, &constraint);
	if (bms_is_empty(key))
		return false;
	foreach(lc, context->keys)
	{
		const Var  *var = (const Var *) grouped_expression(context->query, lfirst(lc));

		if (IsA(var, Var) && var->varlevelsup == 0 && var->varno == rti)
			key = bms_del_member(key, var->varattno - FirstLowInvalidHeapAttributeNumber);
	}
	return bms_is_empty(key);
}

/* Is there a column that the keys do not determine? */
static bool
is_free_var(Node *node, void *context)
{
	DependentContext *dependent = context;
	const Var  *var = (const Var *) node;
	ListCell   *lc;

	if (node == NULL)
		return false;
	if (!IsA(node, Var))
		return expression_tree_walker(node, is_free_var, context);
	if (var->varlevelsup != 0 ||
		cg_compat_group_expressions(rt_fetch(var->varno, dependent->query->rtable)) != NIL ||
		has_whole_key(dependent, var->varno))
		return false;
	foreach(lc, dependent->keys)
		if (equal(grouped_expression(dependent->query, lfirst(lc)), node))
			return false;
	return true;
}

bool
cg_dependent_is(const Query *query, Node *expression)
{
	DependentContext context = {query, query->groupClause};

	return !is_free_var(expression, &context);
}

static bool
sorts_by(List *clauses, Index reference)
{
	ListCell   *lc;

	foreach(lc, clauses)
		if (lfirst_node(SortGroupClause, lc)->tleSortGroupRef == reference)
			return true;
	return false;
}

static bool
is_needed(const Query *query, Index reference)
{
	ListCell   *lc;

	foreach(lc, query->windowClause)
		if (sorts_by(lfirst_node(WindowClause, lc)->partitionClause, reference) ||
			sorts_by(lfirst_node(WindowClause, lc)->orderClause, reference))
			return true;
	return sorts_by(query->sortClause, reference);
}

bool
cg_dependent_free(Query *query)
{
	List	   *clauses = query->distinctClause != NIL ? query->distinctClause : query->groupClause;
	DependentContext context = {query, NIL};
	List	   *freed = NIL;
	ListCell   *lc;

	if (query->distinctClause != NIL &&
		(query->hasDistinctOn || query->groupClause != NIL || query->havingQual || query->hasAggs || query->windowClause != NIL))
		return false;
	foreach(lc, clauses)
	{
		TargetEntry *target = get_sortgroupclause_tle(lfirst(lc), query->targetList);

		if (cg_calls_reveals(target->expr) && cg_calls_may_move(target->expr) && !is_needed(query, target->ressortgroupref))
			freed = lappend(freed, target);
		else
			context.keys = lappend(context.keys, lfirst(lc));
	}
	foreach(lc, freed)
		if (is_free_var((Node *) lfirst_node(TargetEntry, lc)->expr, &context))
			return false;
	if (freed == NIL)
		return false;
	foreach(lc, freed)
		lfirst_node(TargetEntry, lc)->ressortgroupref = 0;
	query->groupClause = context.keys;
	query->distinctClause = NIL;
	return true;
}
