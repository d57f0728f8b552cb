/*
 * explained.c
 *		What happens before a plan is run, if it is run at all.
 *
 * What functions were shown while a plan was made may be a constant of it, which
 * EXPLAIN VERBOSE EXECUTE prints.  No ExecutorRun comes first.
 *
 * PostgreSQL calls functions when it makes a plan ready: to leave out partitions, by
 * conditions that the planner could not decide.  What they read then is the
 * execution's as much as what they read later.
 */
#include "postgres.h"

#include "base/objects.h"
#include "executor/executor.h"

#include "command/explained.h"
#include "read/around.h"
#include "read/resume.h"

static ExecutorStart_hook_type prev_ExecutorStart = NULL;

static bool calls_nothing(const PlannedStmt *plan);
static void explained_start(QueryDesc *query, int eflags);
static pg_noinline void start_as_execution(QueryDesc *query, int eflags);
static void call_next_explain(QueryDesc *query, int eflags);

void
cg_explained_init(void)
{
	prev_ExecutorStart = ExecutorStart_hook;
	ExecutorStart_hook = explained_start;
}

/* invalItems has the functions and domains that are not PostgreSQL's own. */
static bool
calls_nothing(const PlannedStmt *plan)
{
	return plan->commandType == CMD_SELECT && !plan->hasModifyingCTE &&
		plan->appendRelations == NIL && plan->invalItems == NIL;
}

static void
explained_start(QueryDesc *query, int eflags)
{
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		cg_resume_check_plan(query->plannedstmt);
	/*
	 * Which partitions will be read is decided here, and checks of domains are made ready.
	 * A plan that only reads and does neither calls nothing yet; a database without us has
	 * no policy.
	 */
	if (calls_nothing(query->plannedstmt) || !OidIsValid(cg_objects_schema()))
		call_next_explain(query, eflags);
	else
		start_as_execution(query, eflags);
}

/* Apart, since every statement pays for a function that can catch errors. */
static void
start_as_execution(QueryDesc *query, int eflags)
{
	CgAround	around;

	cg_around_enter_execution(&around, query);
	PG_TRY();
	{
		call_next_explain(query, eflags);
	}
	PG_FINALLY();
	{
		cg_around_leave(&around);
	}
	PG_END_TRY();
}

static void
call_next_explain(QueryDesc *query, int eflags)
{
	if (prev_ExecutorStart)
		prev_ExecutorStart(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
}
