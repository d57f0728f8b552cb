/*
 * toplevel.c
 *		Is a function called by the session's own statement?
 *
 * The application's statement may run code of others: the trigger of a table that it writes.
 * Only the application says for whom its session reads.  So such a call is a column of a
 * SELECT that the client has sent, SELECT act_as_session(...), or its only table,
 * SELECT * FROM act_as_session(...).
 *
 * It does not suffice that no other execution is under way.  PL/pgSQL computes a simple
 * expression without one.  And code of others runs where there is none yet, or none any more:
 * a domain's check while literals are parsed or parameters are bound, a trigger that is
 * deferred to the commit, a function that the client calls by the fast path.  So the execution
 * is the one of the portal that runs for the client, and what it returns goes to the client.
 *
 * PostgreSQL puts the text of views and of SQL functions into the plan.  So such a SELECT reads
 * nothing else, and its plan depends on no other function.  Nor does it compute anything else:
 * what is injected into an application's SELECT lower('...') would stand beside that.
 */
#include "postgres.h"

#include "fmgr.h"
#include "nodes/plannodes.h"
#include "tcop/dest.h"
#include "tcop/pquery.h"
#include "utils/syscache.h"

#include "base/actorsession.h"
#include "read/resume.h"
#include "read/toplevel.h"

static bool reads_nothing_else(const PlannedStmt *plan, Oid function);
static bool is_of_client(const QueryDesc *query);
static bool is_only_variable(const List *targetlist);
static bool is_called_at_top(FunctionCallInfo fcinfo);

/*
 * Views stay in the range table when they are expanded, and functions that are inlined among
 * what invalidates the plan.  Of these only a hash is there; another function has the
 * same one once in four thousand million.
 */
static bool
reads_nothing_else(const PlannedStmt *plan, Oid function)
{
	uint32		own = GetSysCacheHashValue1(PROCOID, ObjectIdGetDatum(function));
	ListCell   *lc;

	foreach(lc, plan->rtable)
	{
		RTEKind		kind = lfirst_node(RangeTblEntry, lc)->rtekind;

		if (kind != RTE_RESULT && kind != RTE_FUNCTION)
			return false;
	}
	foreach(lc, plan->invalItems)
	{
		const PlanInvalItem *item = lfirst_node(PlanInvalItem, lc);

		if (item->cacheId == PROCOID && item->hashValue != own)
			return false;
	}
	return true;
}

/* Is it the statement that the client has sent, and does it read the answer? */
static bool
is_of_client(const QueryDesc *query)
{
	CommandDest dest = query->dest ? query->dest->mydest : DestNone;

	return ActivePortal && ActivePortal->queryDesc == query && (dest == DestRemote || dest == DestRemoteExecute);
}

/* Of a function's rows, its column alone */
static bool
is_only_variable(const List *targetlist)
{
	return list_length(targetlist) == 1 && IsA(linitial_node(TargetEntry, targetlist)->expr, Var);
}

static bool
is_called_at_top(FunctionCallInfo fcinfo)
{
	const CgFrame *frame = cg_resume_innermost;
	const Node *call = fcinfo->flinfo ? fcinfo->flinfo->fn_expr : NULL;
	Plan	   *plan;

	if (frame == NULL || frame->outer != NULL || frame->query == NULL || call == NULL)
		return false;
	if (!is_of_client(frame->query) || !reads_nothing_else(frame->query->plannedstmt, fcinfo->flinfo->fn_oid))
		return false;
	plan = frame->query->plannedstmt->planTree;
	/* Libraries that ask for one value add LIMIT 1. */
	if (IsA(plan, Limit))
		plan = outerPlan(plan);
	if (plan->qual != NIL)
		return false;
	if (IsA(plan, Result))
		return list_length(plan->targetlist) == 1 &&
			(Node *) linitial_node(TargetEntry, plan->targetlist)->expr == call;
	if (IsA(plan, FunctionScan))
	{
		List	   *functions = ((FunctionScan *) plan)->functions;

		return is_only_variable(plan->targetlist) && list_length(functions) == 1 &&
			linitial_node(RangeTblFunction, functions)->funcexpr == call;
	}
	return false;
}

bool
cg_toplevel_is_running(void)
{
	const CgFrame *frame = cg_resume_innermost;

	return frame && frame->outer == NULL && frame->query && is_of_client(frame->query);
}

void
cg_toplevel_init(void)
{
	cg_actorsession_at_top = is_called_at_top;
}
