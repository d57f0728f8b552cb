/*
 * resume.h
 *		Later looks at what was shown before: executions that are resumed, and
 *		results that PostgreSQL has stored.
 */
#ifndef CG_RESUME_H
#define CG_RESUME_H

#include "datatype/timestamp.h"
#include "executor/execdesc.h"
#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"

#include "read/shown.h"

/*
 * One for each execution and each utility command under way, on the C stack.  What
 * is shown inside of it, by functions that it calls too, it hands on to the one
 * around it.
 */
typedef struct CgFrame
{
	struct CgFrame *outer;
	uint64		number;
	struct PortalData *portal;	/* the one that runs it, or NULL */
	QueryDesc  *query;			/* of an execution, or NULL */
	bool		again;			/* what it runs may be run again */
	CgShown    *shown;			/* NULL: nothing yet */
	TimestampTz checked_at;		/* when all of that was known to be open */
} CgFrame;

/*
 * query: of an execution, NULL for a command.  again: it may be resumed, and is
 * remembered if it succeeds.
 */
extern void cg_resume_enter(CgFrame *frame, QueryDesc *query, bool again);

extern bool cg_resume_is_innermost(const CgFrame *frame);

/* Leaves the innermost frame. */
extern void cg_resume_leave(CgFrame *frame, bool success);

/* Notes in the innermost frame what has been shown there: see cg_shown_add. */
extern void cg_resume_add(const CgActor *actor, Oid relid, const char *customer);

/*
 * Before a run: ERROR object_not_in_prerequisite_state if the query has shown in
 * an earlier run what its actor may not see any more, or is run by another one.
 */
extern void cg_resume_check(QueryDesc *query);

/*
 * The same for what the plan has in it from when it was made; before each run, and
 * before EXPLAIN, which runs nothing, prints it.
 */
extern void cg_resume_check_plan(const PlannedStmt *plan);

/*
 * Within an execution or a command that runs statements: closes the portals of this
 * session whose stores may not be shown any more, looking once a second.
 */
extern void cg_resume_close_stores(void);

/*
 * Before a FETCH: the same for a portal whose rows PostgreSQL has stored, and
 * replays without an executor.  Called in the command's frame.
 */
extern void cg_resume_check_fetch(const FetchStmt *fetch);

/*
 * Before a row goes to the client; first: of a batch.  The same ERROR for a stored
 * result, at the first row and each second; and each second for an execution that may
 * hold rows back.  Needs a transaction, and a caller that may throw.
 */
extern void cg_resume_check_row(bool first);

/*
 * Around the planning of a query, which may call functions.  What they were shown
 * may be a constant of the plan, which then carries the set with it; leave may throw
 * for want of memory.  plan NULL: it has failed.
 */
extern void cg_resume_enter_planning(CgFrame *frame);
extern void cg_resume_leave_planning(CgFrame *frame, PlannedStmt *plan);

#endif							/* CG_RESUME_H */
