/*
 * toplevel.c
 *		Is a function called by the session's own statement?
 *
 * The application's statement may run code of others: the trigger of a table that it writes.
 * Only the application says for whom its session reads.  So such a call is a column of a
 * SELECT that the client has sent, SELECT act_as_session(...), or its only table,
 * SELECT * FROM act_as_session(...).  It does not suffice that no other execution is under
 * way: PL/pgSQL computes a simple expression without one.
 */
#include "postgres.h"

#include "fmgr.h"
#include "nodes/plannodes.h"

#include "base/actorsession.h"
#include "read/resume.h"
#include "read/toplevel.h"

static bool is_called_at_top(FunctionCallInfo fcinfo);

static bool
is_called_at_top(FunctionCallInfo fcinfo)
{
	const CgFrame *frame = cg_resume_innermost;
	const Node *call = fcinfo->flinfo ? fcinfo->flinfo->fn_expr : NULL;
	Plan	   *plan;
	ListCell   *lc;

	if (frame == NULL || frame->outer != NULL || frame->query == NULL || call == NULL)
		return false;
	plan = frame->query->plannedstmt->planTree;
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
