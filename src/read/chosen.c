/*
 * chosen.c
 *		Cursors whose rows were chosen with the help of masks.
 *
 * UPDATE and DELETE with WHERE CURRENT OF write the row at which a cursor stands.  The
 * cursor's own query has chosen that row, in an execution that writes nothing.  So the
 * choice is remembered for as long as that query can go on, and the statement that
 * writes is checked at each run.  Adding a condition to the plan instead would change
 * the plans of statements that touch nothing guarded.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "nodes/params.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/portal.h"

#include "base/special.h"
#include "read/chosen.h"

/* A note about a query, in the query's own memory. */
typedef struct Noted
{
	QueryDesc  *query;
	bool		chose;			/* masks have chosen its rows or the functions it calls */
	Oid			by;				/* see CgAround.chosen_by */
	MemoryContextCallback callback;
} Noted;

static List *noted = NIL;		/* of Noted *, in TopMemoryContext */

static Noted *find_noted(const QueryDesc *query);
static Noted *note_query(QueryDesc *query);
static void forget_query(void *arg);
static const char *cursor_name(const CurrentOfExpr *current, EState *estate);
static void require_unmasked(const char *cursor);
static bool expression_walker(Node *node, void *context);
static bool plan_walker(PlanState *state, void *context);

static Noted *
find_noted(const QueryDesc *query)
{
	ListCell   *lc;

	foreach(lc, noted)
		if (((Noted *) lfirst(lc))->query == query)
			return lfirst(lc);
	return NULL;
}

static Noted *
note_query(QueryDesc *query)
{
	MemoryContext oldcontext;
	Noted	   *result = find_noted(query);

	if (query->estate == NULL || result)
		return result;
	cg_special_note();
	result = MemoryContextAllocZero(query->estate->es_query_cxt, sizeof(Noted));
	result->query = query;
	result->callback.func = forget_query;
	result->callback.arg = result;
	oldcontext = MemoryContextSwitchTo(TopMemoryContext);
	noted = lappend(noted, result);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextRegisterResetCallback(query->estate->es_query_cxt, &result->callback);
	return result;
}

static void
forget_query(void *arg)
{
	noted = list_delete_ptr(noted, arg);
}

void
cg_chosen_note(QueryDesc *query)
{
	(void) note_query(query);
}

void
cg_chosen_keep(QueryDesc *query, Oid by)
{
	Noted	   *kept = note_query(query);

	if (kept == NULL)
		return;
	kept->chose = true;
	kept->by = by;
}

bool
cg_chosen_get(const QueryDesc *query, Oid *by)
{
	const Noted *kept = noted == NIL ? NULL : find_noted(query);

	if (kept == NULL || !kept->chose)
		return false;
	*by = kept->by;
	return true;
}

/* The cursor's name, which may be a parameter; NULL if PostgreSQL will throw an error. */
static const char *
cursor_name(const CurrentOfExpr *current, EState *estate)
{
	ParamListInfo params = estate->es_param_list_info;
	ParamExternData data;
	ParamExternData *param;

	if (current->cursor_name)
		return current->cursor_name;
	if (params == NULL || current->cursor_param <= 0 || current->cursor_param > params->numParams)
		return NULL;
	param = params->paramFetch ? params->paramFetch(params, current->cursor_param, false, &data)
		: &params->params[current->cursor_param - 1];
	return OidIsValid(param->ptype) && !param->isnull ? TextDatumGetCString(param->value) : NULL;
}

static void
require_unmasked(const char *cursor)
{
	Portal		portal = cursor ? GetPortalByName(cursor) : NULL;

	if (!PortalIsValid(portal) || portal->queryDesc == NULL ||
		find_noted(portal->queryDesc) == NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("withheld values would decide which rows are written"),
			 errdetail("A condition on a guarded column in the query of cursor \"%s\" has read masks.",
					   portal->name),
			 errhint("Choose the rows by other columns, or with a standing permission: see contact_guard.allow().")));
}

static bool
expression_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, CurrentOfExpr))
		require_unmasked(cursor_name((CurrentOfExpr *) node, context));
	return expression_tree_walker(node, expression_walker, context);
}

/* PostgreSQL puts the condition into a TidScan, or leaves it to a scan's filter. */
static bool
plan_walker(PlanState *state, void *context)
{
	Plan	   *plan = state->plan;

	(void) expression_walker((Node *) plan->qual, state->state);
	if (IsA(plan, TidScan))
		(void) expression_walker((Node *) ((TidScan *) plan)->tidquals, state->state);
	return planstate_tree_walker(state, plan_walker, context);
}

void
cg_chosen_check(QueryDesc *query)
{
	/* In nearly all sessions no cursor is noted. */
	if (noted == NIL || query->planstate == NULL ||
		(query->plannedstmt->resultRelations == NIL && !query->plannedstmt->hasModifyingCTE))
		return;
	(void) plan_walker(query->planstate, NULL);
}
