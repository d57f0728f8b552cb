/*
 * errordetail.c
 *		Errors that print stored values.
 *
 * "Failing row contains (…)" and "Key (…)=(…)" print values that no reveal() has
 * let through.  They are replaced while the error is still on its way, since an
 * exception handler of a procedural language would read them before the client.
 *
 * Which errors do is not known: an extension has its own.  So where a statement
 * touches a guarded relation a DETAIL passes only in the classes listed here, which
 * print no row.  A command that has no values but the stored ones (REINDEX, VACUUM)
 * loses the message of a failed conversion, too, which quotes one.
 *
 * What touches a guarded relation: an execution with one in its range table, or
 * that rows were routed to; a command that names one or an ancestor; any other
 * command that comes to hold a lock on one that this session knows.
 *
 * The checks of deferred constraints run when a transaction ends, outside of all
 * our hooks.  So a transaction that has written to a guarded relation with such a
 * constraint is noted, and an error that no hook of ours has seen is dealt with
 * when it is reported; within CALL and DO, which may commit, when it is thrown.
 */
#include "postgres.h"

#include "access/xact.h"
#include "nodes/execnodes.h"
#include "nodes/parsenodes.h"
#include "storage/proc.h"
#include "utils/memutils.h"
#include "utils/reltrigger.h"
#include "utils/rel.h"

#include "commands.h"
#include "ddl.h"
#include "descend.h"
#include "errordetail.h"
#include "policy.h"

/* Classes whose DETAIL prints no row. */
static const char *const harmless[] = {
	"08", "0A", "25", "26", "28", "2D", "34", "3B", "3D", "3F", "40", "42", "53", "54", "55", "57", "58",
	"72", "F0", "P0", "XX"
};

static emit_log_hook_type prev_emit_log = NULL;

/* The transaction whose end checks constraints of guarded relations. */
static LocalTransactionId deferring = InvalidLocalTransactionId;
static bool judged = false;		/* the error on its way has passed one of them */

static bool is_harmless(int sqlerrcode);
static bool has_detail(void);
static bool runs_statements(Node *statement);
static bool has_deferrable(const ResultRelInfo *target);
static bool is_deferring(void);
static void hide_detail(void);
static void hide_at_commit(void *arg);
static void errordetail_emit(ErrorData *error);

void
cg_errordetail_init(void)
{
	prev_emit_log = emit_log_hook;
	emit_log_hook = errordetail_emit;
}

static bool
is_harmless(int sqlerrcode)
{
	for (int i = 0; i < lengthof(harmless); i++)
		if (ERRCODE_TO_CATEGORY(sqlerrcode) ==
			ERRCODE_TO_CATEGORY(MAKE_SQLSTATE(harmless[i][0], harmless[i][1], '0', '0', '0')))
			return true;
	return false;
}

static bool
has_detail(void)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(TopMemoryContext);
	ErrorData  *error = CopyErrorData();
	bool		result = error->detail != NULL;

	FreeErrorData(error);
	MemoryContextSwitchTo(oldcontext);
	return result;
}

static void
hide_detail(void)
{
	if (!is_harmless(geterrcode()) && has_detail())
		errdetail("Not shown: the statement touches a relation with guarded columns.");
}

/* What they do is done by statements of their own, which are decided for themselves. */
static bool
runs_statements(Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_CallStmt:
		case T_CreateTableAsStmt:
		case T_DeclareCursorStmt:
		case T_DoStmt:
		case T_ExecuteStmt:
		case T_ExplainStmt:
		case T_FetchStmt:
		case T_PrepareStmt:
		case T_TransactionStmt:
			return true;
		default:
			return false;
	}
}

CgTouches
cg_errordetail_of_command(Node *statement, Oid into, bool touches)
{
	switch (nodeTag(statement))
	{
		case T_ClusterStmt:
		case T_IndexStmt:
		case T_ReindexStmt:
			return touches ? CG_TOUCHES_STORED : CG_TOUCHES_NOTHING;
		case T_VacuumStmt:
			return cg_ddl_guards_anything() ? CG_TOUCHES_STORED : CG_TOUCHES_NOTHING;
		case T_CopyStmt:
			return cg_ddl_is_guarded(into) ? CG_TOUCHES_ROWS : CG_TOUCHES_NOTHING;
		default:
			if (touches)
				return CG_TOUCHES_ROWS;
			return cg_commands_kind(nodeTag(statement)) == CG_COMMAND_FREE || runs_statements(statement) ?
				CG_TOUCHES_NOTHING : CG_TOUCHES_LOCKED;
	}
}

/* A mark in an entry says that the rewrite has seen something of ours there. */
CgTouches
cg_errordetail_of_query(QueryDesc *query)
{
	ListCell   *lc;

	foreach(lc, query->plannedstmt->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		if (rte->rtekind == RTE_RELATION && (rte->enrname || cg_policy_is_known(rte->relid) ||
											 cg_descend_is_known(rte->relid)))
			return CG_TOUCHES_ROWS;
	}
	if (query->estate == NULL)
		return CG_TOUCHES_NOTHING;
	foreach(lc, query->estate->es_tuple_routing_result_relations)
		if (cg_policy_is_known(RelationGetRelid(((ResultRelInfo *) lfirst(lc))->ri_RelationDesc)))
			return CG_TOUCHES_ROWS;
	return CG_TOUCHES_NOTHING;
}

void
cg_errordetail_hide(CgTouches touches)
{
	judged = true;
	if (touches == CG_TOUCHES_NOTHING || (touches == CG_TOUCHES_LOCKED && !cg_policy_is_any_locked()))
		return;
	hide_detail();
	if (touches == CG_TOUCHES_STORED && ERRCODE_TO_CATEGORY(geterrcode()) == ERRCODE_DATA_EXCEPTION)
		errmsg("an expression over stored values of a guarded relation has failed");
}

void
cg_errordetail_command_done(CgTouches touches, Oid into)
{
	judged = false;
	if (OidIsValid(into) && touches != CG_TOUCHES_NOTHING)
		deferring = MyProc->lxid;
}

static bool
has_deferrable(const ResultRelInfo *target)
{
	const TriggerDesc *triggers = target->ri_TrigDesc;

	/* Of a partition that rows are routed to, who was asked about is the parent. */
	if (triggers == NULL ||
		!(cg_policy_is_known(RelationGetRelid(target->ri_RelationDesc)) ||
		  (target->ri_RootResultRelInfo &&
		   cg_policy_is_known(RelationGetRelid(target->ri_RootResultRelInfo->ri_RelationDesc)))))
		return false;
	for (int i = 0; i < triggers->numtriggers; i++)
		if (triggers->triggers[i].tgdeferrable)
			return true;
	return false;
}

void
cg_errordetail_query_done(QueryDesc *query)
{
	EState	   *estate = query->estate;
	ListCell   *lc;

	judged = false;
	foreach(lc, estate->es_opened_result_relations)
		if (has_deferrable(lfirst(lc)))
			deferring = MyProc->lxid;
	foreach(lc, estate->es_tuple_routing_result_relations)
		if (has_deferrable(lfirst(lc)))
			deferring = MyProc->lxid;
}

static bool
is_deferring(void)
{
	return MyProc && LocalTransactionIdIsValid(deferring) && deferring == MyProc->lxid;
}

/* Of the errors inside only those of the commit are not in a frame of their own. */
static void
hide_at_commit(void *arg)
{
	if (is_deferring() && cg_resume_is_innermost(arg))
		hide_detail();
}

void
cg_errordetail_enter(ErrorContextCallback *callback, Node *statement, CgFrame *frame)
{
	callback->callback = NULL;
	if (!IsA(statement, CallStmt) && !IsA(statement, DoStmt))
		return;
	callback->callback = hide_at_commit;
	callback->arg = frame;
	callback->previous = error_context_stack;
	error_context_stack = callback;
}

void
cg_errordetail_leave(ErrorContextCallback *callback)
{
	if (callback->callback)
		error_context_stack = callback->previous;
}

/* The error is still on top, and its transaction not yet aborted. */
static void
errordetail_emit(ErrorData *error)
{
	if (error->elevel >= ERROR)
	{
		if (!judged && error->detail && is_deferring())
			hide_detail();
		judged = false;
	}
	if (prev_emit_log)
		prev_emit_log(error);
}

void
cg_errordetail_hide_parameters(void)
{
	int			code = geterrcode();

	if ((code == ERRCODE_NO_DATA_FOUND || code == ERRCODE_TOO_MANY_ROWS) && has_detail())
		errdetail("Not shown: the parameters may be guarded values.");
}
