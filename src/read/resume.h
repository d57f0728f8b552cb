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
#include "tcop/pquery.h"

#include "base/special.h"
#include "read/shown.h"

/*
 * One frame for each execution and each utility command under way, on the C stack.  A
 * frame hands on to its outer frame the set of what was shown inside of it, also by
 * functions that it calls.
 */
typedef struct CgFrame
{
	struct CgFrame *outer;
	uint64		number;			/* 0: not numbered yet */
	struct PortalData *portal;	/* the portal that runs it, or NULL */
	QueryDesc  *query;			/* of an execution, or NULL */
	bool		again;			/* the query may be run again; set before it is left */
	CgShown    *shown;			/* NULL: nothing yet */
	TimestampTz checked_at;		/* when all of "shown" was last known to be open */
} CgFrame;

/* Only for the functions here. */
extern CG_HIDDEN CgFrame *cg_resume_innermost;
extern void cg_resume_leave_special(CgFrame *frame, bool success);
extern void cg_resume_leave_shown_planning(CgFrame *frame, PlannedStmt *plan);

/*
 * query: of an execution, NULL for a command.  If the execution may be resumed, set "again"
 * before it is left; it is remembered if it succeeds.
 */
static inline void
cg_resume_enter(CgFrame *frame, QueryDesc *query)
{
	frame->outer = cg_resume_innermost;
	frame->number = 0;
	frame->portal = ActivePortal;
	frame->query = query;
	frame->again = false;
	frame->shown = NULL;
	cg_resume_innermost = frame;
}

static inline bool
cg_resume_is_innermost(const CgFrame *frame)
{
	return frame == cg_resume_innermost;
}

/* Leaves the innermost frame. */
static inline void
cg_resume_leave(CgFrame *frame, bool success)
{
	cg_resume_innermost = frame->outer;
	if (cg_special_is())
		cg_resume_leave_special(frame, success);
}

/* Adds to the innermost frame a value that has been shown there: see cg_shown_add. */
extern void cg_resume_add(const CgActor *actor, Oid relid, const char *customer);

/*
 * Call it before a run: ERROR object_not_in_prerequisite_state if the query has shown
 * values in an earlier run that its actor may not see any more, or if another actor runs
 * it now.
 */
extern void cg_resume_check(QueryDesc *query);

/*
 * Notes, if a cursor WITH HOLD runs this plan, which permissions the plan assumes: they are
 * checked when rows are fetched later.
 */
extern void cg_resume_note_held(const PlannedStmt *plan);

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
static inline void
cg_resume_enter_planning(CgFrame *frame)
{
	cg_resume_enter(frame, NULL);
	/* Planning fills no store. */
	frame->portal = NULL;
}

static inline void
cg_resume_leave_planning(CgFrame *frame, PlannedStmt *plan)
{
	if (frame->shown)
		cg_resume_leave_shown_planning(frame, plan);
	else
		cg_resume_leave(frame, plan != NULL);
}

#endif							/* CG_RESUME_H */
