/*
 * around.h
 *		What the statements around write, and whether a mask has chosen their rows.
 */
#ifndef CG_AROUND_H
#define CG_AROUND_H

#include "executor/execdesc.h"
#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"

#define CG_AROUND_STORES	0x01	/* what its functions return is stored */
#define CG_AROUND_DELETES	0x02	/* what its functions return chooses rows to delete */

/*
 * One for each execution, each planning of a query and each utility command under
 * way, on the C stack.
 */
typedef struct CgAround
{
	struct CgAround *outer;
	QueryDesc  *query;			/* of an execution, or NULL */
	int			writes;
	int			triggers;		/* how many it runs in, one within the other */
	Node	   *unresolved;		/* of EXECUTE: it, if nobody has asked what it writes */
	const char *prepared;		/* of EXECUTE: the text; writes is about its arguments */
	struct PortalData *portal;	/* the one that runs it, or NULL */
	const void *errors;			/* the error context that it was entered in */
	bool		planning;		/* a query is being planned */
	bool		read;			/* with values of guarded columns: see folding.h */
	bool		folded;			/* its plan has something that must not be stored */
	bool		masked;			/* which is a mask */
	bool		chose;			/* a mask has had a part in choosing its rows */
	Oid			chosen_by;		/* by this function alone, which it has called; or 0 */
	bool		noted;			/* chosen.c has been told so */
} CgAround;

/* What a query, a plan or a utility command writes. */
extern int	cg_around_writes_of_query(const Query *query);
extern int	cg_around_writes_of_plan(const PlannedStmt *plan);

/* Enter one; throws nothing.  Whoever enters leaves, after an error too. */
extern void cg_around_enter_execution(CgAround *around, QueryDesc *query);
extern void cg_around_enter_planning(CgAround *around, const Query *query);
extern void cg_around_enter_command(CgAround *around, Node *statement);
extern void cg_around_leave(CgAround *around);

/* The innermost one, or NULL. */
extern CgAround *cg_around_innermost(void);

/* Marks a plan in which there may be a constant that must not be stored. */
extern void cg_around_mark_plan(const CgAround *around, PlannedStmt *plan);

/*
 * At the beginning of an execution or a command: ERROR insufficient_privilege if it
 * writes within one whose rows a mask has chosen, or would store what is in its plan.
 */
extern void cg_around_require_free_choice(void);

/*
 * Is the innermost execution, or a statement around it that is not a trigger's,
 * storing rows?  What a function returns to a statement that stores is stored.
 */
extern bool cg_around_stores(void);

/* The same for one that deletes: what its functions return chooses rows. */
extern bool cg_around_deletes(void);

/*
 * Notes that something that must not be stored, a mask perhaps, is returned by the
 * innermost execution: where it goes into a plan that is being made around it, the
 * executions of that must not store.
 */
extern void cg_around_note_folded(bool mask);

/*
 * A mask has a part in choosing the rows of the innermost execution (own), their order
 * alone (neither), or is in what it may return (inner).  Cursors around it remember.
 */
extern void cg_around_note_choice(bool own, bool order, bool flows);

/* A function that this execution has called was part in that, in the same way. */
extern void cg_around_note_chosen_by(CgAround *around, Oid function);

#endif							/* CG_AROUND_H */
