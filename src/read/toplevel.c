/*
 * toplevel.c
 *		Is a function called by the session's own statement?
 *
 * The application's statement may run code of others: the trigger of a table that it writes.
 * Only the application says for whom its session reads.  So such a call is a column of a
 * SELECT that the client has sent, SELECT act_as_session(...), or its only table,
 * SELECT * FROM act_as_session(...).  It does not suffice that no other execution is under
 * way: PL/pgSQL computes a simple expression without one.  And PostgreSQL puts the text of views
 * and of SQL functions into the plan.  So such a SELECT reads nothing else, and its plan depends
 * on no other function.
 */
#include "postgres.h"

#include "fmgr.h"
#include "nodes/plannodes.h"
#include "utils/syscache.h"

#include "base/actorsession.h"
#include "read/resume.h"
#include "read/toplevel.h"

static bool reads_nothing_else(const PlannedStmt *plan, Oid function);
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

static bool
is_called_at_top(FunctionCallInfo fcinfo)
{
	const CgFrame *frame = cg_resume_innermost;
	const Node *call = fcinfo->flinfo ? fcinfo->flinfo->fn_expr : NULL;
	Plan	   *plan;
	ListCell   *lc;

	if (frame == NULL || frame->outer != NULL || frame->query == NULL || call == NULL)
		return false;
	if (!reads_nothing_else(frame->query->plannedstmt, fcinfo->flinfo->fn_oid))
		return false;
	plan = frame->query->plannedstmt->planTree;
	/* Libraries that ask for one value add LIMIT 1. */
	if (IsA(plan, Limit))
		plan = outerPlan(plan);
	if (IsA(plan, Result))
	{
		foreach(lc, plan->targetlist)
			if ((Node *) lfirst_node(TargetEntry, lc)->expr == call)
				return true;
	}
	else if (IsA(plan, FunctionScan))
	{
		foreach(lc, ((FunctionScan *) plan)->functions)
			if (lfirst_node(RangeTblFunction, lc)->funcexpr == call)
				return true;
	}
	return false;
}

void
cg_toplevel_init(void)
{
	cg_actorsession_at_top = is_called_at_top;
}
