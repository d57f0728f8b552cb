/*
 * explained.c
 *		EXPLAIN, which prints a plan and runs nothing.
 *
 * What functions were shown while a plan was made may be a constant of it, which
 * EXPLAIN VERBOSE EXECUTE prints.  No ExecutorRun comes first.
 */
#include "postgres.h"

#include "executor/executor.h"

#include "command/explained.h"
#include "read/resume.h"

static ExecutorStart_hook_type prev_ExecutorStart = NULL;

static void explained_start(QueryDesc *query, int eflags);

void
cg_explained_init(void)
{
	prev_ExecutorStart = ExecutorStart_hook;
	ExecutorStart_hook = explained_start;
}

static void
explained_start(QueryDesc *query, int eflags)
{
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		cg_resume_check_plan(query->plannedstmt);
	if (prev_ExecutorStart)
		prev_ExecutorStart(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
}
