/*
 * utility.c
 *		Commands without a plan: COPY, databases, DROP EXTENSION.
 *
 * The hook only dispatches.  copyto.c, databases.c, ddl.c and retire.c decide what a command
 * needs.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/builtins.h"

#include "base/acls.h"
#include "base/actor.h"
#include "base/actorsession.h"
#include "base/objects.h"
#include "base/ownlock.h"
#include "base/owncommand.h"
#include "base/owntables.h"
#include "base/shared.h"
#include "base/special.h"
#include "command/databases.h"
#include "command/ddl.h"
#include "command/memberships.h"
#include "command/retire.h"
#include "command/utility.h"
#include "journal/emitters.h"
#include "journal/eventrecord.h"
#include "log/brought.h"
#include "log/drained.h"
#include "plan/copyto.h"
#include "policy/permission.h"
#include "policy/quiet.h"
#include "read/around.h"
#include "read/errordetail.h"
#include "read/inserts.h"
#include "read/resume.h"
#include "read/uniques.h"

/* What was begun for a running command, and must be ended with it */
typedef struct Underway
{
	Node	   *statement;
	bool		dropping;		/* it drops the extension */
	Oid			held;			/* the database in which no recorder may run, or InvalidOid */
	const CgCopy *outer_copy;
	CgDdl		ddl;
	CgFrame		frame;
	CgAround	around;
	bool		outer_quiet;
} Underway;

/* The same for a command that passes */
typedef struct Passing
{
	const CgCopy *outer_copy;
	CgDdl	   *outer_ddl;
	CgFrame		frame;
	CgAround	around;
	bool		outer_quiet;
} Passing;

static ProcessUtility_hook_type prev_ProcessUtility = NULL;

static void utility_process(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
							ProcessUtilityContext context, ParamListInfo params,
							QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc);
static pg_noinline void run_utility_command(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
								ProcessUtilityContext context, ParamListInfo params,
								QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc);
static pg_noinline void pass_transaction(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
										 ProcessUtilityContext context, ParamListInfo params,
										 QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc);
static pg_noinline void check_passing(Node *statement);
static inline void enter_passing(Passing *passing, Node *statement);
static inline void leave_passing(Passing *passing, bool success);
static pg_noinline void fail_passing(Passing *passing);
static void call_next_utility(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
							  ProcessUtilityContext context, ParamListInfo params,
							  QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc);
static bool changes_nothing(Node *statement);
static bool drops_extension(Node *statement);
static bool sets_role(Node *statement);
static bool resets_session(Node *statement);
static void leave_command(Underway *underway, bool success);

void
cg_utility_init(void)
{
	prev_ProcessUtility = ProcessUtility_hook;
	ProcessUtility_hook = utility_process;
}

/*
 * Applications run these commands very often, and they cannot change an object, a role or a
 * database.
 */
static bool
changes_nothing(Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_ClosePortalStmt:
		case T_DeallocateStmt:
		case T_DeclareCursorStmt:
		case T_ExecuteStmt:
		case T_FetchStmt:
		case T_PrepareStmt:
		case T_TransactionStmt:
		case T_VariableShowStmt:
			return true;
		default:
			return false;
	}
}

static bool
drops_extension(Node *statement)
{
	DropStmt   *drop = (DropStmt *) statement;
	ListCell   *lc;

	if (!IsA(statement, DropStmt) || drop->removeType != OBJECT_EXTENSION)
		return false;
	foreach(lc, drop->objects)
		if (strcmp(strVal(lfirst(lc)), CG_SCHEMA) == 0)
			return true;
	return false;
}

static bool
sets_role(Node *statement)
{
	VariableSetStmt *set = (VariableSetStmt *) statement;

	return IsA(statement, VariableSetStmt) && set->name &&
		(strcmp(set->name, "role") == 0 || strcmp(set->name, "session_authorization") == 0);
}

/* What pools and drivers send before they give a session to somebody else */
static bool
resets_session(Node *statement)
{
	VariableSetStmt *set = (VariableSetStmt *) statement;

	if (IsA(statement, DiscardStmt))
		return ((DiscardStmt *) statement)->target == DISCARD_ALL;
	return IsA(statement, VariableSetStmt) &&
		(set->kind == VAR_RESET_ALL || (set->name && strcmp(set->name, "session_authorization") == 0));
}

/* Ends what was begun, whether the command has succeeded or not. */
static void
leave_command(Underway *underway, bool success)
{
	cg_quiet_end(underway->outer_quiet);
	cg_ddl_leave(&underway->ddl);
	cg_around_leave(&underway->around);
	cg_resume_leave(&underway->frame, success);
	cg_owntables_allow_drop(false);
	if (underway->dropping)
		cg_objects_forget();
	(void) cg_copystate_swap(underway->outer_copy);
	if (OidIsValid(underway->held))
		cg_databases_release(underway->held, success && IsA(underway->statement, DropdbStmt));
}

static void
call_next_utility(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
				  ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *queryEnv,
				  DestReceiver *dest, QueryCompletion *qc)
{
	if (prev_ProcessUtility)
		prev_ProcessUtility(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
	else
		standard_ProcessUtility(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
}

/* A command on statements and cursors passes: other hooks see the reads of these. */
static void
utility_process(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
				ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *queryEnv,
				DestReceiver *dest, QueryCompletion *qc)
{
	Passing		passing;

	if (!changes_nothing(pstmt->utilityStmt))
	{
		run_utility_command(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
		return;
	}
	if (IsA(pstmt->utilityStmt, TransactionStmt))
	{
		pass_transaction(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
		return;
	}
	enter_passing(&passing, pstmt->utilityStmt);
	PG_TRY();
	{
		if (cg_special_is())
			check_passing(pstmt->utilityStmt);
		call_next_utility(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
	}
	PG_CATCH();
	{
		fail_passing(&passing);
		PG_RE_THROW();
	}
	PG_END_TRY();
	leave_passing(&passing, true);
	cg_errordetail_passed();
}

static void
pass_transaction(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
				 ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *queryEnv,
				 DestReceiver *dest, QueryCompletion *qc)
{
	/* It runs no code here: the work comes after PostgreSQL has returned from here. */
	call_next_utility(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
	cg_errordetail_passed();
}

static inline void
enter_passing(Passing *passing, Node *statement)
{
	passing->outer_copy = cg_copystate_swap(&cg_copystate_none);
	passing->outer_ddl = cg_ddl_suspend();
	passing->outer_quiet = cg_quiet_begin(false);
	cg_resume_enter(&passing->frame, NULL);
	cg_around_enter_command(&passing->around, statement);
	cg_owntables_allow_drop(false);
}

static inline void
leave_passing(Passing *passing, bool success)
{
	cg_quiet_end(passing->outer_quiet);
	cg_around_leave(&passing->around);
	cg_resume_leave(&passing->frame, success);
	cg_ddl_resume(passing->outer_ddl);
	(void) cg_copystate_swap(passing->outer_copy);
}

static void
fail_passing(Passing *passing)
{
	leave_passing(passing, false);
	cg_errordetail_hide(CG_TOUCHES_NOTHING);
	cg_acls_abandon();
}

static void
check_passing(Node *statement)
{
	cg_around_require_free_choice();
	if (IsA(statement, FetchStmt))
		cg_resume_check_fetch((FetchStmt *) statement);
}

static pg_noinline void
run_utility_command(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
					ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *queryEnv,
					DestReceiver *dest, QueryCompletion *qc)
{
	Underway	underway = {.dropping = drops_extension(pstmt->utilityStmt)};
	Oid			schema = cg_objects_schema();
	CgMemberships *memberships = cg_memberships_look(pstmt->utilityStmt);
	List	   *permitted = cg_permission_look(pstmt->utilityStmt);
	CgCopy		copy = {0};
	CgTouches	touches;
	List	   *uniques = NIL;
	ErrorContextCallback callback;

	/* SET and COPY give no row of a table another place. */
	if (!IsA(pstmt->utilityStmt, VariableSetStmt) && !IsA(pstmt->utilityStmt, CopyStmt))
		cg_inserts_forget();
	/* pg_dump, which pg_upgrade calls, locks what it dumps. */
	if (IsBinaryUpgrade && IsA(pstmt->utilityStmt, LockStmt))
		cg_drained_require();
	cg_owntables_check_command(pstmt->utilityStmt);
	cg_ownlock_check(pstmt->utilityStmt);
	/*
	 * A command of our own fires no event triggers.  They would be permitted to write our
	 * tables, and an event trigger that forbids DDL would stop the recorder.
	 */
	if (cg_owntables_is_writing())
		context = PROCESS_UTILITY_SUBCOMMAND;
	pstmt = cg_ddl_prepare(pstmt, &underway.ddl);
	if (underway.dropping)
	{
		cg_retire_require_done();
		if (cg_shared)
			cg_databases_hold_own();
	}
	if (IsA(pstmt->utilityStmt, CopyStmt))
		pstmt = cg_copyto_guard(pstmt, &copy);
	underway.statement = pstmt->utilityStmt;
	touches = OidIsValid(cg_objects_schema()) ?
		cg_errordetail_of_command(pstmt->utilityStmt, copy.into, underway.ddl.touches) : CG_TOUCHES_NOTHING;
	if (touches == CG_TOUCHES_ROWS && OidIsValid(copy.into))
		uniques = cg_uniques_names(copy.into);
	if (cg_shared)
		underway.held = cg_databases_hold(pstmt->utilityStmt, context == PROCESS_UTILITY_TOPLEVEL);
	underway.outer_copy = cg_copystate_swap(&copy);
	cg_ddl_enter(&underway.ddl);
	cg_resume_enter(&underway.frame, NULL);
	cg_around_enter_command(&underway.around, pstmt->utilityStmt);
	cg_errordetail_enter(&callback, pstmt->utilityStmt, &underway.frame);
	underway.outer_quiet = cg_errordetail_begin(touches);
	PG_TRY();
	{
		cg_around_require_free_choice();
		/* Other commands reach an execution, which does this, before they reach a cursor. */
		if (IsA(pstmt->utilityStmt, CallStmt) || IsA(pstmt->utilityStmt, DoStmt))
			cg_resume_close_stores();
		cg_owntables_allow_drop(underway.dropping);
		call_next_utility(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
	}
	PG_CATCH();
	{
		leave_command(&underway, false);
		cg_errordetail_hide(touches);
		cg_acls_abandon();
		if (cg_uniques_told_command(uniques))
			cg_uniques_rethrow();
		PG_RE_THROW();
	}
	PG_END_TRY();
	leave_command(&underway, true);
	cg_errordetail_leave(&callback);
	cg_ownlock_check(pstmt->utilityStmt);
	cg_errordetail_command_done(touches, copy.into);
	/* PostgreSQL keeps the schema; its privileges are reset: see the install script. */
	if (underway.dropping && OidIsValid(schema) && !OidIsValid(cg_objects_schema()))
		cg_acls_reset(NamespaceRelationId, schema);
	cg_acls_settle();
	cg_memberships_record(memberships);
	cg_permission_settle(permitted);
	cg_ddl_finish(&underway.ddl);
	if (!OidIsValid(schema) && OidIsValid(cg_objects_schema()) && !IsBinaryUpgrade)
		cg_emitters_propose();
	if (copy.restores)
		cg_brought_record(CG_BROUGHT_CAME, qc ? qc->nprocessed : 0, cg_brought_hash());
	if (sets_role(pstmt->utilityStmt) && OidIsValid(cg_objects_schema()))
		cg_actor_on_change(false);
	if (resets_session(pstmt->utilityStmt))
		cg_actorsession_end();
}
