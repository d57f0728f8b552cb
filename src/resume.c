/*
 * resume.c
 *		Executions that are resumed after a window has closed.
 *
 * Sort, Hash, Materialize and their like keep values that reveal() has let
 * through, and deliver them in a later FETCH without asking again.  Which plans
 * do is the planner's secret, so every execution that has shown something and
 * stopped at a row count is remembered, whatever its plan, and before it goes on
 * all of it must still be open.
 */
#include "postgres.h"

#include "lib/ilist.h"
#include "utils/memutils.h"

#include "permission.h"
#include "policy.h"
#include "resume.h"
#include "windows.h"

typedef struct Shown
{
	Oid			relid;
	char	   *customer;		/* NULL: by a standing permission */
} Shown;

/* Lives in the query's own memory, and leaves the list when that goes. */
typedef struct Resumable
{
	dlist_node	node;
	QueryDesc  *query;
	CgActor		actor;
	List	   *shown;
} Resumable;

static dlist_head resumables = DLIST_STATIC_INIT(resumables);

static Resumable *find(QueryDesc *query);
static void take_shown(Oid relid, const char *customer, void *context);
static void forget(void *arg);
static bool is_still_open(const CgActor *actor, const Shown *shown);

static Resumable *
find(QueryDesc *query)
{
	dlist_iter	iter;

	dlist_foreach(iter, &resumables)
	{
		Resumable  *resumable = dlist_container(Resumable, node, iter.cur);

		if (resumable->query == query)
			return resumable;
	}
	return NULL;
}

static void
forget(void *arg)
{
	dlist_delete(&((Resumable *) arg)->node);
}

static void
take_shown(Oid relid, const char *customer, void *context)
{
	Resumable  *resumable = context;
	Shown	   *shown;
	ListCell   *lc;

	foreach(lc, resumable->shown)
	{
		shown = lfirst(lc);
		if (shown->relid == relid && (customer == NULL) == (shown->customer == NULL) &&
			(customer == NULL || strcmp(shown->customer, customer) == 0))
			return;
	}
	shown = palloc(sizeof(Shown));
	shown->relid = relid;
	shown->customer = customer ? pstrdup(customer) : NULL;
	resumable->shown = lappend(resumable->shown, shown);
}

void
cg_resume_remember(QueryDesc *query, const CgReads *reads)
{
	Resumable  *resumable = find(query);
	MemoryContext oldcontext;

	if (!cg_reads_has_shown(reads))
		return;
	oldcontext = MemoryContextSwitchTo(query->estate->es_query_cxt);
	if (resumable == NULL)
	{
		MemoryContextCallback *callback = palloc(sizeof(MemoryContextCallback));

		resumable = palloc0(sizeof(Resumable));
		resumable->query = query;
		resumable->actor = *cg_reads_actor(reads);
		resumable->actor.name = pstrdup(resumable->actor.name);
		callback->func = forget;
		callback->arg = resumable;
		dlist_push_head(&resumables, &resumable->node);
		MemoryContextRegisterResetCallback(query->estate->es_query_cxt, callback);
	}
	cg_reads_each_shown(reads, take_shown, resumable);
	MemoryContextSwitchTo(oldcontext);
}

static bool
is_still_open(const CgActor *actor, const Shown *shown)
{
	const CgPolicy *policy;
	CgWindow	window;

	if (shown->customer)
		return cg_windows_verify(actor->name, shown->customer, &window);
	policy = cg_policy_get(shown->relid);
	return policy && cg_permission_of(actor, policy).granted;
}

void
cg_resume_check(QueryDesc *query)
{
	Resumable  *resumable;
	CgActor		actor;
	ListCell   *lc;

	if (dlist_is_empty(&resumables) || (resumable = find(query)) == NULL)
		return;
	actor = cg_actor_current();
	if (strcmp(actor.name, resumable->actor.name) != 0 || actor.role != resumable->actor.role)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("this query has shown guarded values to \"%s\" and cannot go on for \"%s\"",
						resumable->actor.name, actor.name),
				 errhint("Run it again.")));
	foreach(lc, resumable->shown)
	{
		if (!is_still_open(&actor, lfirst(lc)))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("this query has shown values that may not be shown any more, and cannot go on"),
					 errdetail("An intervention has ended since, or a permission was taken back."),
					 errhint("Run it again.")));
	}
}
