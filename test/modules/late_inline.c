/*
 * late_inline.c
 *		Test module: set-returning SQL functions are inlined behind contact_guard's back.
 *
 * Preloaded before contact_guard, so that our planner hook is called by its own,
 * after the rewrite, and our needs_fmgr_hook before its own: contact_guard cannot
 * inline any function, nor forbid it to the planner.  What is left is its check of
 * the relations that the planner opens.
 */
#include "postgres.h"

#include "fmgr.h"
#include "optimizer/planner.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

static bool
no_inlining(Oid function)
{
	return true;
}

static PlannedStmt *
plan(Query *parse, const char *query_string, int cursorOptions, ParamListInfo boundParams)
{
	needs_fmgr_hook_type hook = needs_fmgr_hook;
	PlannedStmt *result;

	needs_fmgr_hook = NULL;
	PG_TRY();
	{
		result = standard_planner(parse, query_string, cursorOptions, boundParams);
	}
	PG_FINALLY();
	{
		needs_fmgr_hook = hook;
	}
	PG_END_TRY();
	return result;
}

void
_PG_init(void)
{
	needs_fmgr_hook = no_inlining;
	planner_hook = plan;
}
