/*
 * folding.c
 *		Functions that PostgreSQL runs in advance, and whose results it keeps.
 *
 * A function that is marked IMMUTABLE is run as soon as its arguments are constants.
 * In a query that is being planned the result goes into the plan, which carries the set
 * of what was shown (resume.c) and a mark if a mask is in it (around.c).  But PostgreSQL
 * also computes expressions of definitions in this way: the checks of a domain, the
 * expressions and the predicate of an index, the key of a partitioned table.  It keeps
 * their results for the session, for every statement and every actor.  So reading a
 * guarded column there is an error.
 *
 * The preparation of a function tells that it is run for this: evaluate_expr() makes an
 * executor's state for the function alone, which holds nothing else yet.  The run ends
 * when that state's memory is freed.  Everything that the function runs stands below an
 * error context of its language.  An execution without one is not the function's: EXECUTE
 * prepares its arguments in such a state, and keeps the state.
 *
 * PostgreSQL loads an index's expressions while a query is planned, and nothing tells
 * them from the query's own.  So if a value was read there, they are removed from
 * PostgreSQL's cache as soon as the planner has its copy (planner.c).
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/xact.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "storage/sinval.h"
#include "utils/elog.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#include "base/refused.h"
#include "base/special.h"
#include "base/xactend.h"
#include "policy/rtemark.h"
#include "read/around.h"
#include "read/folding.h"

typedef struct Folding
{
	struct Folding *outer;
	Oid			function;
	CgAround   *planning;		/* its plan gets the result; NULL: the result is kept */
	const CgAround *around;		/* the innermost one at the beginning */
	const void *errors;			/* the error context at the beginning */
	int			level;			/* the nesting level of subtransactions */
	MemoryContextCallback callback;
} Folding;

static Folding *innermost = NULL;
static bool stale = false;		/* cached expressions of some index may hold a value */

static void set_folding(Folding *folding);
static bool is_alone(MemoryContext context);
static bool is_domain_read(void);
static void end_folding(void *arg);
static pg_noinline void check_marks(const PlannedStmt *plan);
static void folding_xact(XactEvent event);
static void folding_subxact(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg);

void
cg_folding_init(void)
{
	cg_xactend_on_event(folding_xact);
	RegisterSubXactCallback(folding_subxact, NULL);
}

static void
set_folding(Folding *folding)
{
	innermost = folding;
	cg_special_set_folding(folding != NULL);
}

static void
folding_xact(XactEvent event)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		set_folding(NULL);
}

static void
folding_subxact(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		while (innermost && innermost->level >= GetCurrentTransactionNestLevel())
			set_folding(innermost->outer);
}

/* The state of a running execution would have contexts for expressions by now. */
static bool
is_alone(MemoryContext context)
{
	return context->firstchild == NULL && strcmp(context->name, "ExecutorState") == 0;
}

/* PostgreSQL computes a domain's checks while it has pg_constraint open to read them. */
static bool
is_domain_read(void)
{
	Relation	rel = RelationIdGetRelation(ConstraintRelationId);
	bool		result = rel->rd_refcnt > 1;

	RelationClose(rel);
	return result;
}

void
cg_folding_begin(Oid function)
{
	Folding    *folding;

	if (!is_alone(CurrentMemoryContext) || func_volatile(function) != PROVOLATILE_IMMUTABLE)
		return;
	folding = MemoryContextAllocZero(CurrentMemoryContext, sizeof(Folding));
	folding->outer = innermost;
	folding->function = function;
	folding->around = cg_around_innermost();
	folding->errors = error_context_stack;
	folding->level = GetCurrentTransactionNestLevel();
	/* A constant of the plan is computed directly in its planning. */
	if (folding->around && folding->around->planning &&
		!(innermost && innermost->around == folding->around) && !is_domain_read())
		folding->planning = unconstify(CgAround *, folding->around);
	folding->callback.func = end_folding;
	folding->callback.arg = folding;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &folding->callback);
	set_folding(folding);
}

static void
end_folding(void *arg)
{
	for (Folding **link = &innermost; *link; link = &(*link)->outer)
		if (*link == arg)
		{
			*link = (*link)->outer;
			set_folding(innermost);
			return;
		}
}

bool
cg_folding_is_for(const CgAround *planning)
{
	for (Folding *folding = innermost; folding; folding = folding->outer)
		if (folding->planning == planning)
			return true;
	return false;
}

void
cg_folding_enter_execution(void)
{
	while (innermost && innermost->errors == (const void *) error_context_stack)
		set_folding(innermost->outer);
}

void
cg_folding_require_unkept(Oid relid, AttrNumber attnum)
{
	for (Folding *folding = innermost; folding; folding = folding->outer)
	{
		if (folding->planning)
		{
			cg_special_note();
			folding->planning->read = true;
			continue;
		}
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 attnum != InvalidAttrNumber ?
				 errmsg("guarded column \"%s\" of relation \"%s\" cannot be read here by a function that is marked IMMUTABLE",
						get_attname(relid, attnum, false), get_rel_name(relid)) :
				 errmsg("guarded relation \"%s\" cannot be read here by a function that is marked IMMUTABLE",
						get_rel_name(relid)),
				 cg_refused_relation(relid, attnum),
				 errdetail("PostgreSQL runs function \"%s\" in advance, for a domain, an index or a partitioned table, and may keep its result after the statement.",
						   get_func_name(folding->function)),
				 errhint("Mark functions that read tables STABLE or VOLATILE.")));
	}
}

/* Without a function under way there is nothing to check. */
void
cg_folding_check_plan(const PlannedStmt *plan)
{
	if (innermost)
		check_marks(plan);
}

static void
check_marks(const PlannedStmt *plan)
{
	ListCell   *lc;

	foreach(lc, plan->rtable)
	{
		CgMark		mark;

		if (cg_rtemark_get(lfirst_node(RangeTblEntry, lc), &mark) &&
			(mark.audited || mark.looked_up != NIL || mark.checked != NIL || mark.assumed != CG_ASSUMED_NOTHING))
			cg_folding_require_unkept(mark.relid, InvalidAttrNumber);
	}
}

/*
 * Resets only the pointers: callers that have copied them may go on.  The memory is freed
 * with the cache's entry, or is lost.
 */
void
cg_folding_forget_kept(Oid relid)
{
	Relation	rel = RelationIdGetRelation(relid);
	ListCell   *lc;

	if (!RelationIsValid(rel))
		return;
	foreach(lc, RelationGetIndexList(rel))
	{
		Relation	index = RelationIdGetRelation(lfirst_oid(lc));

		if (!RelationIsValid(index))
			continue;
		index->rd_indexprs = NIL;
		index->rd_indpred = NIL;
		RelationClose(index);
	}
	if (rel->rd_partkey && rel->rd_partkey->partexprs != NIL)
	{
		rel->rd_partkey = NULL;
		rel->rd_partkeycxt = NULL;
	}
	rel->rd_partcheckvalid = false;
	rel->rd_partcheck = NIL;
	rel->rd_partcheckcxt = NULL;
	RelationClose(rel);
}

void
cg_folding_note_failure(void)
{
	cg_special_note();
	stale = true;
}

void
cg_folding_refresh(void)
{
	SharedInvalidationMessage message;

	if (!stale)
		return;
	stale = false;
	memset(&message, 0, sizeof(message));
	message.rc.id = SHAREDINVALRELCACHE_ID;
	message.rc.dbId = MyDatabaseId;
	message.rc.relId = InvalidOid;
	LocalExecuteInvalidationMessage(&message);
}
