/*
 * uses.c
 *		What a query does with the columns of the sub-selects and CTEs in it.
 *
 * A mask must not decide a write, and must not be stored, but RETURNING may show masks.  So
 * the rewrite must know what the query around does with each column of a sub-select in FROM,
 * or of a CTE: whether it is stored, whether it helps to choose rows, and whether those rows
 * are written.  It walks from outer to inner queries, and through a range table from its
 * end, since lateral references point backwards, and notes each use.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"

#include "plan/rewrite_private.h"
#include "plan/writers.h"

/* Instead of the number of a column: a query reads the rows. */
#define USE_OF_ROWS -1

typedef struct Use
{
	const void *output;
	AttrNumber	resno;			/* 0: all */
	Oid			type;
	bool		decides;		/* a condition uses it */
	bool		writes;			/* that condition chooses rows which are written */
	bool		stores;			/* it becomes part of a row that is stored */
} Use;

static const void *find_cte(const RewriteContext *context, const RangeTblEntry *rte, Index levelsup);
static const void *output_of(const RewriteContext *context, const Var *var);
static Use *use_of(RewriteContext *context, const void *output, AttrNumber resno);
static Use united_uses(const RewriteContext *context, const void *output, AttrNumber resno);
static bool in_clause(const TargetEntry *target, List *clause);

/* levelsup: how many queries lie between the walk and the one that has the entry. */
static const void *
find_cte(const RewriteContext *context, const RangeTblEntry *rte, Index levelsup)
{
	Query	   *query = list_nth_node(Query, context->queries, levelsup + rte->ctelevelsup);
	ListCell   *lc;

	foreach(lc, query->cteList)
		if (strcmp(lfirst_node(CommonTableExpr, lc)->ctename, rte->ctename) == 0)
			return lfirst(lc);
	return NULL;
}

static const void *
output_of(const RewriteContext *context, const Var *var)
{
	Query	   *query = list_nth_node(Query, context->queries, var->varlevelsup);
	RangeTblEntry *rte = rt_fetch(var->varno, query->rtable);

	if (rte->rtekind == RTE_SUBQUERY || rte->rtekind == RTE_JOIN || rte->rtekind == RTE_FUNCTION)
		return rte;
	return rte->rtekind == RTE_CTE ? find_cte(context, rte, var->varlevelsup) : NULL;
}

static Use *
use_of(RewriteContext *context, const void *output, AttrNumber resno)
{
	ListCell   *lc;
	Use		   *use;

	foreach(lc, context->uses)
	{
		use = lfirst(lc);
		if (use->output == output && use->resno == resno)
			return use;
	}
	use = palloc0(sizeof(Use));
	use->output = output;
	use->resno = resno;
	context->uses = lappend(context->uses, use);
	return use;
}

/* Of the column, together with those of the whole row. */
static Use
united_uses(const RewriteContext *context, const void *output, AttrNumber resno)
{
	Use			result = {output, resno};
	ListCell   *lc;

	foreach(lc, context->uses)
	{
		const Use  *use = lfirst(lc);

		if (use->output != output || (use->resno != resno && (use->resno != InvalidAttrNumber || resno < 0)))
			continue;
		result.decides |= use->decides;
		result.writes |= use->writes;
		result.stores |= use->stores;
	}
	return result;
}

void
cg_uses_note(RewriteContext *context, const Var *var)
{
	const RewritePlace *place = &context->place;
	const void *output = output_of(context, var);
	Use		   *use;

	if (output == NULL)
		return;
	use = use_of(context, output, var->varattno);
	use->type = var->vartype;
	use->decides |= place->decides;
	use->writes |= place->decides && place->writes;
	use->stores |= place->flows && place->stores;
}

void
cg_uses_note_rows(RewriteContext *context, const RangeTblEntry *rte)
{
	const void *output = find_cte(context, rte, 0);
	Use		   *use;

	if (output == NULL)
		return;
	use = use_of(context, output, USE_OF_ROWS);
	use->writes |= context->place.writes;
	use->stores |= context->place.stores;
}

void
cg_uses_enter_cte(RewriteContext *context, const CommonTableExpr *cte, bool recursive)
{
	RewritePlace *place = &context->place;
	CmdType		command = castNode(Query, cte->ctequery)->commandType;
	Use			rows = united_uses(context, cte, USE_OF_ROWS);
	Use		   *all;

	/* It may use its own columns in a part that is walked later. */
	if (recursive)
	{
		all = use_of(context, cte, InvalidAttrNumber);
		all->decides = place->decides = true;
		all->writes |= place->writes;
		all->stores |= place->stores;
		return;
	}
	place->writes = command != CMD_SELECT || rows.writes;
	place->stores = command == CMD_SELECT ? rows.stores : command != CMD_DELETE;
}

void
cg_uses_enter_column(RewriteContext *context, const void *output, AttrNumber resno)
{
	RewritePlace *place = &context->place;
	Use			use = united_uses(context, output, resno);

	place->writes = (place->decides && place->writes) || use.writes || use.stores;
	place->stores = use.stores;
	place->decides |= use.decides;
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

		if (use->output != output || !use->decides)
			continue;
		get_type_category_preferred(getBaseType(use->type), &category, &preferred);
		if (category != TYPCATEGORY_NUMERIC && category != TYPCATEGORY_DATETIME && use->type != UUIDOID)
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
 * row_number(), array_agg() and nextval() use the order of rows.  Functions that may write in a
 * SELECT for the client, for example to log the rows, are called for all rows anyway.
 */
bool
cg_uses_is_order_used(Query *query, bool top)
{
	return query->limitCount || query->limitOffset || query->hasDistinctOn || query->hasWindowFuncs ||
		query->hasAggs || query->hasTargetSRFs ||
		(query->commandType != CMD_INSERT && !(top && query->commandType == CMD_SELECT) &&
		 (contain_volatile_functions((Node *) query) || cg_writers_may_be_below((Node *) query)));
}
