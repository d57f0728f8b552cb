/*
 * errordetail.h
 *		Errors that print stored values.
 */
#ifndef CG_ERRORDETAIL_H
#define CG_ERRORDETAIL_H

#include "executor/execdesc.h"
#include "nodes/nodes.h"

#include "read/resume.h"

/* How a command, or an execution, comes to stored values of guarded relations. */
typedef enum CgTouches
{
	CG_TOUCHES_NOTHING,
	CG_TOUCHES_LOCKED,			/* what it has locked when it fails */
	CG_TOUCHES_LOCKED_STORED,	/* the same, and it has no values but what is stored there */
	CG_TOUCHES_ROWS,			/* it reads or writes rows */
	CG_TOUCHES_STORED			/* it has no values but what is stored */
} CgTouches;

extern void cg_errordetail_init(void);

/*
 * Before a command runs: what it will touch as far as its text says.  into: the
 * table of a COPY FROM, or InvalidOid.  May look into catalogs.
 */
extern CgTouches cg_errordetail_of_command(Node *statement, Oid into, bool touches);

/*
 * Before an execution that writes: what it will touch by that.  May look into
 * catalogs.
 */
extern CgTouches cg_errordetail_before_query(const PlannedStmt *plan);

/* In its PG_CATCH: that, or what it reads; from memory alone. */
extern CgTouches cg_errordetail_of_query(QueryDesc *query, CgTouches before);

/*
 * Just before it runs: warnings that may quote a stored value reach nobody until
 * cg_quiet_end(), which is given the result, after success and errors.
 */
extern bool cg_errordetail_begin(CgTouches touches);

/*
 * In the PG_CATCH of a command or an execution: takes out of the error on its way
 * what may print stored values.  Looks into no catalog.
 */
extern void cg_errordetail_hide(CgTouches touches);

/*
 * After one that went well: the end of the transaction may check what it has
 * written.
 */
extern void cg_errordetail_command_done(CgTouches touches, Oid into);
extern void cg_errordetail_query_done(QueryDesc *query);

/*
 * Around a command, in its frame: one that may commit in its midst hides the errors of the commit
 * where they are thrown, since a language may catch them.  leave comes after
 * success; an error takes the callback away by itself.
 */
extern void cg_errordetail_enter(ErrorContextCallback *callback, Node *statement, CgFrame *frame);
extern void cg_errordetail_leave(ErrorContextCallback *callback);

/*
 * Does an ErrorResponse that is on its way to the client come from the end of such a
 * transaction, unseen by all hooks, with a DETAIL that may print a row?
 */
extern bool cg_errordetail_is_telling(const char *body, size_t length);

#endif							/* CG_ERRORDETAIL_H */
