/*
 * called.c
 *		Functions whose results decide what a query does that calls a writing function.
 *
 * In SELECT purge(id) FROM task WHERE is_masked(id), a query inside of is_masked() reads
 * the mask, and the query that calls both functions reads nothing guarded.  So the rewrite
 * notes the functions whose results choose rows or calls of other functions, and those
 * whose results a built-in function such as setval() writes.  The plan carries the list.
 * PostgreSQL calls fmgr_hook for these functions, which tells in which of them a mask was
 * made.
 *
 * Nothing is noted in queries that call only functions which cannot write: built-in ones,
 * and STABLE and IMMUTABLE ones in C.  Others may call a VOLATILE function.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/refused.h"
#include "base/special.h"
#include "base/xactend.h"
#include "read/around.h"
#include "read/called.h"

#define CALLED_IN_PLAN "contact_guard called"

/* A call under way. */
typedef struct Call
{
	const FmgrInfo *flinfo;		/* PostgreSQL's; calls that overlap do not share it */
	CgAround   *caller;
	int			kinds;
	bool		masked;			/* its result may depend on a mask */
} Call;

static needs_fmgr_hook_type prev_needs_fmgr = NULL;
static fmgr_hook_type prev_fmgr = NULL;

static HTAB *watched = NULL;	/* OIDs of functions in the lists of this session's plans */
static Call *calls = NULL;		/* in TopMemoryContext */
static int	ncalls = 0;
static int	maxcalls = 0;

static bool called_needs_fmgr(Oid function);
static void called_fmgr(FmgrHookEventType event, FmgrInfo *flinfo, Datum *arg);
static void called_xact(XactEvent event);
static const RangeTblEntry *list_of_plan(const PlannedStmt *plan);
static int	kinds_of(const PlannedStmt *plan, Oid function);
static void begin_call(FmgrInfo *flinfo);
static void end_call(FmgrInfo *flinfo, bool returns);

void
cg_called_init(void)
{
	prev_needs_fmgr = needs_fmgr_hook;
	needs_fmgr_hook = called_needs_fmgr;
	prev_fmgr = fmgr_hook;
	fmgr_hook = called_fmgr;
	cg_xactend_on_event(called_xact);
}

static void
called_xact(XactEvent event)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		ncalls = 0;
}

/* The list stands at the end of the range table, among other marks of ours. */
static const RangeTblEntry *
list_of_plan(const PlannedStmt *plan)
{
	for (int i = list_length(plan->rtable) - 1; i >= 0; i--)
	{
		const RangeTblEntry *rte = list_nth_node(RangeTblEntry, plan->rtable, i);

		if (rte->rtekind != RTE_RESULT || rte->enrname == NULL)
			return NULL;
		if (strcmp(rte->enrname, CALLED_IN_PLAN) == 0)
			return rte;
	}
	return NULL;
}

void
cg_called_mark_plan(PlannedStmt *plan, List *functions, List *kinds)
{
	RangeTblEntry *rte;
	ListCell   *lc;

	if (functions == NIL)
		return;
	cg_special_note();
	if (watched == NULL)
	{
		HASHCTL		info = {.keysize = sizeof(Oid), .entrysize = sizeof(Oid), .hcxt = TopMemoryContext};

		watched = hash_create("contact_guard called", 16, &info, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	foreach(lc, functions)
		(void) hash_search(watched, &lfirst_oid(lc), HASH_ENTER, NULL);
	rte = makeNode(RangeTblEntry);
	rte->rtekind = RTE_RESULT;
	rte->eref = makeAlias("contact_guard", NIL);
	rte->enrname = pstrdup(CALLED_IN_PLAN);
	rte->values_lists = list_make2(functions, kinds);
	plan->rtable = lappend(plan->rtable, rte);
}

static int
kinds_of(const PlannedStmt *plan, Oid function)
{
	const RangeTblEntry *rte = list_of_plan(plan);
	ListCell   *lc1;
	ListCell   *lc2;
	int			kinds = 0;

	if (rte == NULL)
		return 0;
	forboth(lc1, (List *) linitial(rte->values_lists), lc2, (List *) lsecond(rte->values_lists))
		if (!OidIsValid(function) || lfirst_oid(lc1) == function)
			kinds |= lfirst_int(lc2);
	return kinds;
}

bool
cg_called_stores(const PlannedStmt *plan)
{
	return (kinds_of(plan, InvalidOid) & CG_CALLED_STORED) != 0;
}

/*
 * The planner asks, too, and does not inline a function that needs the hook.  A function
 * need not be watched there: the rewrite or the planner's check has seen the bodies that
 * were inlined.
 */
static bool
called_needs_fmgr(Oid function)
{
	const CgAround *around = watched ? cg_around_innermost() : NULL;

	if (around && !around->planning && hash_search(watched, &function, HASH_FIND, NULL))
		return true;
	return prev_needs_fmgr && prev_needs_fmgr(function);
}

static void
called_fmgr(FmgrHookEventType event, FmgrInfo *flinfo, Datum *arg)
{
	if (prev_fmgr)
		prev_fmgr(event, flinfo, arg);
	if (watched == NULL)
		return;
	switch (event)
	{
		case FHET_START:
			begin_call(flinfo);
			break;
		case FHET_ABORT:
			end_call(flinfo, false);
			break;
		case FHET_END:
			end_call(flinfo, true);
			break;
	}
}

static void
begin_call(FmgrInfo *flinfo)
{
	CgAround   *caller = cg_around_innermost();
	int			kinds;

	if (caller == NULL || caller->query == NULL || !hash_search(watched, &flinfo->fn_oid, HASH_FIND, NULL))
		return;
	kinds = kinds_of(caller->query->plannedstmt, flinfo->fn_oid);
	if (kinds == 0)
		return;
	if (ncalls == maxcalls)
	{
		int			wanted = maxcalls > 0 ? maxcalls * 2 : 16;

		calls = calls ? repalloc(calls, wanted * sizeof(Call))
			: MemoryContextAlloc(TopMemoryContext, wanted * sizeof(Call));
		maxcalls = wanted;
	}
	calls[ncalls].flinfo = flinfo;
	calls[ncalls].caller = caller;
	calls[ncalls].kinds = kinds;
	calls[ncalls].masked = false;
	ncalls++;
}

static void
end_call(FmgrInfo *flinfo, bool returns)
{
	Call	   *call = ncalls > 0 ? &calls[ncalls - 1] : NULL;

	if (call == NULL || call->flinfo != flinfo)
		return;
	ncalls--;
	if (returns && call->masked)
		cg_around_note_chosen_by(call->caller, flinfo->fn_oid);
}

void
cg_called_note_mask(Oid relid, AttrNumber attnum, bool chooses, bool flows)
{
	CgAround   *innermost = cg_around_innermost();

	for (int i = ncalls - 1; i >= 0; i--)
	{
		Call	   *call = &calls[i];

		if (call->caller == innermost || call->caller->triggers != innermost->triggers)
			continue;
		if (!chooses && !(flows && (call->kinds & CG_CALLED_CHOOSES) != 0))
			continue;
		if ((call->kinds & CG_CALLED_STORED) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("withheld values cannot be stored, nor decide what is written"),
					 cg_refused_relation(relid, attnum),
					 errdetail("Function \"%s\" returns them to a query that calls a function which writes.",
							   get_func_name(call->flinfo->fn_oid)),
					 errhint("There is no open intervention that shows them. Use a role with a standing permission: see contact_guard.allow().")));
		call->masked = true;
	}
}

bool
cg_called_is_below(const CgAround *caller, Oid function)
{
	for (int i = 0; i < ncalls; i++)
		if (calls[i].caller == caller && calls[i].flinfo->fn_oid == function)
			return true;
	return false;
}
