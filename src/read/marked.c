/*
 * marked.c
 *		Records that an execution makes before it runs: what its plan's marks say.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xlog.h"
#include "nodes/parsenodes.h"

#include "base/owntables.h"
#include "journal/forward.h"
#include "policy/rtemark.h"
#include "read/execution.h"
#include "read/marked.h"
#include "read/reads.h"
#include "read/readsearch.h"

/*
 * Records look-ups, even those that find nobody, and reads of the access log.  A read
 * of the log is one record for the whole statement, with the rows of its outermost
 * execution.  A standby that withholds guarded values does not record it: it cannot, but must
 * let an auditor read.
 */
void
cg_marked_record(const PlannedStmt *plan)
{
	ListCell   *lc;

	foreach(lc, plan->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);
		CgMark		mark;

		/* A child has its parent's mark. */
		if (!cg_rtemark_get(rte, &mark) || mark.relid != rte->relid)
			continue;
		if (mark.looked_up != NIL && (mark.assumed == CG_ASSUMED_PERMITTED || mark.assumed == CG_ASSUMED_SEARCHES_ALONE))
			cg_reads_look_up(cg_execution_reads(), mark.relid, mark.looked_up);
		if (mark.looked_up != NIL && (mark.assumed == CG_ASSUMED_SEARCHES || mark.assumed == CG_ASSUMED_SEARCHES_ALONE))
			cg_readsearch_begin(cg_execution_reads(), mark.relid, mark.looked_up, mark.assumed == CG_ASSUMED_SEARCHES);
		if (mark.looked_up != NIL && !cg_rtemark_is_permitted(&mark))
			cg_reads_compare(cg_execution_reads(), mark.relid, mark.looked_up, false);
		if (mark.checked != NIL)
			cg_reads_compare(cg_execution_reads(), mark.relid, mark.checked, true);
		if (!mark.audited || cg_owntables_is_writing() || (RecoveryInProgress() && !cg_forward_is_on()))
			continue;
		/* The leader records a worker's part of its plan, but not the query of a function in it. */
		if (IsParallelWorker() && cg_execution_is_inner())
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("the access log cannot be read by a function in a parallel worker"),
					 errhint("A function that reads it must be PARALLEL RESTRICTED or UNSAFE.")));
		if (!IsParallelWorker())
			cg_readaudit_note(cg_execution_outermost_reads(), mark.relid);
	}
}
