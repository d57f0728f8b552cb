/*
 * around.h
 *		The statements around an execution: what they write, and whether a mask has
 *		chosen their rows.
 */
#ifndef CG_AROUND_H
#define CG_AROUND_H

#include "executor/execdesc.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"
#include "tcop/pquery.h"
#include "utils/fmgrprotos.h"

#include "base/special.h"

#define CG_AROUND_STORES	0x01	/* results of its functions are stored */
#define CG_AROUND_DELETES	0x02	/* results of its functions choose rows to delete */

/*
 * One for each execution, each planning of a query and each utility command that is
 * under way, on the C stack.
 */
typedef struct CgAround
{
	struct CgAround *outer;
	QueryDesc  *query;			/* of an execution, or NULL */
	int			writes;
	int			triggers;		/* number of triggers that it runs in */
	Node	   *unresolved;		/* a plan or an EXECUTE, until "writes" is asked for; or NULL */
	const char *prepared;		/* of EXECUTE: the text; "writes" is about its arguments */
	struct PortalData *portal;	/* the portal that runs it, or NULL */
	const void *errors;			/* the error context in which it was entered */
	bool		planning;		/* a query is being planned */
	bool		in_check;		/* in the check or the action of a foreign key */
	bool		read;			/* planning has read guarded values: see folding.h */
	bool		folded;			/* a constant of its plan must not be stored */
	bool		masked;			/* that constant is a mask */
	bool		chose;			/* a mask has helped to choose its rows */
	Oid			chosen_by;		/* the one called function that has read the mask, or 0 */
	bool		wrote;			/* an execution in it has written values to withhold: measures.h */
	bool		noted;			/* chosen.c knows that a mask has chosen its rows */
} CgAround;

/* The writes of a query or of a plan: CG_AROUND_STORES, CG_AROUND_DELETES. */
extern int	cg_around_writes_of_query(const Query *query);
extern int	cg_around_writes_of_plan(const PlannedStmt *plan);

/* Only for the functions here. */
extern CG_HIDDEN CgAround *cg_around_now;
extern void cg_around_recall(CgAround *around);
extern void cg_around_enter_other_command(CgAround *around, Node *statement);

/* Its writes are those of the plan or the command "unresolved", or none. */
static inline void
cg_around_enter(CgAround *around, QueryDesc *query, Node *unresolved)
{
	memset(around, 0, sizeof(*around));
	around->outer = cg_around_now;
	around->query = query;
	around->unresolved = unresolved;
	/* pg_trigger_depth() takes no arguments and does not use its caller's info. */
	around->triggers = DatumGetInt32(pg_trigger_depth(NULL));
	around->portal = ActivePortal;
	around->errors = error_context_stack;
	around->in_check = InNoForceRLSOperation();
	cg_around_now = around;
}

/* They throw nothing.  A caller that enters must leave, after an error, too. */
static inline void
cg_around_enter_execution(CgAround *around, QueryDesc *query)
{
	cg_around_enter(around, query, (Node *) query->plannedstmt);
	if (cg_special_is())
		cg_around_recall(around);
}

extern void cg_around_enter_planning(CgAround *around, const Query *query);

static inline void
cg_around_enter_command(CgAround *around, Node *statement)
{
	if (IsA(statement, ExecuteStmt))
		cg_around_enter(around, NULL, statement);
	else
		cg_around_enter_other_command(around, statement);
}

static inline void
cg_around_leave(CgAround *around)
{
	cg_around_now = around->outer;
}

/* The innermost one, or NULL. */
static inline CgAround *
cg_around_innermost(void)
{
	return cg_around_now;
}

/* Marks a plan in which there may be a constant that must not be stored. */
extern void cg_around_mark_plan(const CgAround *around, PlannedStmt *plan);

/*
 * Call it at the beginning of an execution or a command: ERROR insufficient_privilege if
 * it writes inside of a statement whose rows a mask has chosen, or if it would store a
 * constant of its plan that must not be stored.
 */
extern void cg_around_require_free_choice(void);

/*
 * Does a statement around the innermost execution, inside of the same trigger, store
 * rows?  It then stores the results of the functions that it calls.
 */
extern bool cg_around_stores(void);

/* The same for a statement that deletes: results of its functions choose rows. */
extern bool cg_around_deletes(void);

/*
 * Notes that the innermost execution returns a value that must not be stored (mask: it
 * is a mask).  If the value goes into a plan that is being made around it, executions of
 * that plan must not store.
 */
extern void cg_around_note_folded(bool mask);

/*
 * Notes that a mask helps to choose the rows of the innermost execution (own) or decides
 * their order (order), or is in its results (flows).  Cursors around it remember that.
 */
extern void cg_around_note_choice(bool own, bool order, bool flows);

/* Notes that a function which this execution has called has read such a mask. */
extern void cg_around_note_chosen_by(CgAround *around, Oid function);

/*
 * Is the query that is planned now (running: the innermost execution) the query of a
 * foreign key itself, which checks it or does what ON DELETE says?  Such a query sees
 * all rows, as it does under row security.  A query that a trigger or a cast runs inside
 * of such a check is not the check itself.
 */
extern bool cg_around_is_foreign_key_check(bool running);

#endif							/* CG_AROUND_H */
