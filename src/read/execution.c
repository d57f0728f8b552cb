/*
 * execution.c
 *		The executions under way in this session, and when their records must be
 *		durable.
 *
 * An execution is one ExecutorRun of one query (a FETCH is a new one), or the
 * end of one in ExecutorFinish, where data-modifying CTEs run to completion.
 * Executions nest, on the C stack, so a session that reads nothing guarded pays two
 * assignments and a setjmp.
 *
 * The door holds rows for the client until their records are durable.  The records of
 * values that do not pass the door are settled before the execution returns: nobody can
 * hold back a value that a procedural language, a table or a file has received.  Before a
 * commit all records are settled, since a value that the transaction stored becomes
 * visible to others.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "read/folding.h"
#include "storage/ipc.h"
#include "tcop/dest.h"
#include "tcop/pquery.h"
#include "utils/memutils.h"
#include "utils/portal.h"

#include "base/special.h"
#include "base/xactend.h"
#include "compat.h"
#include "journal/forward.h"
#include "journal/journal.h"
#include "journal/messages.h"
#include "policy/forwardask.h"
#include "policy/interventions.h"
#include "policy/planassume.h"
#include "policy/quiet.h"
#include "policy/rtemark.h"
#include "read/around.h"
#include "read/chosen.h"
#include "read/ending.h"
#include "read/errordetail.h"
#include "read/execution.h"
#include "read/marked.h"
#include "read/measures.h"
#include "read/readrecords.h"
#include "read/resume.h"
#include "read/uniques.h"

typedef struct Execution
{
	struct Execution *outer;
	QueryDesc  *query;
	int64		statement;		/* 0: not asked for yet */
	CgReads    *reads;			/* NULL: none yet */
	bool		outer_quiet;
	CgTouches	touches;
	CgFrame		frame;
	CgAround	around;
} Execution;

/* The arguments of an executor hook. */
typedef struct Step
{
	QueryDesc  *query;
	bool		finish;
	ScanDirection direction;
	uint64		count;
	bool		execute_once;
} Step;

CgFirstRecordHook cg_execution_first_record = NULL;

static ExecutorRun_hook_type prev_ExecutorRun = NULL;
static ExecutorFinish_hook_type prev_ExecutorFinish = NULL;

static Execution *current = NULL;
static int64 statements = 0;	/* numbers given in this session */
static bool first_record_done = false;

static void execution_run(CG_COMPAT_RUN_ARGS);
static void execution_finish(QueryDesc *query);
static void execution_step(const Step *step);
static pg_noinline void finish_writes(QueryDesc *query);
static pg_noinline void check_step(const Step *step);
static pg_noinline void fail(Execution *execution);
static void call_next_finish(QueryDesc *query);
static pg_noinline void end(Execution *execution);
static bool is_behind_door(const Execution *execution);
static pg_noinline void drop_reads(Execution *execution);
static CgReads *reads_of(Execution *execution);
static void execution_xact(XactEvent event);
static void execution_exit(int code, Datum arg);

void
cg_execution_init(void)
{
	prev_ExecutorRun = ExecutorRun_hook;
	ExecutorRun_hook = execution_run;
	prev_ExecutorFinish = ExecutorFinish_hook;
	ExecutorFinish_hook = execution_finish;
	cg_xactend_on_event(execution_xact);
}

static void
execution_run(CG_COMPAT_RUN_ARGS)
{
	Step		step = {query, false, direction, count, CG_COMPAT_RUN_ONCE};

	if (cg_special_is())
	{
		/* The list needs a subtransaction, which is not possible once workers have started. */
		if (first_record_done && query->plannedstmt->parallelModeNeeded)
			cg_interventions_refresh();
		cg_resume_check(query);
	}
	execution_step(&step);
}

static void
execution_finish(QueryDesc *query)
{
	/* After a plan that only reads no trigger is queued, so there is nothing to finish. */
	if (query->plannedstmt->commandType == CMD_SELECT && !query->plannedstmt->hasModifyingCTE)
		call_next_finish(query);
	else
		finish_writes(query);
}

static void
finish_writes(QueryDesc *query)
{
	Step		step = {query, true, NoMovementScanDirection, 0, false};

	execution_step(&step);
}

static void
call_next_run(const Step *step)
{
	CgMeasures	measures = cg_measures_before();

	if (prev_ExecutorRun)
		cg_compat_run(prev_ExecutorRun, step->query, step->direction, step->count, step->execute_once);
	else
		cg_compat_run(standard_ExecutorRun, step->query, step->direction, step->count, step->execute_once);
	cg_measures_after(step->query, measures);
}

static void
call_next_finish(QueryDesc *query)
{
	if (prev_ExecutorFinish)
		prev_ExecutorFinish(query);
	else
		standard_ExecutorFinish(query);
	cg_measures_forget(query);
}

/*
 * May the query be run again later?  Not if the caller says that it runs it once.  The
 * query of a portal without a name can be continued by the next Execute message only,
 * which goes forward.
 */
static bool
may_run_again(const Step *step)
{
	if (step->finish || step->execute_once)
		return false;
	return step->count > 0 || ActivePortal == NULL || ActivePortal->queryDesc != step->query ||
		ActivePortal->name[0] != '\0';
}

static void
execution_step(const Step *step)
{
	QueryDesc  *query = step->query;
	Execution	execution;

	execution.outer = current;
	execution.query = query;
	execution.statement = 0;
	execution.reads = NULL;
	execution.touches = query->plannedstmt->resultRelations == NIL ? CG_TOUCHES_NOTHING :
		cg_errordetail_before_query(query->plannedstmt);
	execution.outer_quiet = cg_errordetail_begin(execution.touches);
	cg_resume_enter(&execution.frame, query);
	cg_around_enter_execution(&execution.around, query);
	current = &execution;
	PG_TRY();
	{
		if (cg_special_is())
			check_step(step);
		if (step->finish)
			call_next_finish(query);
		else
			call_next_run(step);
		if (execution.reads)
			end(&execution);
	}
	PG_CATCH();
	{
		fail(&execution);
		PG_RE_THROW();
	}
	PG_END_TRY();
	cg_quiet_end(execution.outer_quiet);
	current = execution.outer;
	if (execution.reads)
		drop_reads(&execution);
	cg_around_leave(&execution.around);
	if (cg_special_is())
		execution.frame.again = may_run_again(step);
	cg_resume_leave(&execution.frame, true);
	cg_errordetail_query_done(query);
}

/* In a session that has touched nothing guarded none of this finds anything. */
static void
check_step(const Step *step)
{
	const PlannedStmt *plan = step->query->plannedstmt;

	cg_around_require_free_choice();
	if (!step->finish)
	{
		cg_resume_check_plan(plan);
		cg_chosen_check(step->query);
		cg_resume_close_stores();
	}
	cg_folding_check_plan(plan);
	if (step->finish || !cg_rtemark_may_be_there())
		return;
	if (cg_planassume_check(plan))
		cg_marked_record(plan);
	cg_resume_note_held(plan);
}

/* For a PG_CATCH.  Returns, or throws another error than the current one. */
static void
fail(Execution *execution)
{
	QueryDesc  *query = execution->query;
	bool		told;
	bool		lost;

	cg_quiet_end(execution->outer_quiet);
	cg_errordetail_hide(cg_errordetail_of_query(query, execution->touches));
	/* It may throw, and nothing may point to this execution then: it is on the stack. */
	PG_TRY();
	{
		lost = execution->reads && cg_ending_by_error(execution->reads, is_behind_door(execution));
	}
	PG_FINALLY();
	{
		told = cg_uniques_told(query);
		current = execution->outer;
		if (execution->reads)
			drop_reads(execution);
		cg_around_leave(&execution->around);
		cg_resume_leave(&execution->frame, false);
	}
	PG_END_TRY();
	if (lost)
		cg_forward_fail();
	if (told)
		cg_uniques_rethrow();
}

static Execution *
outermost(void)
{
	Execution  *result = current;

	while (result && result->outer)
		result = result->outer;
	return result;
}

CgReads *
cg_execution_outermost_reads(void)
{
	return reads_of(outermost());
}

bool
cg_execution_is_inner(void)
{
	return current && current->outer;
}

void
cg_execution_audit_more(uint64 rows)
{
	Execution  *execution = outermost();

	if (execution && execution->reads)
		cg_readaudit_more(execution->reads, rows);
}

/* After an error, too: a read that failed is recorded like one that succeeded. */
static void
drop_reads(Execution *execution)
{
	cg_readrecords_drain(execution->reads, CG_DUE_END);
	cg_reads_free(execution->reads);
	cg_forwardask_forget();
}

/* Do the rows and the errors of an execution go only to the client, through the door? */
static bool
is_behind_door(const Execution *execution)
{
	CommandDest dest = execution->query->dest ? execution->query->dest->mydest : DestNone;

	return execution->outer == NULL &&
		(dest == DestRemote || dest == DestRemoteExecute || dest == DestRemoteSimple);
}

/* Ends an execution without an error. */
static void
end(Execution *execution)
{
	cg_readrecords_drain(execution->reads, CG_DUE_END);
	/* Also if all values were withheld.  On a standby: behind the door there would be no plain error. */
	if (!is_behind_door(execution) || cg_journal_is_borrowed())
		cg_execution_settle_or_fail(CG_DUE_SHOWN);
}

/* Inner executions have the number of the outermost one. */
static int64
statement_number(Execution *execution)
{
	if (execution->statement == 0)
		execution->statement = execution->outer ? statement_number(execution->outer) : ++statements;
	return execution->statement;
}

int64
cg_execution_statement(void)
{
	return current ? statement_number(current) : 0;
}

QueryDesc *
cg_execution_query(void)
{
	return current ? current->query : NULL;
}

CgReads *
cg_execution_reads(void)
{
	CgReads    *reads;

	if (current == NULL)
		return NULL;
	reads = reads_of(current);
	cg_reads_require(reads);
	return reads;
}

static CgReads *
reads_of(Execution *execution)
{
	if (execution->reads == NULL)
	{
		execution->reads = cg_reads_create(execution->query, statement_number(execution));
		if (!first_record_done)
		{
			before_shmem_exit(execution_exit, (Datum) 0);
			cg_special_note();
			first_record_done = true;
			if (cg_execution_first_record)
				cg_execution_first_record();
		}
	}
	return execution->reads;
}

bool
cg_execution_owes(void)
{
	for (Execution *execution = current; execution; execution = execution->outer)
		if (execution->reads && cg_readrecords_owes(execution->reads))
			return true;
	return cg_messages_owe();
}

bool
cg_execution_settle(CgDue due)
{
	for (Execution *execution = current; execution; execution = execution->outer)
		if (execution->reads)
			cg_readrecords_drain(execution->reads, due);
	cg_messages_write();
	return cg_messages_flush();
}

void
cg_execution_settle_or_fail(CgDue due)
{
	if (!cg_execution_owes() || cg_execution_settle(due))
		return;
	if (cg_forward_has_lost())
		cg_forward_fail();
	ereport(ERROR,
			(errcode(ERRCODE_T_R_STATEMENT_COMPLETION_UNKNOWN),
			 errmsg("guarded columns cannot be read: a synchronous standby has not acknowledged their record")));
}

static void
execution_xact(XactEvent event)
{
	if ((event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE) &&
		first_record_done && cg_execution_owes())
		cg_execution_settle_or_fail(CG_DUE_ANSWER);
}

/*
 * Settles the records of a last transaction that was not committed.  The executions that
 * were under way are still on the C stack.
 */
static void
execution_exit(int code, Datum arg)
{
	PG_TRY();
	{
		(void) cg_execution_settle(CG_DUE_END);
		cg_messages_end();
	}
	PG_CATCH();
	{
		FlushErrorState();
	}
	PG_END_TRY();
}
