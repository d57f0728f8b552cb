/*
 * inserted.c
 *		Checks of the values that an INSERT or MERGE stores in guarded columns.
 *
 * Rows are routed to partitions at run time, outside of our hooks.  So this file finds the
 * partitions that have guards of their own: their masks must not be inserted through the
 * table, either.  ON CONFLICT DO UPDATE reads rows of the partition, so it is refused
 * unless the table has the same guards.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "nodes/makefuncs.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"

#include "base/site.h"
#include "plan/calls.h"
#include "plan/covers.h"
#include "plan/inserted.h"
#include "policy/descend.h"
#include "policy/policy.h"

static bool inserts(const Query *query);
static void add_check(Query *query, Oid relid, List *args);
static void add_checks(Query *query, Oid of);

static bool
inserts(const Query *query)
{
	ListCell   *lc;

	if (query->commandType == CMD_INSERT)
		return true;
	foreach(lc, query->mergeActionList)
		if (lfirst_node(MergeAction, lc)->commandType == CMD_INSERT)
			return true;
	return false;
}

static void
add_check(Query *query, Oid relid, List *args)
{
	WithCheckOption *option;

	if (args == NIL)
		return;
	option = makeNode(WithCheckOption);
	option->kind = WCO_VIEW_CHECK;
	option->relname = get_rel_name(relid);
	option->qual = cg_calls_unmasked(args);
	query->withCheckOptions = lappend(query->withCheckOptions, option);
}

/*
 * Checks for masks of relation "of": the result relation, or a partition of it.  One call
 * checks all columns, since preparing a call is most of the cost.
 */
static void
add_checks(Query *query, Oid of)
{
	Oid			relid = rt_fetch(query->resultRelation, query->rtable)->relid;
	const CgPolicy *policy = cg_policy_get(of);
	int			n = policy && !policy->broken ? policy->nguarded : 0;
	List	   *args = NIL;

	for (int i = 0; i < n; i++)
	{
		CgSite		site = {of, policy->guarded[i].attnum, 0};
		bool		tells = policy->guarded[i].mask.kind != CG_MASK_NULL;
		AttrNumber	attnum = of == relid ? site.attnum :
			get_attnum(relid, get_attname(of, site.attnum, false));
		Var		   *column;

		if (!tells || attnum == InvalidAttrNumber)
			continue;
		column = makeVar(query->resultRelation, attnum, InvalidOid, -1, InvalidOid, 0);
		get_atttypetypmodcoll(relid, attnum, &column->vartype, &column->vartypmod, &column->varcollid);
		args = lappend(lappend(args, column), cg_calls_site(site));
		if (list_length(args) >= 2 * CG_CALLS_UNMASKED)
		{
			add_check(query, relid, args);
			args = NIL;
		}
		policy = cg_policy_get(of);
	}
	add_check(query, relid, args);
}

void
cg_inserted_check(Query *query)
{
	RangeTblEntry *rte;
	ListCell   *lc;

	if (!inserts(query))
		return;
	rte = rt_fetch(query->resultRelation, query->rtable);
	if (rte->rtekind != RTE_RELATION)
		return;
	add_checks(query, rte->relid);
	if (rte->relkind != RELKIND_PARTITIONED_TABLE)
		return;
	foreach(lc, cg_descend_guarded(rte->relid))
	{
		Oid			partition = lfirst_oid(lc);

		add_checks(query, partition);
		if (query->onConflict && query->onConflict->action == ONCONFLICT_UPDATE)
			cg_covers_require(rte->relid, partition);
	}
}
