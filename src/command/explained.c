/*
 * explained.c
 *		ExecutorStart: reads that come before a plan is run, if it is run at all.
 *
 * A value that a function was shown while the plan was made may be a constant of the plan.
 * EXPLAIN VERBOSE EXECUTE prints such a constant, without a call of ExecutorRun.
 *
 * PostgreSQL calls functions when it prepares a plan, to leave out partitions by conditions
 * that the planner could not decide.  Reads of these functions belong to the execution, as
 * later ones do.
 */
#include "postgres.h"

#include "executor/executor.h"

#include "base/objects.h"
#include "base/special.h"
#include "command/explained.h"
#include "policy/windowspare.h"
#include "read/around.h"
#include "read/resume.h"
#include "read/transition.h"

static ExecutorStart_hook_type prev_ExecutorStart = NULL;

static bool calls_nothing(const PlannedStmt *plan);
static void explained_start(QueryDesc *query, int eflags);
static pg_noinline void start_carefully(QueryDesc *query, int eflags);
static pg_noinline void start_as_execution(QueryDesc *query, int eflags);
static void call_next_explain(QueryDesc *query, int eflags);

void
cg_explained_init(void)
{
	prev_ExecutorStart = ExecutorStart_hook;
	ExecutorStart_hook = explained_start;
}

/* invalItems lists the functions and domains that are not PostgreSQL's own. */
static bool
calls_nothing(const PlannedStmt *plan)
{
	return plan->commandType == CMD_SELECT && !plan->hasModifyingCTE &&
		plan->appendRelations == NIL && plan->invalItems == NIL;
}

static void
explained_start(QueryDesc *query, int eflags)
{
	/*
	 * ExecutorStart decides which partitions are read, and prepares checks of domains.  A
	 * plan that only reads and needs neither calls no function yet.
	 */
	if (calls_nothing(query->plannedstmt) && (eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0 && !IsParallelWorker())
		call_next_explain(query, eflags);
	else
		start_carefully(query, eflags);
}

static void
start_carefully(QueryDesc *query, int eflags)
{
	cg_special_note_worker();
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		cg_resume_check_plan(query->plannedstmt);
	/* A database without the extension has no policy. */
	if (calls_nothing(query->plannedstmt) || !OidIsValid(cg_objects_schema()))
		call_next_explain(query, eflags);
	else
		start_as_execution(query, eflags);
}

/* A separate function, because PG_TRY would cost something in each statement. */
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
	if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0)
		cg_windowspare_start(query);
}

static void
call_next_explain(QueryDesc *query, int eflags)
{
	if (prev_ExecutorStart)
		prev_ExecutorStart(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
	/* Only the statements of triggers with transition tables have one. */
	if (query->queryEnv)
		cg_transition_note(query);
}
