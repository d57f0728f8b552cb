/*
 * resume.h
 *		Later looks at what was shown before: executions that are resumed, and
 *		results that PostgreSQL has stored.
 */
#ifndef CG_RESUME_H
#define CG_RESUME_H

#include "executor/execdesc.h"
#include "nodes/parsenodes.h"

#include "shown.h"

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
	bool		again;			/* what it runs may be run again */
	bool		wanted;			/* somebody will ask what was shown */
	CgShown    *shown;			/* NULL: nothing yet */
} CgFrame;

/* again: it is an execution that may be resumed, and is remembered if it succeeds. */
extern void cg_resume_enter(CgFrame *frame, bool again);

extern bool cg_resume_is_innermost(const CgFrame *frame);

/* Leaves the innermost frame.  query: of an execution, NULL for a command. */
extern void cg_resume_leave(CgFrame *frame, QueryDesc *query, bool success);

/* Notes in the innermost frame what has been shown there: see cg_shown_add. */
extern void cg_resume_add(const CgActor *actor, Oid relid, const char *customer);

/* Notes there that a condition has met a withheld value. */
extern void cg_resume_add_condition(void);

/* Has a condition of that portal's query, or in a function of it, met a withheld value? */
extern bool cg_resume_withheld_in_condition(struct PortalData *portal);

/*
 * Before a run: ERROR object_not_in_prerequisite_state if the query has shown in
 * an earlier run what its actor may not see any more, or is run by another one.
 */
extern void cg_resume_check(QueryDesc *query);

/*
 * Before a FETCH: the same for a portal whose rows PostgreSQL has stored, and
 * replays without an executor.  Called in the command's frame.
 */
extern void cg_resume_check_fetch(const FetchStmt *fetch);

/*
 * Before a row of a stored result goes to the client; first: of a batch.  The same
 * ERROR.  Needs a transaction, and a caller that may throw.
 */
extern void cg_resume_check_row(bool first);

#endif							/* CG_RESUME_H */
