/*
 * measures.c
 *		Memory, files and widths that tell how long withheld values are.
 *
 * reveal() is computed as late as possible, so that rows which nobody gets are on nobody's
 * record.  So sorts, hash tables and other nodes below keep stored values, also those that
 * the reader will not be shown, or that no row of the result has.  A reader who makes the
 * rows many enough, by a join, finds the exact length of a value in the memory of such a
 * node, or in the size of its temporary files.  A statement that changes another column of such
 * a row writes the stored value to WAL.
 *
 * EXPLAIN ANALYZE and other extensions read these counters after the executor has finished.
 * So then they are set to what nodes have that keep nothing.  That leaves out whole lines of
 * EXPLAIN ("Sort Method", "Buckets").  Row counts and times stay.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "executor/instrument.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "nodes/nodeFuncs.h"
#include "utils/tuplestore.h"

#include "base/actor.h"
#include "policy/permission.h"
#include "policy/policy.h"
#include "policy/rtemark.h"
#include "read/around.h"
#include "read/measures.h"

static bool may_withhold(const PlannedStmt *plan);
static bool is_measured(const QueryDesc *query);
static bool is_measured_around(const CgAround *around);
static void note_writer(CgAround *around);
static void forget_files(BufferUsage *usage);
static void forget_blocks(BufferUsage *usage);
static void forget_usage(BufferUsage *buffers, WalUsage *wal, bool writes);
static void forget_wal(QueryDesc *query, bool writes);
static void forget_rows(Tuplestorestate **rows, EState *estate);
static bool forget_walker(PlanState *state, void *context);
static bool wal_walker(PlanState *state, void *context);
static void forget_hash(HashState *state);
static void forget_aggregate(AggState *state);
static void forget_kept(PlanState *state);

/* Does the plan read a guarded relation for which the actor has no standing permission? */
static bool
may_withhold(const PlannedStmt *plan)
{
	CgActor		actor = {NULL};
	ListCell   *lc;

	foreach(lc, plan->rtable)
	{
		const RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);
		const CgPolicy *policy;
		CgPermission permission;
		CgMark		mark;

		if (rte->rtekind != RTE_RELATION || !cg_rtemark_get(rte, &mark) || !OidIsValid(mark.relid))
			continue;
		policy = cg_policy_get(rte->relid);
		if (policy == NULL || policy->nguarded == 0)
			continue;
		if (actor.name == NULL)
			actor = cg_actor_current();
		permission = cg_permission_of(&actor, policy);
		if (!cg_permission_is_whole(&permission))
			return true;
	}
	return false;
}

CgMeasures
cg_measures_before(void)
{
	return (CgMeasures)
	{
		pgBufferUsage.temp_blks_read, pgBufferUsage.temp_blks_written
	};
}

/* A leader has its workers' counts. */
void
cg_measures_after(QueryDesc *query, CgMeasures before)
{
	if (cg_around_innermost()->wrote)
		forget_wal(query, true);
	if (pgBufferUsage.temp_blks_written == before.written && pgBufferUsage.temp_blks_read == before.read)
		return;
	if (!cg_rtemark_may_be_there() || IsParallelWorker() || !may_withhold(query->plannedstmt))
		return;
	pgBufferUsage.temp_blks_read = before.read;
	pgBufferUsage.temp_blks_written = before.written;
}

void
cg_measures_forget(QueryDesc *query)
{
	CgAround   *around = cg_around_innermost();
	bool		writes = query->plannedstmt->commandType != CMD_SELECT || query->plannedstmt->hasModifyingCTE;
	bool		measured = is_measured(query) && query->planstate;

	/* What nobody measures need not be looked at: most writes, and those that a trigger makes. */
	if (!(measured || (writes && is_measured_around(around))) || !cg_rtemark_may_be_there() || IsParallelWorker())
		return;
	if (around && around->query == query && around->wrote)
		forget_wal(query, true);
	if (!may_withhold(query->plannedstmt))
		return;
	if (writes)
		note_writer(around);
	if (!measured)
		return;
	if (query->totaltime)
		forget_files(&query->totaltime->bufusage);
	if (query->instrument_options != 0)
		(void) forget_walker(query->planstate, query->estate);
	forget_wal(query, writes);
}

static bool
is_measured(const QueryDesc *query)
{
	return query->instrument_options != 0 || query->totaltime != NULL;
}

static bool
is_measured_around(const CgAround *around)
{
	for (; around; around = around->outer)
		if (around->query && is_measured(around->query))
			return true;
	return false;
}

/*
 * The nodes of each execution around this one have counted what it wrote.  pgWalUsage is not set
 * back, since pg_stat_wal gets its counts from there.
 */
static void
note_writer(CgAround *around)
{
	for (; around; around = around->outer)
		around->wrote = true;
}

/*
 * A new version of a row has all its values, so the length of its WAL record, the page that it
 * is put on, and the pages of its TOAST values tell how long these are.  A node counts what those
 * below it do, and a scan of a CTE what the CTE does.  "writes": blocks, too.
 */
static void
forget_wal(QueryDesc *query, bool writes)
{
	if (query->totaltime)
		forget_usage(&query->totaltime->bufusage, &query->totaltime->walusage, writes);
	if (query->instrument_options != 0 && query->planstate)
		(void) wal_walker(query->planstate, &writes);
}

static void
forget_usage(BufferUsage *buffers, WalUsage *wal, bool writes)
{
	memset(wal, 0, sizeof(*wal));
	if (writes)
		forget_blocks(buffers);
}

static bool
wal_walker(PlanState *state, void *context)
{
	bool		writes = *(bool *) context;

	if (state->instrument)
		forget_usage(&state->instrument->bufusage, &state->instrument->walusage, writes);
	for (int i = 0; state->worker_instrument && i < state->worker_instrument->num_workers; i++)
		forget_usage(&state->worker_instrument->instrument[i].bufusage,
					 &state->worker_instrument->instrument[i].walusage, writes);
	return planstate_tree_walker(state, wal_walker, context);
}

static void
forget_blocks(BufferUsage *usage)
{
	usage->shared_blks_hit = usage->shared_blks_read = 0;
	usage->shared_blks_dirtied = usage->shared_blks_written = 0;
	usage->local_blks_hit = usage->local_blks_read = 0;
	usage->local_blks_dirtied = usage->local_blks_written = 0;
}

static void
forget_files(BufferUsage *usage)
{
	usage->temp_blks_read = 0;
	usage->temp_blks_written = 0;
	INSTR_TIME_SET_ZERO(usage->temp_blk_read_time);
	INSTR_TIME_SET_ZERO(usage->temp_blk_write_time);
}

static bool
forget_walker(PlanState *state, void *context)
{
	if (state->instrument)
		forget_files(&state->instrument->bufusage);
	for (int i = 0; state->worker_instrument && i < state->worker_instrument->num_workers; i++)
		forget_files(&state->worker_instrument->instrument[i].bufusage);
	forget_kept(state);
	return planstate_tree_walker(state, forget_walker, context);
}

/* Nodes that keep rows.  The memory of others does not depend on the rows. */
static void
forget_kept(PlanState *state)
{
	EState	   *estate = state->state;

	switch (nodeTag(state))
	{
		case T_SortState:
			((SortState *) state)->sort_Done = false;
			if (((SortState *) state)->shared_info)
				((SortState *) state)->shared_info->num_workers = 0;
			break;
		case T_IncrementalSortState:
			memset(&((IncrementalSortState *) state)->incsort_info, 0, sizeof(IncrementalSortInfo));
			if (((IncrementalSortState *) state)->shared_info)
				((IncrementalSortState *) state)->shared_info->num_workers = 0;
			break;
		case T_HashState:
			forget_hash((HashState *) state);
			break;
		case T_MemoizeState:
			memset(&((MemoizeState *) state)->stats, 0, sizeof(MemoizeInstrumentation));
			if (((MemoizeState *) state)->shared_info)
				((MemoizeState *) state)->shared_info->num_workers = 0;
			break;
		case T_AggState:
			forget_aggregate((AggState *) state);
			break;
		case T_MaterialState:
			forget_rows(&((MaterialState *) state)->tuplestorestate, estate);
			break;
		case T_CteScanState:
			forget_rows(&((CteScanState *) state)->leader->cte_table, estate);
			break;
		case T_WindowAggState:
			forget_rows(&((WindowAggState *) state)->buffer, estate);
			break;
		case T_RecursiveUnionState:
			forget_rows(&((RecursiveUnionState *) state)->working_table, estate);
			forget_rows(&((RecursiveUnionState *) state)->intermediate_table, estate);
			break;
		case T_TableFuncScanState:
			forget_rows(&((TableFuncScanState *) state)->tupstore, estate);
			break;
		default:
			break;
	}
}

/* The rows are not needed any more; PostgreSQL 18 tells how much room they took. */
static void
forget_rows(Tuplestorestate **rows, EState *estate)
{
	MemoryContext oldcontext;

	if (*rows == NULL)
		return;
	tuplestore_end(*rows);
	oldcontext = MemoryContextSwitchTo(estate->es_query_cxt);
	*rows = tuplestore_begin_heap(false, false, work_mem);
	MemoryContextSwitchTo(oldcontext);
}

static void
forget_hash(HashState *state)
{
	if (state->hinstrument)
		memset(state->hinstrument, 0, sizeof(HashInstrumentation));
	if (state->shared_info)
		state->shared_info->num_workers = 0;
}

static void
forget_aggregate(AggState *state)
{
	state->hash_mem_peak = 0;
	state->hash_disk_used = 0;
	state->hash_batches_used = 0;
	if (state->shared_info)
		state->shared_info->num_workers = 0;
}
