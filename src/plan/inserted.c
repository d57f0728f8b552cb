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

#include "access/table.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "nodes/makefuncs.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/reltrigger.h"

#include "base/site.h"
#include "plan/calls.h"
#include "plan/covers.h"
#include "plan/inserted.h"
#include "policy/descend.h"
#include "policy/policy.h"

static bool inserts(const Query *query);
static void add_check(Query *query, WCOKind kind, Oid relid, List *args);
static List *add_checks(Query *query, Oid of);
static bool is_sent(Node *value);
static bool sends_column(const Query *query, Node *value);
static List *with_note(List *args, Query *query, const RangeTblEntry *rte);

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
add_check(Query *query, WCOKind kind, Oid relid, List *args)
{
	WithCheckOption *option;

	if (args == NIL)
		return;
	option = makeNode(WithCheckOption);
	option->kind = kind;
	option->relname = get_rel_name(relid);
	option->qual = cg_calls_unmasked(args);
	query->withCheckOptions = lappend(query->withCheckOptions, option);
}

/*
 * Checks for masks of relation "of": the result relation, or a partition of it.  One call
 * checks all columns, since preparing a call is most of the cost.  Returns the arguments of
 * the last call, which add_check() has still to add.
 *
 * Who brings a number that a relay dials is asked only of a row that is inserted.  A check of kind
 * WCO_VIEW_CHECK would also meet the row that ON CONFLICT and MERGE update, with the number that
 * was there; what these assign, keep() has decided.
 */
static List *
add_checks(Query *query, Oid of)
{
	Oid			relid = rt_fetch(query->resultRelation, query->rtable)->relid;
	const CgPolicy *policy = cg_policy_get(of);
	int			n = policy && !policy->broken ? policy->nguarded : 0;
	List	   *args = NIL;
	List	   *numbers = NIL;

	for (int i = 0; i < n; i++)
	{
		CgSite		site = {of, policy->guarded[i].attnum, 0};
		bool		relay = policy->guarded[i].relay;
		bool		tells = policy->guarded[i].mask.kind != CG_MASK_NULL || relay;
		List	  **of_kind = relay ? &numbers : &args;
		AttrNumber	attnum = of == relid ? site.attnum :
			get_attnum(relid, get_attname(of, site.attnum, false));
		Var		   *column;

		if (!tells || attnum == InvalidAttrNumber)
			continue;
		column = makeVar(query->resultRelation, attnum, InvalidOid, -1, InvalidOid, 0);
		get_atttypetypmodcoll(relid, attnum, &column->vartype, &column->vartypmod, &column->varcollid);
		*of_kind = lappend(lappend(*of_kind, column), cg_calls_site(site));
		if (list_length(*of_kind) >= 2 * CG_CALLS_UNMASKED)
		{
			add_check(query, relay ? WCO_RLS_INSERT_CHECK : WCO_VIEW_CHECK, relid, *of_kind);
			*of_kind = NIL;
		}
		policy = cg_policy_get(of);
	}
	add_check(query, WCO_RLS_INSERT_CHECK, relid, numbers);
	return args;
}

/* Is it a constant or a parameter, but for the conversions of an assignment? */
static bool
is_sent(Node *value)
{
	for (;;)
	{
		if (value && IsA(value, RelabelType))
			value = (Node *) ((RelabelType *) value)->arg;
		else if (value && IsA(value, CoerceViaIO))
			value = (Node *) ((CoerceViaIO *) value)->arg;
		else if (value && IsA(value, CoerceToDomain))
			value = (Node *) ((CoerceToDomain *) value)->arg;
		else if (value && IsA(value, FuncExpr) &&
				 (((FuncExpr *) value)->funcformat == COERCE_IMPLICIT_CAST || ((FuncExpr *) value)->funcformat == COERCE_EXPLICIT_CAST) &&
				 ((FuncExpr *) value)->funcid < FirstGenbkiObjectId && ((FuncExpr *) value)->args != NIL)
			value = linitial(((FuncExpr *) value)->args);
		else
			return value && (IsA(value, Const) || (IsA(value, Param) && ((Param *) value)->paramkind == PARAM_EXTERN));
	}
}

/* The same for a column that the rows of an INSERT get. */
static bool
sends_column(const Query *query, Node *value)
{
	const Var  *var = (const Var *) value;
	RangeTblEntry *rte;
	ListCell   *lc;

	if (!IsA(value, Var))
		return is_sent(value);
	rte = rt_fetch(var->varno, query->rtable);
	if (rte->rtekind != RTE_VALUES || var->varattno <= 0)
		return false;
	foreach(lc, rte->values_lists)
		if (!is_sent(list_nth(lfirst(lc), var->varattno - 1)))
			return false;
	return true;
}

/*
 * The arguments of a call, and those by which it notes the row, if the statement names the
 * values of guarded columns itself.  A trigger could change them, and a row that was there
 * before is not the writer's.
 */
static List *
with_note(List *args, Query *query, const RangeTblEntry *rte)
{
	const CgPolicy *policy = cg_policy_get(rte->relid);
	Relation	rel;
	uint64		columns = 0;
	ListCell   *lc;

	if (policy == NULL || policy->broken || policy->hide || query->commandType != CMD_INSERT ||
		rte->relkind != RELKIND_RELATION || (query->onConflict && query->onConflict->action == ONCONFLICT_UPDATE))
		return args;
	foreach(lc, query->targetList)
	{
		TargetEntry *target = lfirst_node(TargetEntry, lc);

		if (!target->resjunk && target->resno < 64 && cg_policy_column(policy, target->resno) &&
			sends_column(query, (Node *) target->expr))
			columns |= UINT64CONST(1) << target->resno;
	}
	rel = table_open(rte->relid, NoLock);
	if (rel->trigdesc && rel->trigdesc->trig_insert_before_row)
		columns = 0;
	table_close(rel, NoLock);
	if (columns != 0)
		args = list_concat(args, cg_calls_note(query->resultRelation, rte->relid, columns));
	return args;
}

void
cg_inserted_check(Query *query, bool top)
{
	RangeTblEntry *rte;
	List	   *args;
	ListCell   *lc;

	if (!inserts(query))
		return;
	rte = rt_fetch(query->resultRelation, query->rtable);
	if (rte->rtekind != RTE_RELATION)
		return;
	args = add_checks(query, rte->relid);
	if (top)
		args = with_note(args, query, rte);
	add_check(query, WCO_VIEW_CHECK, rte->relid, args);
	if (rte->relkind != RELKIND_PARTITIONED_TABLE)
		return;
	foreach(lc, cg_descend_guarded(rte->relid))
	{
		Oid			partition = lfirst_oid(lc);

		add_check(query, WCO_VIEW_CHECK, rte->relid, add_checks(query, partition));
		if (query->onConflict && query->onConflict->action == ONCONFLICT_UPDATE)
			cg_covers_require(rte->relid, partition);
	}
}
