/*
 * errordetail.c
 *		Errors that would print stored values.
 *
 * "Failing row contains (…)" and "Key (…)=(…)" print values that no reveal() has
 * let through.  They are replaced before the error is caught, since an exception
 * handler of a procedural language could read them.
 *
 * The errors that print values cannot be listed: an extension has errors of its own.  So
 * if a statement touches a guarded relation, a DETAIL passes only in the classes listed
 * here, which print no row.  In a command whose values are all stored ones (REINDEX,
 * VACUUM) the message of a failed conversion is replaced, too: it quotes a value.
 *
 * These statements touch a guarded relation: an execution with one in its range table, or
 * that writes to a partitioned table with one below; a command that names one or an
 * ancestor of one; any other command that holds a lock on one that this session knows.
 * No catalog can be read in a PG_CATCH, so the relations that a write touches are found
 * before it runs.
 *
 * A write that keeps parts of a stored row (UPDATE, MERGE, ON CONFLICT) computes checks,
 * generated columns and index entries over columns that it does not set.  A failed
 * conversion there quotes a stored value in its message, too: see quoting.h.
 *
 * Deferred constraints are checked when a transaction ends, outside of all our hooks.  So
 * a transaction that has written to a guarded relation with such a constraint is noted.
 * An error in it that no hook of ours has seen is changed when it is reported, or, within
 * CALL and DO, which may commit, when it is thrown.
 */
#include "postgres.h"

#include "access/xact.h"
#include "nodes/execnodes.h"
#include "nodes/parsenodes.h"
#include "postgres_ext.h"
#include "storage/proc.h"
#include "utils/memutils.h"
#include "utils/reltrigger.h"
#include "utils/rel.h"

#include "compat.h"
#include "policy/commands.h"
#include "policy/descend.h"
#include "policy/policy.h"
#include "policy/quiet.h"
#include "policy/rtemark.h"
#include "read/door.h"
#include "read/errordetail.h"
#include "read/quoting.h"

/* Classes whose DETAIL prints no row. */
static const char *const harmless[] = {
	"08", "0A", "25", "26", "28", "2D", "34", "3B", "3D", "3F", "40", "42", "53", "54", "55", "57", "58",
	"72", "F0", "P0", "XX"
};

static emit_log_hook_type prev_emit_log = NULL;

/* The transaction whose end checks constraints of guarded relations. */
static LocalTransactionId deferring = InvalidLocalTransactionId;
bool		cg_errordetail_judged = false;

static bool is_harmless_class(int sqlerrcode);
static bool runs_statements(Node *statement);
static bool has_own_values(Node *statement);
static bool is_of_stored_rows(CgTouches touches);
static bool takes_stored_rows(const PlannedStmt *plan);
static bool is_target(const PlannedStmt *plan, Index rti);
static void set_deferring(void);
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
is_harmless_class(int sqlerrcode)
{
	for (int i = 0; i < lengthof(harmless); i++)
		if (ERRCODE_TO_CATEGORY(sqlerrcode) ==
			ERRCODE_TO_CATEGORY(MAKE_SQLSTATE(harmless[i][0], harmless[i][1], '0', '0', '0')))
			return true;
	return false;
}

static void
hide_detail(void)
{
	if (!is_harmless_class(geterrcode()) && cg_quiet_has_detail())
		errdetail("Not shown: the statement touches a relation with guarded columns.");
}

/* These commands run other statements, and each of those is handled by itself. */
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

/* These commands convert only values of their own text.  Others read rows. */
static bool
has_own_values(Node *statement)
{
	ListCell   *lc;

	switch (nodeTag(statement))
	{
		case T_CommentStmt:
		case T_CopyStmt:
		case T_DropStmt:
		case T_GrantStmt:
		case T_LockStmt:
		case T_RenameStmt:
		case T_SecLabelStmt:
			return true;
		case T_AlterTableStmt:
			foreach(lc, ((AlterTableStmt *) statement)->cmds)
			{
				AlterTableType subtype = lfirst_node(AlterTableCmd, lc)->subtype;

				if (subtype != AT_ColumnDefault && subtype != AT_SetOptions && subtype != AT_ResetOptions &&
					subtype != AT_SetRelOptions && subtype != AT_ResetRelOptions)
					return false;
			}
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
		case T_AlterDomainStmt:
			return CG_TOUCHES_LOCKED_STORED;
		case T_VacuumStmt:
			return cg_descend_guards_anything() ? CG_TOUCHES_STORED : CG_TOUCHES_NOTHING;
		case T_CopyStmt:
			return cg_descend_is_guarded(into) ? CG_TOUCHES_ROWS : CG_TOUCHES_NOTHING;
		default:
			if (touches)
				return has_own_values(statement) ? CG_TOUCHES_ROWS : CG_TOUCHES_STORED;
			return cg_commands_kind(nodeTag(statement)) == CG_COMMAND_FREE || runs_statements(statement) ?
				CG_TOUCHES_NOTHING : CG_TOUCHES_LOCKED;
	}
}

/* Does the plan write rows whose columns partly come from stored rows? */
static bool
takes_stored_rows(const PlannedStmt *plan)
{
	if (plan->commandType == CMD_UPDATE || plan->commandType == CMD_DELETE ||
		plan->commandType == CMD_MERGE || plan->hasModifyingCTE)
		return true;
	return plan->commandType == CMD_INSERT && IsA(plan->planTree, ModifyTable) &&
		((ModifyTable *) plan->planTree)->onConflictAction == ONCONFLICT_UPDATE;
}

static bool
is_target(const PlannedStmt *plan, Index rti)
{
	return list_member_int(plan->resultRelations, rti);
}

CgTouches
cg_errordetail_before_query(const PlannedStmt *plan)
{
	CgTouches	result = CG_TOUCHES_NOTHING;
	Index		rti = 0;
	ListCell   *lc;

	foreach(lc, plan->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);
		List	   *below = NIL;

		rti++;
		if (rte->rtekind != RTE_RELATION)
			continue;
		if (is_target(plan, rti) || rte->relkind == RELKIND_PARTITIONED_TABLE)
			below = cg_descend_guarded(rte->relid);
		if (cg_policy_get(rte->relid) == NULL && below == NIL)
			continue;
		result = Max(result, CG_TOUCHES_ROWS);
		if (takes_stored_rows(plan) && (below != NIL || is_target(plan, rti)) && cg_quoting_may(rte->relid))
			return CG_TOUCHES_STORED;
	}
	return result;
}

/* A mark in an entry says that the rewrite has found a guarded relation or the log there. */
CgTouches
cg_errordetail_of_query(QueryDesc *query, CgTouches before)
{
	ListCell   *lc;

	if (before != CG_TOUCHES_NOTHING)
		return before;
	foreach(lc, query->plannedstmt->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		if (rte->rtekind == RTE_RELATION && (rte->enrname || cg_policy_is_known(rte->relid) ||
											 cg_descend_is_known(rte->relid)))
			return CG_TOUCHES_ROWS;
	}
	return CG_TOUCHES_NOTHING;
}

static bool
is_of_stored_rows(CgTouches touches)
{
	return touches == CG_TOUCHES_STORED || touches == CG_TOUCHES_LOCKED_STORED;
}

bool
cg_errordetail_begin_touching(CgTouches touches)
{
	return cg_quiet_begin(is_of_stored_rows(touches));
}

void
cg_errordetail_hide(CgTouches touches)
{
	cg_errordetail_judged = true;
	if (touches == CG_TOUCHES_NOTHING ||
		((touches == CG_TOUCHES_LOCKED || touches == CG_TOUCHES_LOCKED_STORED) && !cg_policy_is_any_locked()))
		return;
	hide_detail();
	if (is_of_stored_rows(touches))
		cg_quiet_replace_error("an expression over stored values of a guarded relation has failed",
							   "It is in a check constraint, a generated column, an index or the command itself. The original message is not shown, since it may quote a stored value.");
}

void
cg_errordetail_command_done(CgTouches touches, Oid into)
{
	cg_errordetail_passed();
	if (OidIsValid(into) && touches != CG_TOUCHES_NOTHING)
		set_deferring();
}

/* It may be that only the door sees errors of the transaction's end, so it must be there. */
static void
set_deferring(void)
{
	deferring = CG_COMPAT_LXID(MyProc);
	cg_door_require();
}

static bool
has_deferrable(const ResultRelInfo *target)
{
	const TriggerDesc *triggers = target->ri_TrigDesc;
	bool		deferrable = false;

	for (int i = 0; triggers && i < triggers->numtriggers; i++)
		deferrable |= triggers->triggers[i].tgdeferrable;
	/* For a partition that rows are routed to, the policy may be known of the parent only. */
	return deferrable &&
		(cg_policy_get(RelationGetRelid(target->ri_RelationDesc)) ||
		 (target->ri_RootResultRelInfo &&
		  cg_policy_get(RelationGetRelid(target->ri_RootResultRelInfo->ri_RelationDesc))));
}

void
cg_errordetail_written(const EState *estate)
{
	ListCell   *lc;

	foreach(lc, estate->es_opened_result_relations)
		if (has_deferrable(lfirst(lc)))
			set_deferring();
	foreach(lc, estate->es_tuple_routing_result_relations)
		if (has_deferrable(lfirst(lc)))
			set_deferring();
}

static bool
is_deferring(void)
{
	return MyProc && LocalTransactionIdIsValid(deferring) && deferring == CG_COMPAT_LXID(MyProc);
}

/* Errors of statements inside come in frames of their own; those of the commit do not. */
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

/* The error is still on top of the stack, and its transaction is not yet aborted. */
static void
errordetail_emit(ErrorData *error)
{
	if (error->elevel >= ERROR)
	{
		if (!cg_errordetail_judged && error->detail && is_deferring())
			hide_detail();
		/* The door sees the error next. */
		cg_errordetail_judged = true;
	}
	/* trace_sort, and log_temp_files, tell how much room stored values take: see measures.c. */
	if (error->elevel == LOG && cg_rtemark_may_be_there())
		error->output_to_client = false;
	if (prev_emit_log)
		prev_emit_log(error);
}

/*
 * An ErrorResponse has fields of a letter and a string each, and a zero at the end.  If a
 * backend writes no errors to the log (log_min_messages, which only a superuser can set),
 * only the door sees an error that no hook of ours has caught.
 */
bool
cg_errordetail_is_telling(const char *body, size_t length)
{
	bool		detail = false;
	bool		telling = true;

	bool		seen = cg_errordetail_judged;

	cg_errordetail_judged = false;
	if (seen || !is_deferring())
		return false;
	for (size_t at = 0; at < length && body[at] != '\0'; at += 2 + strlen(body + at + 1))
	{
		const char *value = body + at + 1;

		if (body[at] == PG_DIAG_MESSAGE_DETAIL)
			detail = true;
		if (body[at] == PG_DIAG_SQLSTATE && strlen(value) == 5)
			telling = !is_harmless_class(MAKE_SQLSTATE(value[0], value[1], value[2], value[3], value[4]));
	}
	return detail && telling;
}
