/*
 * resume.h
 *		Later checks of values that were shown before: in executions that are
 *		resumed, and in results that PostgreSQL has stored.
 */
#ifndef CG_RESUME_H
#define CG_RESUME_H

#include "datatype/timestamp.h"
#include "executor/execdesc.h"
#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"

#include "read/shown.h"

/*
 * One frame for each execution and each utility command under way, on the C stack.  A
 * frame hands on to its outer frame the set of what was shown inside of it, also by
 * functions that it calls.
 */
typedef struct CgFrame
{
	struct CgFrame *outer;
	uint64		number;
	struct PortalData *portal;	/* the portal that runs it, or NULL */
	QueryDesc  *query;			/* of an execution, or NULL */
	bool		again;			/* the query may be run again */
	CgShown    *shown;			/* NULL: nothing yet */
	TimestampTz checked_at;		/* when all of "shown" was last known to be open */
} CgFrame;

/*
 * query: of an execution, NULL for a command.  again: the execution may be resumed, so
 * it is remembered if it succeeds.
 */
extern void cg_resume_enter(CgFrame *frame, QueryDesc *query, bool again);

extern bool cg_resume_is_innermost(const CgFrame *frame);

/* Leaves the innermost frame. */
extern void cg_resume_leave(CgFrame *frame, bool success);

/* Adds to the innermost frame a value that has been shown there: see cg_shown_add. */
extern void cg_resume_add(const CgActor *actor, Oid relid, const char *customer);

/*
 * Call it before a run: ERROR object_not_in_prerequisite_state if the query has shown
 * values in an earlier run that its actor may not see any more, or if another actor runs
 * it now.
 */
extern void cg_resume_check(QueryDesc *query);

/*
 * The same for values that went into the plan when it was made.  Call it before each
 * run, and before EXPLAIN, which runs nothing, prints the plan.
 */
extern void cg_resume_check_plan(const PlannedStmt *plan);

/*
 * Call it within an execution, or a command that runs statements: closes the portals of
 * this session whose stores may not be shown any more.  Checks a store once a second.
 */
extern void cg_resume_close_stores(void);

/*
 * Call it before a FETCH, in the command's frame: the same ERROR as cg_resume_check() for
 * a portal whose rows PostgreSQL has stored and replays without an executor.
 */
extern void cg_resume_check_fetch(const FetchStmt *fetch);

/*
 * Call it before a row goes to the client; first: it is the first row of a batch.  The
 * same ERROR for a stored result, at the first row and each second, and for an execution
 * that may hold rows back, each second.  Needs a transaction, and a caller that may
 * throw.
 */
extern void cg_resume_check_row(bool first);

/*
 * Call them around the planning of a query, which may run functions.  A value that was
 * shown to a function may be a constant of the plan, so the plan carries the set.  plan
 * NULL: planning has failed.  leave may throw if there is no memory.
 */
extern void cg_resume_enter_planning(CgFrame *frame);
extern void cg_resume_leave_planning(CgFrame *frame, PlannedStmt *plan);

#endif							/* CG_RESUME_H */
