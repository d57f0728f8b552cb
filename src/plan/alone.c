/*
 * alone.c
 *		Searches whose rows nothing else chooses.
 *
 * "No" is an answer, too.  A search of the whole table tells little of each of the many whom
 * it does not find.  Together with another condition it may tell all of it of a single one.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"

#include "plan/alone.h"
#include "plan/harmless.h"

static Bitmapset *columns_read_by(List *conditions);

static Bitmapset *
columns_read_by(List *conditions)
{
	CgHarmless	reads = {0};
	ListCell   *lc;

	foreach(lc, conditions)
		(void) cg_harmless_condition(lfirst(lc), &reads);
	return reads.columns;
}

bool
cg_alone_only_widens(List *conditions, const Bitmapset *guarded)
{
	ListCell   *lc;

	if (bms_membership(columns_read_by(conditions)) == BMS_SINGLETON)
		return true;
	if (list_length(conditions) != 1 || !is_orclause(linitial(conditions)))
		return false;
	foreach(lc, ((BoolExpr *) linitial(conditions))->args)
		if (bms_overlap(columns_read_by(list_make1(lfirst(lc))), guarded) &&
			!cg_alone_only_widens(list_make1(lfirst(lc)), guarded))
			return false;
	return true;
}

bool
cg_alone_has_one_entry(const Query *query, Index *rti)
{
	const Node *from = list_length(query->jointree->fromlist) == 1 ? linitial(query->jointree->fromlist) : NULL;

	if (query->commandType != CMD_SELECT || from == NULL || !IsA(from, RangeTblRef) ||
		query->havingQual || query->setOperations)
		return false;
	*rti = ((const RangeTblRef *) from)->rtindex;
	return rt_fetch(*rti, query->rtable)->tablesample == NULL;
}

/* The planner may push a condition of a query around into this one. */
bool
cg_alone_is(Query *query, List *around, Index rti)
{
	Index		only;
	ListCell   *lc;

	/* Behind a policy of row security PostgreSQL sorts conditions by more than their cost. */
	if (!cg_alone_has_one_entry(query, &only) || only != rti || rt_fetch(rti, query->rtable)->securityQuals != NIL)
		return false;
	foreach(lc, around)
	{
		Query	   *outer = lfirst_node(Query, lc);

		if (!cg_alone_has_one_entry(outer, &only) || outer->jointree->quals ||
			rt_fetch(only, outer->rtable)->subquery != query)
			return false;
		query = outer;
	}
	return true;
}
