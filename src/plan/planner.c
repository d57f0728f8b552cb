/*
 * planner.c
 *		The planner hook: inline, rewrite, plan, check.
 *
 * Every SQL statement with a plan passes this hook: simple and prepared ones, and those
 * of procedural languages, function bodies, rules and cursors.  The check is the second
 * line of defence: the statement is refused if its plan has a guarded relation whose range
 * table entry the rewrite has not seen.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_class.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/plancat.h"
#include "optimizer/planner.h"
#include "parser/parsetree.h"
#include "read/called.h"
#include "read/folding.h"
#include "read/searched.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"

#include "base/objects.h"
#include "base/refused.h"
#include "base/shared.h"
#include "base/special.h"
#include "plan/covers.h"
#include "plan/inline.h"
#include "plan/pages.h"
#include "plan/planner.h"
#include "plan/rewrite.h"
#include "plan/statistics.h"
#include "policy/interventions.h"
#include "policy/policy.h"
#include "policy/policycache.h"
#include "policy/rtemark.h"
#include "read/around.h"
#include "read/resume.h"

static planner_hook_type prev_planner = NULL;
static get_relation_info_hook_type prev_get_relation_info = NULL;
static get_relation_stats_hook_type prev_get_relation_stats = NULL;
static get_attavgwidth_hook_type prev_get_attavgwidth = NULL;

static PlannedStmt *planner_plan(Query *parse, const char *query_string, int cursorOptions,
								 ParamListInfo boundParams);
static PlannedStmt *plan_guarded(Query *parse, const char *query_string, int cursorOptions,
								 ParamListInfo boundParams);
static pg_noinline CgRewritten rewrite_guarded(Query *parse, int cursorOptions, ParamListInfo boundParams,
											   const CgInlined *inlined);
static PlannedStmt *call_next_planner(Query *parse, const char *query_string, int cursorOptions,
									  ParamListInfo boundParams);
static void planner_relation_info(PlannerInfo *root, Oid relid, bool inhparent, RelOptInfo *rel);
static pg_noinline void require_seen(const RangeTblEntry *rte);
static bool planner_relation_stats(PlannerInfo *root, RangeTblEntry *rte, AttrNumber attnum,
								   VariableStatData *vardata);
static bool may_be_small(Oid relid, const RelOptInfo *rel);
static pg_noinline void check_opened(PlannerInfo *root, Oid relid, RelOptInfo *rel);
static pg_noinline bool hide_relation_stats(PlannerInfo *root, RangeTblEntry *rte, AttrNumber attnum,
											VariableStatData *vardata);
static int32 planner_average_width(Oid relid, AttrNumber attnum);
static bool is_look_up(const CgMark *mark);
static bool has_guarded(const RangeTblEntry *rte, AttrNumber attnum);
static List *looked_up_in(Oid relid, const CgMark *mark);
static bool is_kept_back(const CgPolicy *policy, List *looked_up, AttrNumber attnum);
static bool uses_kept_back(List *expressions, const IndexOptInfo *index, const CgPolicy *policy, List *looked_up);
static void forget_indexes(RelOptInfo *rel, const CgPolicy *policy, List *looked_up);
static void refuse_hold(void);

void
cg_planner_init(void)
{
	prev_planner = planner_hook;
	planner_hook = planner_plan;
	prev_get_relation_info = get_relation_info_hook;
	get_relation_info_hook = planner_relation_info;
	prev_get_relation_stats = get_relation_stats_hook;
	get_relation_stats_hook = planner_relation_stats;
	prev_get_attavgwidth = get_attavgwidth_hook;
	get_attavgwidth_hook = planner_average_width;
	cg_inline_init();
}

static PlannedStmt *
call_next_planner(Query *parse, const char *query_string, int cursorOptions, ParamListInfo boundParams)
{
	if (prev_planner)
		return prev_planner(parse, query_string, cursorOptions, boundParams);
	return standard_planner(parse, query_string, cursorOptions, boundParams);
}

/* Functions that planning runs may be shown values, which become constants of the plan. */
static PlannedStmt *
planner_plan(Query *parse, const char *query_string, int cursorOptions, ParamListInfo boundParams)
{
	PlannedStmt *result;
	CgFrame		frame;
	CgAround	around;
	int			depth = cg_inline_planning();
	ListCell   *lc;

	/* A database without the extension has no policy. */
	if (!OidIsValid(cg_objects_schema()))
		return call_next_planner(parse, query_string, cursorOptions, boundParams);

	if (cg_special_is())
		cg_folding_refresh();
	cg_resume_enter_planning(&frame);
	/* Inlining evaluates arguments of functions, so this comes before. */
	cg_around_enter_planning(&around, parse);
	PG_TRY();
	{
		result = plan_guarded(parse, query_string, cursorOptions, boundParams);
		/* ON CONFLICT loads index expressions outside of planner_relation_info(). */
		foreach(lc, around.read ? result->resultRelations : NIL)
			cg_folding_forget_kept(rt_fetch(lfirst_int(lc), result->rtable)->relid);
	}
	PG_CATCH();
	{
		cg_inline_set_planning(depth);
		if (around.read)
			cg_folding_note_failure();
		cg_around_leave(&around);
		cg_resume_leave_planning(&frame, NULL);
		PG_RE_THROW();
	}
	PG_END_TRY();
	cg_around_leave(&around);
	if (around.folded)
		cg_around_mark_plan(&around, result);
	cg_resume_leave_planning(&frame, result);
	return result;
}

static PlannedStmt *
plan_guarded(Query *parse, const char *query_string, int cursorOptions, ParamListInfo boundParams)
{
	PlannedStmt *result;
	int			depth = cg_inline_planning();
	CgInlined	inlined;
	CgRewritten rewritten;
	bool		rewrites;
	ListCell   *lc;

	cg_inline_functions(parse, &inlined);
	rewrites = inlined.guarded || (inlined.writes && inlined.reads && parse->commandType == CMD_SELECT);
	if (rewrites)
		rewritten = rewrite_guarded(parse, cursorOptions, boundParams, &inlined);
	if (inlined.statistics)
		cg_statistics_guard(parse);
	if (rewrites && rewritten.found)
		parse = cg_pages_raise(parse);

	/* The caller catches an error, and sets it back. */
	cg_inline_set_planning(depth + 1);
	result = call_next_planner(parse, query_string, cursorOptions, boundParams);
	cg_inline_set_planning(depth);
	foreach(lc, result->rtable)
	{
		const RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		if (rte->rtekind == RTE_RELATION && !cg_policycache_is_nothing(rte->relid))
			require_seen(rte);
	}
	if (rewrites)
	{
		cg_called_mark_plan(result, rewritten.called, rewritten.called_kinds);
		/* Assumptions about the actor may be wrong for another role. */
		result->dependsOnRole |= rewritten.assumes;
	}
	if (inlined.dependencies != NIL)
		result->invalItems = list_concat(result->invalItems, inlined.dependencies);
	result->dependsOnRole |= inlined.depends_on_role;
	return result;
}

static CgRewritten
rewrite_guarded(Query *parse, int cursorOptions, ParamListInfo boundParams, const CgInlined *inlined)
{
	bool		holds = (cursorOptions & CURSOR_OPT_HOLD) != 0;
	CgRewritten rewritten = cg_rewrite_query(parse, boundParams, inlined, holds);

	if (!rewritten.found)
		return rewritten;
	cg_shared_require();
	/* The objects in the database must be those of this version. */
	cg_objects_require();
	if (rewritten.unpermitted)
		refuse_hold();
	/* This needs a subtransaction, which is still possible here: see interventions.c. */
	cg_interventions_refresh();
	return rewritten;
}

/*
 * Such a cursor keeps its rows after the commit, even if their windows close.  Rows that a
 * standing permission shows are recorded at the commit, and resume.c checks the permission
 * when they are fetched.
 */
static void
refuse_hold(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("a cursor WITH HOLD cannot read guarded columns"),
			 errhint("An intervention may end before the rows are fetched. Use a cursor WITHOUT HOLD in a transaction block, read the rows at once, or use a role with a standing permission: see contact_guard.allow().")));
}

/* Is it a look-up by an actor who is shown every value, and may it use indexes of these? */
static bool
is_look_up(const CgMark *mark)
{
	return mark->looked_up != NIL && (mark->assumed == CG_ASSUMED_PERMITTED || mark->assumed == CG_ASSUMED_SEARCHES_ALONE);
}

/* The columns of the relation that are looked up; the mark may have those of a parent. */
static List *
looked_up_in(Oid relid, const CgMark *mark)
{
	List	   *result = NIL;
	ListCell   *lc;

	if (!is_look_up(mark) || mark->relid == relid)
		return is_look_up(mark) ? mark->looked_up : NIL;
	foreach(lc, mark->looked_up)
		result = lappend_int(result, get_attnum(relid, get_attname(mark->relid, lfirst_int(lc), false)));
	return result;
}

/* Is the column guarded, and not among those whose values the statement looks up? */
static bool
is_kept_back(const CgPolicy *policy, List *looked_up, AttrNumber attnum)
{
	return attnum == InvalidAttrNumber ||
		(cg_policy_column(policy, attnum) && !list_member_int(looked_up, attnum));
}

/* Do expressions of an index, or its predicate, use such a column? */
static bool
uses_kept_back(List *expressions, const IndexOptInfo *index, const CgPolicy *policy, List *looked_up)
{
	Bitmapset  *used = NULL;
	int			member = -1;

	pull_varattnos((Node *) expressions, index->rel->relid, &used);
	while ((member = bms_next_member(used, member)) >= 0)
	{
		if (is_kept_back(policy, looked_up, member + FirstLowInvalidHeapAttributeNumber))
			return true;
	}
	return false;
}

/*
 * An index on a guarded column returns rows in the order of the stored values, and a user
 * who may INSERT could find a value by inserting others around it.  No condition could use
 * the index anyway, since all conditions see reveal().  A look-up may use it: its actor is
 * shown every value.  If the index has another guarded column as well, no record would name
 * that one, so the rows come in the order of the table.  A partial index, whose predicate
 * another condition may imply, tells which rows meet it.  An expression tells what its columns
 * do.  Extended statistics would tell
 * EXPLAIN how many values there are.
 */
static void
forget_indexes(RelOptInfo *rel, const CgPolicy *policy, List *looked_up)
{
	bool		looks_up = looked_up != NIL;
	ListCell   *lc;

	foreach(lc, looks_up ? NIL : rel->statlist)
	{
		StatisticExtInfo *statistics = lfirst(lc);
		bool		guarded = statistics->exprs != NIL;

		for (int i = 0; i < policy->nguarded; i++)
			guarded |= bms_is_member(policy->guarded[i].attnum, statistics->keys);
		if (guarded)
			rel->statlist = foreach_delete_current(rel->statlist, lc);
	}
	foreach(lc, rel->indexlist)
	{
		IndexOptInfo *index = lfirst(lc);
		bool		ordered = false;

		for (int i = 0; i < index->nkeycolumns; i++)
			if (index->indexkeys[i] > 0 && is_kept_back(policy, looked_up, index->indexkeys[i]))
				ordered = true;
		if (uses_kept_back(index->indexprs, index, policy, looked_up) || (ordered && !looks_up) ||
			uses_kept_back(index->indpred, index, policy, looked_up))
			rel->indexlist = foreach_delete_current(rel->indexlist, lc);
		else if (ordered)
			index->amhasgettuple = false;
	}
}

/* The planner has copied what it wants of the relation's indexes and statistics by now. */
static void
planner_relation_info(PlannerInfo *root, Oid relid, bool inhparent, RelOptInfo *rel)
{
	if (prev_get_relation_info)
		prev_get_relation_info(root, relid, inhparent, rel);
	if (cg_special_is() || !cg_policycache_is_nothing(relid))
		check_opened(root, relid, rel);
}

/*
 * A search of so few customers names them, so it reads their rows.  How many there are in a
 * table that was never analyzed, PostgreSQL only guesses.
 */
static bool
may_be_small(Oid relid, const RelOptInfo *rel)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	bool		known = HeapTupleIsValid(tuple) && ((Form_pg_class) GETSTRUCT(tuple))->reltuples >= 0;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return !known || rel->tuples <= CG_SEARCHED_NAMES;
}

static void
check_opened(PlannerInfo *root, Oid relid, RelOptInfo *rel)
{
	const CgPolicy *policy;
	CgMark		mark;

	if (cg_around_innermost() && cg_around_innermost()->read)
		cg_folding_forget_kept(relid);
	policy = cg_inline_planning() > 0 ? cg_policy_get(relid) : NULL;
	if (policy)
	{
		if (!cg_rtemark_get(planner_rt_fetch(rel->relid, root), &mark))
			mark = (CgMark) {.looked_up = NIL};
		if (mark.assumed == CG_ASSUMED_SEARCHES_ALONE && may_be_small(relid, rel))
			mark.looked_up = NIL;
		forget_indexes(rel, policy, looked_up_in(relid, &mark));
	}
}

/*
 * The second line: a guarded relation of a finished plan bears the mark of the rewrite, or
 * that of a parent.  This needs no hook within the planner, which a newer one may lack.
 *
 * If the rewrite has seen a parent of the relation, the relation is read through the
 * parent's columns.  Then every guard of the relation must be a guard of the parent, too.
 * A parent that is not guarded has no mark.
 */
static void
require_seen(const RangeTblEntry *rte)
{
	const CgPolicy *policy = cg_policy_get(rte->relid);
	CgMark		mark;

	if (policy == NULL)
		return;
	if (!cg_rtemark_get(rte, &mark) || !OidIsValid(mark.relid))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("guarded relation \"%s\" cannot be read in this way", get_rel_name(rte->relid)),
				 cg_refused_relation(rte->relid, policy->guarded[0].attnum),
				 errdetail("It is reached without contact_guard's rewrite."),
				 errhint("If it is read through a parent table, protect the parent too.")));
	if (mark.relid == rte->relid)
		return;
	/* For example, the key may be a generated column in the child. */
	if (policy->broken)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("guarded relation \"%s\" cannot be used: its policy is broken", get_rel_name(rte->relid)),
				 errdetail("In that relation, %s.", policy->broken)));
	cg_covers_require(mark.relid, rte->relid);
}

static bool
has_guarded(const RangeTblEntry *rte, AttrNumber attnum)
{
	const CgPolicy *policy = cg_inline_planning() > 0 ? cg_policy_get(rte->relid) : NULL;
	CgMark		mark;

	return policy && cg_policy_column(policy, attnum) && !(cg_rtemark_get(rte, &mark) && is_look_up(&mark));
}

/*
 * Estimates over a guarded column, such as those of DISTINCT, would tell EXPLAIN how many
 * values it has.  So the planner gets no statistics of it: the hook returns true and sets
 * none.
 *
 * The planner's estimates call operators of any user with values from statistics.  For
 * columns of the log only leakproof operators may get such values.
 */
static bool
planner_relation_stats(PlannerInfo *root, RangeTblEntry *rte, AttrNumber attnum,
					   VariableStatData *vardata)
{
	if (rte->rtekind != RTE_RELATION || cg_policycache_is_nothing(rte->relid))
		return prev_get_relation_stats && prev_get_relation_stats(root, rte, attnum, vardata);
	return hide_relation_stats(root, rte, attnum, vardata);
}

static bool
hide_relation_stats(PlannerInfo *root, RangeTblEntry *rte, AttrNumber attnum, VariableStatData *vardata)
{
	if (prev_get_relation_stats && prev_get_relation_stats(root, rte, attnum, vardata))
		return true;
	if (!OidIsValid(cg_objects_schema()))
		return false;
	if (has_guarded(rte, attnum))
	{
		/* The estimates of BRIN have not set them. */
		vardata->statsTuple = NULL;
		vardata->freefunc = NULL;
		return true;
	}
	if (!cg_policy_is_audited(rte->relid))
		return false;
	vardata->acl_ok = false;
	vardata->statsTuple = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(rte->relid),
										  Int16GetDatum(attnum), BoolGetDatum(rte->inh));
	vardata->freefunc = ReleaseSysCache;
	return true;
}

/*
 * EXPLAIN tells the width of rows, and the average width of a column tells how long its values
 * are, or that of the only row.  A guarded column is taken to be as wide as its type says.
 */
static int32
planner_average_width(Oid relid, AttrNumber attnum)
{
	const CgPolicy *policy = cg_policycache_is_nothing(relid) || !OidIsValid(cg_objects_schema()) ? NULL :
		cg_policy_get(relid);
	Oid			type;
	int32		typmod;
	Oid			collation;

	if (policy && attnum > 0 && policy->nguarded > 0 && (policy->hide || cg_policy_column(policy, attnum)))
	{
		get_atttypetypmodcoll(relid, attnum, &type, &typmod, &collation);
		return get_typavgwidth(type, typmod);
	}
	return prev_get_attavgwidth ? prev_get_attavgwidth(relid, attnum) : 0;
}
