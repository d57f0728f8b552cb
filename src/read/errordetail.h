/*
 * errordetail.h
 *		Errors that would print stored values.
 */
#ifndef CG_ERRORDETAIL_H
#define CG_ERRORDETAIL_H

#include "executor/execdesc.h"
#include "nodes/execnodes.h"
#include "nodes/nodes.h"

#include "policy/quiet.h"
#include "read/resume.h"

/* How a command, or an execution, uses stored values of guarded relations. */
typedef enum CgTouches
{
	CG_TOUCHES_NOTHING,
	CG_TOUCHES_LOCKED,			/* it uses the relations that it has locked when it fails */
	CG_TOUCHES_LOCKED_STORED,	/* the same, and all values that it uses are stored there */
	CG_TOUCHES_ROWS,			/* it reads or writes rows */
	CG_TOUCHES_STORED			/* all values that it uses may be stored values */
} CgTouches;

extern void cg_errordetail_init(void);

/*
 * Call it before a command runs: what the command will touch, as far as its text tells.
 * into: the table of a COPY FROM, or InvalidOid.  touches: the text names a guarded
 * relation or an ancestor of one.  May look into catalogs.
 */
extern CgTouches cg_errordetail_of_command(Node *statement, Oid into, bool touches);

/*
 * Call it before an execution that writes: what its writes will touch.  May look into
 * catalogs.
 */
extern CgTouches cg_errordetail_before_query(const PlannedStmt *plan);

/* Call it in the execution's PG_CATCH: the same with its reads.  Looks only into memory. */
extern CgTouches cg_errordetail_of_query(QueryDesc *query, CgTouches before);

/*
 * Call it just before the command or execution runs: warnings that may quote a stored
 * value are suppressed until cg_quiet_end().  Pass the result to cg_quiet_end(), after
 * success and after an error.
 */
extern bool cg_errordetail_begin_touching(CgTouches touches);

static inline bool
cg_errordetail_begin(CgTouches touches)
{
	return touches == CG_TOUCHES_NOTHING ? cg_quiet_begin(false) : cg_errordetail_begin_touching(touches);
}

/*
 * Call it in the PG_CATCH of a command or an execution: removes from the current error
 * the parts that may print stored values.  Looks into no catalog.
 */
extern void cg_errordetail_hide(CgTouches touches);

/* One of our hooks has seen the current error.  Only for the functions of this module. */
extern CG_HIDDEN bool cg_errordetail_judged;

/* Call it after the success of a command that checks no constraints. */
static inline void
cg_errordetail_passed(void)
{
	cg_errordetail_judged = false;
}

/*
 * Call them after success: the end of the transaction may check constraints of the rows
 * that were written.
 */
extern void cg_errordetail_command_done(CgTouches touches, Oid into);
extern void cg_errordetail_written(const EState *estate);

static inline void
cg_errordetail_query_done(QueryDesc *query)
{
	const EState *estate = query->estate;

	cg_errordetail_passed();
	if (estate->es_opened_result_relations != NIL || estate->es_tuple_routing_result_relations != NIL)
		cg_errordetail_written(estate);
}

/*
 * Call them around a command, in its frame.  If the command may commit while it runs,
 * errors of the commit are hidden where they are thrown, since a language may catch them.
 * Call leave only after success; an error removes the callback by itself.
 */
extern void cg_errordetail_enter(ErrorContextCallback *callback, Node *statement, CgFrame *frame);
extern void cg_errordetail_leave(ErrorContextCallback *callback);

/*
 * Has an ErrorResponse for the client a DETAIL that may print a row?  True only for an
 * error of the end of such a transaction that no hook of ours has seen.
 */
extern bool cg_errordetail_is_telling(const char *body, size_t length);

#endif							/* CG_ERRORDETAIL_H */
