/*
 * planholds.c
 *		Plans that deliver values long after they were read.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"

#include "read/planholds.h"

static bool holds_rows(PlanState *state, void *context);

/*
 * The nodes listed here pass a row
 * on before they take the next one.  A nested loop is not among them: it keeps its outer
 * row for as long as its inner side has rows, which may be for hours.
 */
static bool
holds_rows(PlanState *state, void *context)
{
	ListCell   *lc;

	switch (nodeTag(state->plan))
	{
		case T_Append:
		case T_BitmapAnd:
		case T_BitmapHeapScan:
		case T_BitmapIndexScan:
		case T_BitmapOr:
		case T_IndexOnlyScan:
		case T_IndexScan:
		case T_Limit:
		case T_LockRows:
		case T_Result:
		case T_SampleScan:
		case T_SeqScan:
		case T_SubqueryScan:
		case T_TidRangeScan:
		case T_TidScan:
		case T_ValuesScan:
			break;
		default:
			return true;
	}
	if (state->initPlan != NIL)
		return true;
	foreach(lc, state->subPlan)
		if (((SubPlanState *) lfirst(lc))->subplan->useHashTable)
			return true;
	return planstate_tree_walker(state, holds_rows, context);
}

bool
cg_planholds_rows(PlanState *state)
{
	return holds_rows(state, NULL);
}
