/*
 * question.c
 *		Prepares the questions for one interventions relation.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/syscache.h"

#include "base/customerkey.h"
#include "policy/ask.h"
#include "policy/asked.h"
#include "policy/interventions.h"
#include "policy/labelparse.h"
#include "policy/question.h"
#include "policy/trial.h"
#include "policy/unswayed.h"
#include "policy/windowquery.h"
#include "policy/windowscan.h"

/* The arguments of a look at a question.  label NULL: its plans are prepared already. */
typedef struct Look
{
	CgInterventions *target;
	const CgTableLabel *label;
	const AttrNumber *parts;
	int			asks;			/* CG_NASKS: the plans are examined, too */
	MemoryContext context;		/* of what the look finds */
} Look;

static void prepare_plans(CgInterventions *target, const CgTableLabel *label, const AttrNumber *parts,
						  int asks);
static void examine(CgInterventions *target, MemoryContext context);
static void plan_all(CgInterventions *target);
static void find_scans(CgInterventions *target, MemoryContext context);
static void take_look(void *argument);

Oid
cg_question_owner(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

void
cg_question_free(CgInterventions *target)
{
	ListCell   *lc;

	for (int i = 0; i < CG_NASKS; i++)
		if (target->plans[i])
			SPI_freeplan(target->plans[i]);
	foreach(lc, target->by_id)
		SPI_freeplan(((CgWindowById *) lfirst(lc))->plan);
}

/* Throws PostgreSQL's errors about the questions. */
static void
prepare_plans(CgInterventions *target, const CgTableLabel *label, const AttrNumber *parts, int asks)
{
	CgAskState	state = cg_ask_enter(target->owner, false);

	PG_TRY();
	{
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		target->terms = cg_windowquery_terms(label);
		for (int ask = 0; ask < asks; ask++)
		{
			Oid			types[CG_ASK_PARAMS] = {TEXTOID, TIMESTAMPTZOID, target->customer_type,
			TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID};
			SPIPlanPtr	plan = SPI_prepare(cg_windowquery_text(target->relid, label, parts, ask),
										   CG_ASK_PARAMS, types);
			const char *harm;

			if (plan == NULL)
				elog(ERROR, "could not prepare the question for windows");
			harm = cg_ask_harm(plan);
			if (harm)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("%s", harm)));
			SPI_keepplan(plan);
			target->plans[ask] = plan;
		}
		SPI_finish();
	}
	PG_FINALLY();
	{
		cg_ask_leave(&state);
	}
	PG_END_TRY();
	AtEOXact_GUC(true, state.nestlevel);
}

/* Throws an error if the questions use a function that is not allowed. */
static void
examine(CgInterventions *target, MemoryContext context)
{
	List	   *queries = NIL;
	CgAsked    *asked;
	char	   *problem;
	MemoryContext oldcontext;

	for (int ask = 0; ask < CG_NASKS; ask++)
	{
		CachedPlanSource *source = linitial(SPI_plan_get_plan_sources(target->plans[ask]));

		queries = list_concat(queries, copyObject(source->query_list));
	}
	asked = cg_asked_find(target->owner, queries);
	problem = cg_asked_problem(asked);
	if (problem)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s", problem)));
	oldcontext = MemoryContextSwitchTo(context);
	target->functions = list_copy(asked->functions);
	target->relations = list_copy(asked->relations);
	MemoryContextSwitchTo(oldcontext);
}

/* The planner calls functions, too, such as those of indexes, so errors may come from it. */
static void
plan_all(CgInterventions *target)
{
	CgAskState	state = cg_ask_enter(target->owner, false);

	PG_TRY();
	{
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		for (int ask = 0; ask < CG_NASKS; ask++)
		{
			CachedPlan *plan = SPI_plan_get_cached_plan(target->plans[ask]);

			if (plan)
				ReleaseCachedPlan(plan, CurrentResourceOwner);
		}
		SPI_finish();
	}
	PG_FINALLY();
	{
		cg_ask_leave(&state);
	}
	PG_END_TRY();
	AtEOXact_GUC(true, state.nestlevel);
}

/* Which questions need no executor, and whether those that do need pinned settings. */
static void
find_scans(CgInterventions *target, MemoryContext context)
{
	CgAskState	state = cg_ask_enter(target->owner, false);

	PG_TRY();
	{
		/* A function of others may be IMMUTABLE in name alone. */
		target->is_steady = target->functions == NIL;
		for (int ask = 0; ask < CG_NASKS; ask++)
		{
			CachedPlanSource *source = linitial(SPI_plan_get_plan_sources(target->plans[ask]));

			if (!cg_unswayed_is_query((Node *) source->query_list))
				target->is_steady = false;
			target->scans[ask] = target->terms.plain ?
				cg_windowscan_create(target->relid, source->query_list, context) : NULL;
		}
	}
	PG_FINALLY();
	{
		cg_ask_leave(&state);
	}
	PG_END_TRY();
	AtEOXact_GUC(true, state.nestlevel);
}

bool
cg_question_is_valid(const CgInterventions *target)
{
	for (int ask = 0; ask < CG_NASKS; ask++)
		if (target->plans[ask] && !SPI_plan_is_valid(target->plans[ask]))
			return false;
	return true;
}

bool
cg_question_is_passing(int sqlerrcode)
{
	int			category = ERRCODE_TO_CATEGORY(sqlerrcode);

	return category == ERRCODE_OPERATOR_INTERVENTION || category == ERRCODE_INSUFFICIENT_RESOURCES ||
		sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE || sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED;
}

static void
take_look(void *argument)
{
	Look	   *look = argument;

	if (look->label)
		prepare_plans(look->target, look->label, look->parts, look->asks);
	if (look->asks != CG_NASKS)
		return;
	examine(look->target, look->context);
	plan_all(look->target);
	find_scans(look->target, look->context);
}

/* What is wrong with the question, in look.context; or NULL. */
static char *
look_at_question(Look look)
{
	char	   *problem = cg_trial_run(take_look, &look);

	return problem ? MemoryContextStrdup(look.context, problem) : NULL;
}

char *
cg_question_prepare(CgInterventions *target, const CgTableLabel *label, const AttrNumber *parts, int asks,
					MemoryContext context)
{
	return look_at_question((Look) {target, label, parts, asks, context});
}

char *
cg_question_examine(CgInterventions *target, MemoryContext context)
{
	return look_at_question((Look) {target, NULL, NULL, CG_NASKS, context});
}

bool
cg_question_is_asked(Oid relid)
{
	CgTableLabel label;

	cg_labelparse_table(cg_labels_get(relid, 0), &label);
	return label.interventions;
}

char *
cg_question_trees(Oid relid, const CgTableLabel *label, const AttrNumber *parts, List **trees)
{
	CgInterventions trial = {.relid = relid, .owner = cg_question_owner(relid)};
	char	   *problem = cg_windowquery_problem(relid, label, parts);

	*trees = NIL;
	if (problem)
		return problem;
	trial.customer_type = cg_customerkey_lookup_type(relid, parts[CG_PART_CUSTOMER]);
	problem = cg_question_prepare(&trial, label, parts, CG_ASK_OPEN + 1, CurrentMemoryContext);
	if (problem == NULL)
	{
		CachedPlanSource *source = linitial(SPI_plan_get_plan_sources(trial.plans[CG_ASK_OPEN]));

		*trees = copyObject(source->query_list);
	}
	cg_question_free(&trial);
	return problem;
}
