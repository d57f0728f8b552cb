/*
 * resume.c
 *		Later checks of values that were shown before: in executions that are
 *		resumed, and in results that PostgreSQL has stored.
 *
 * Sort, Hash, Materialize, the tuplestore of a function in FROM and similar nodes keep
 * values that reveal() has let through, and deliver them in a later FETCH without
 * asking again.  A plan does not say which values it keeps.  So every execution that
 * may be run again is remembered, with everything that was shown in it and inside of
 * it.  Before it goes on, all of that must still be open.
 *
 * Some results do not come from an executor the second time: those of RETURNING, of
 * data-modifying CTEs, of a command that returns rows (EXECUTE, FETCH), and of a cursor
 * that is held.  PostgreSQL runs these to their end and puts the rows into a store of
 * the portal.  So a portal with a store is remembered, too.  A FETCH in SQL passes
 * ProcessUtility, and rows that the protocol asks for pass the door.
 *
 * Planning runs functions that are marked IMMUTABLE.  Their results stay in the plan for
 * as long as the plan is kept.  So a plan carries the set of what was shown while it was
 * made, and each of its executions checks that set.
 *
 * The memory of a remembered set belongs to the query or the portal, and is freed with
 * it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "lib/ilist.h"
#include "tcop/dest.h"
#include "tcop/pquery.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

#include "base/clock.h"
#include "base/special.h"
#include "policy/ask.h"
#include "policy/rtemark.h"
#include "read/planholds.h"
#include "read/reads.h"
#include "read/resume.h"

typedef struct Remembered
{
	dlist_node	node;
	const void *key;			/* a QueryDesc or a Portal */
	CgShown    *shown;
	uint64		handed_to;		/* number of the frame that has got all of it */
	TimestampTz checked_at;
	CgActorSince checked_for;	/* of a portal */
	bool		is_portal;
	bool		fresh;			/* of a portal: no row of its store has left yet */
} Remembered;

static dlist_head all_remembered = DLIST_STATIC_INIT(all_remembered);
CgFrame    *cg_resume_innermost = NULL;

static uint64 frames = 0;		/* that have a number */
static bool plans_have_shown = false;	/* some plan of this session carries a set */

static Remembered *find_remembered(const void *key);
static Remembered *remember(const void *key, MemoryContext context, CgShown *shown);
static void forget_remembered(void *arg);
static uint64 number_of(CgFrame *frame);
static void hand_on(CgFrame *to, const CgShown *shown);
static void note_checked(Remembered *portal);
static void keep_with_store(Portal portal, const CgShown *shown);
static bool fills_store(const CgFrame *frame);
static bool is_just_now(TimestampTz checked_at);
static bool was_checked(const Remembered *portal);
static void require_open(const CgShown *shown, TimestampTz *checked_at);
static void check_running(void);

static Remembered *
find_remembered(const void *key)
{
	dlist_iter	iter;

	dlist_foreach(iter, &all_remembered)
	{
		Remembered *remembered = dlist_container(Remembered, node, iter.cur);

		if (remembered->key == key)
			return remembered;
	}
	return NULL;
}

static void
forget_remembered(void *arg)
{
	Remembered *remembered = arg;

	dlist_delete(&remembered->node);
	cg_shown_free(remembered->shown);
}

/*
 * Takes the set over, or adds it to the one that is there.  The set keeps its own memory
 * context: holding a portal deletes the children of the portal's context.
 */
static Remembered *
remember(const void *key, MemoryContext context, CgShown *shown)
{
	Remembered *remembered = find_remembered(key);
	MemoryContextCallback *callback;

	if (remembered)
	{
		cg_shown_merge(remembered->shown, shown);
		cg_shown_free(shown);
		return remembered;
	}
	remembered = MemoryContextAllocZero(context, sizeof(Remembered));
	callback = MemoryContextAlloc(context, sizeof(MemoryContextCallback));
	remembered->key = key;
	remembered->shown = shown;
	callback->func = forget_remembered;
	callback->arg = remembered;
	cg_special_note();
	dlist_push_head(&all_remembered, &remembered->node);
	MemoryContextRegisterResetCallback(context, callback);
	return remembered;
}

static uint64
number_of(CgFrame *frame)
{
	if (frame->number == 0)
		frame->number = ++frames;
	return frame->number;
}

static void
hand_on(CgFrame *to, const CgShown *shown)
{
	if (to->shown == NULL)
	{
		to->shown = cg_shown_create();
		to->checked_at = cg_clock_coarse();
	}
	cg_shown_merge(to->shown, shown);
}

static void
note_checked(Remembered *portal)
{
	portal->checked_at = cg_clock_coarse();
	portal->checked_for = cg_actor_since();
}

/* The portal's own context lives as long as its store. */
static void
keep_with_store(Portal portal, const CgShown *shown)
{
	CgShown    *copy = cg_shown_create();
	Remembered *remembered;

	cg_shown_merge(copy, shown);
	remembered = remember(portal, portal->portalContext, copy);
	note_checked(remembered);
	remembered->is_portal = true;
	remembered->fresh = true;
}

/* Is this the portal's own execution or command, and not one that runs inside of it? */
static bool
fills_store(const CgFrame *frame)
{
	if (frame->portal == NULL || frame->portal->holdStore == NULL)
		return false;
	return frame->outer == NULL || frame->outer->portal != frame->portal ||
		(frame->query && frame->portal->queryDesc == frame->query);
}

void
cg_resume_leave_special(CgFrame *frame, bool success)
{
	QueryDesc  *query = frame->query;
	CgFrame    *outer = frame->outer;
	Remembered *remembered = NULL;
	const CgShown *shown;
	const CgShown *all;

	if (frame->shown == NULL && dlist_is_empty(&all_remembered))
		return;
	if (query)
		remembered = find_remembered(query);
	shown = frame->shown;
	all = remembered ? remembered->shown : shown;
	if (remembered && (outer == NULL || remembered->handed_to != number_of(outer)))
	{
		/* This run may replay values that an earlier run has shown. */
		if (frame->shown)
			cg_shown_merge(remembered->shown, frame->shown);
		shown = remembered->shown;
		remembered->handed_to = outer ? number_of(outer) : 0;
	}
	if (shown && outer)
		hand_on(outer, shown);
	/* Even if an outer frame has the set already: the store outlives that frame. */
	if (all && fills_store(frame))
	{
		keep_with_store(frame->portal, all);
		if (all != shown && frame->shown)
			keep_with_store(frame->portal, frame->shown);
	}
	if (frame->shown == NULL)
		return;
	if ((frame->again && success) || remembered)
	{
		remembered = remember(query, query->estate->es_query_cxt, frame->shown);
		remembered->handed_to = outer ? number_of(outer) : 0;
	}
	else
		cg_shown_free(frame->shown);
}

void
cg_resume_add(const CgActor *actor, Oid relid, const char *customer)
{
	if (cg_resume_innermost == NULL)
		return;
	cg_special_note();
	if (cg_resume_innermost->shown == NULL)
	{
		cg_resume_innermost->shown = cg_shown_create();
		cg_resume_innermost->checked_at = cg_clock_coarse();
	}
	cg_shown_add(cg_resume_innermost->shown, actor, relid, customer);
}

static bool
is_just_now(TimestampTz checked_at)
{
	TimestampTz now = cg_clock_coarse();

	return now >= checked_at && now - checked_at < CG_VERDICT_USECS - CG_CLOCK_TICK_USECS;
}

/* Another actor than the one for whom a store was checked does not get what is left of the second. */
static bool
was_checked(const Remembered *portal)
{
	CgActorSince now = cg_actor_since();

	return portal->checked_for.role == now.role && portal->checked_for.changes == now.changes &&
		is_just_now(portal->checked_at);
}

/* Rows of a store are sent without a snapshot, so this may have to push one. */
static void
require_open(const CgShown *shown, TimestampTz *checked_at)
{
	bool		push = !ActiveSnapshotSet();

	if (push)
		PushActiveSnapshot(GetTransactionSnapshot());
	cg_shown_require_open(shown);
	if (push)
		PopActiveSnapshot();
	*checked_at = cg_clock_coarse();
}

/*
 * Code that fetches from a held cursor through SPI (a procedural language,
 * cursor_to_xml) passes none of our hooks.  So a portal whose store may not be shown any
 * more is marked as failed at any next execution or command of the session.
 */
void
cg_resume_close_stores(void)
{
	dlist_iter	iter;

	/* Not while a question is asked: the current role is the owner of interventions then. */
	if (dlist_is_empty(&all_remembered) || cg_ask_is_running())
		return;
	dlist_foreach(iter, &all_remembered)
	{
		Remembered *remembered = dlist_container(Remembered, node, iter.cur);
		Portal		portal = unconstify(void *, remembered->key);

		if (!remembered->is_portal || portal->status != PORTAL_READY || was_checked(remembered))
			continue;
		note_checked(remembered);
		if (!cg_shown_is_open(remembered->shown))
			MarkPortalFailed(portal);
	}
}

/* On failure the plan cache is reset, so that the next run gets a new plan. */
void
cg_resume_check_plan(const PlannedStmt *plan)
{
	CgShown    *shown = plans_have_shown ? cg_shown_of_plan(plan) : NULL;

	if (shown == NULL)
		return;
	PG_TRY();
	{
		cg_shown_require_open(shown);
	}
	PG_CATCH();
	{
		cg_shown_free(shown);
		ResetPlanCache();
		PG_RE_THROW();
	}
	PG_END_TRY();
	/* Any result of this run may hold a constant of the plan. */
	if (cg_resume_innermost)
		hand_on(cg_resume_innermost, shown);
	cg_shown_free(shown);
}

/*
 * A cursor that is being held: even if it shows no value, its rows are there for whoever
 * has the permissions that its plan assumes.
 */
void
cg_resume_note_held(const PlannedStmt *plan)
{
	CgActor		actor;
	CgMark		mark;
	ListCell   *lc;

	if (ActivePortal == NULL || (ActivePortal->cursorOptions & CURSOR_OPT_HOLD) == 0)
		return;
	actor = cg_actor_current();
	foreach(lc, plan->rtable)
		if (cg_rtemark_get(lfirst_node(RangeTblEntry, lc), &mark) && cg_rtemark_is_permitted(&mark))
			cg_resume_add(&actor, mark.relid, NULL);
}

void
cg_resume_check(QueryDesc *query)
{
	Remembered *remembered;

	if (dlist_is_empty(&all_remembered) || (remembered = find_remembered(query)) == NULL)
		return;
	/* An SQL function that returns row after row is one running statement. */
	if (query->dest && query->dest->mydest == DestSQLFunction && is_just_now(remembered->checked_at))
		return;
	/* A cursor is being held: its rows do not leave now, and its store is remembered. */
	if (query->dest && query->dest->mydest == DestTuplestore && ActivePortal &&
		ActivePortal->queryDesc == query && ActivePortal->holdStore)
		return;
	require_open(remembered->shown, &remembered->checked_at);
}

void
cg_resume_check_fetch(const FetchStmt *fetch)
{
	Portal		portal;
	Remembered *remembered;

	if (dlist_is_empty(&all_remembered))
		return;
	portal = GetPortalByName(fetch->portalname);
	if (!PortalIsValid(portal) || portal->holdStore == NULL || (remembered = find_remembered(portal)) == NULL)
		return;
	require_open(remembered->shown, &remembered->checked_at);
	hand_on(cg_resume_innermost, remembered->shown);
}

/* Checks the innermost execution, and what it has shown in earlier runs. */
static void
check_running(void)
{
	Remembered *remembered;
	bool		due = cg_resume_innermost->shown && !is_just_now(cg_resume_innermost->checked_at);
	QueryDesc  *query = cg_resume_innermost->query;

	remembered = query && !dlist_is_empty(&all_remembered) ? find_remembered(query) : NULL;
	if (!due && (remembered == NULL || is_just_now(remembered->checked_at)))
		return;
	if (query == NULL || query->planstate == NULL || cg_planholds_rows(query->planstate))
	{
		if (remembered)
			require_open(remembered->shown, &remembered->checked_at);
		if (due)
			require_open(cg_resume_innermost->shown, &cg_resume_innermost->checked_at);
	}
	else if (due)
		cg_resume_innermost->checked_at = cg_clock_coarse();
}

void
cg_resume_check_row(bool first)
{
	Remembered *remembered;
	bool		fresh;

	if (cg_resume_innermost)
		check_running();
	if (dlist_is_empty(&all_remembered) || ActivePortal == NULL || ActivePortal->holdStore == NULL ||
		(remembered = find_remembered(ActivePortal)) == NULL)
		return;
	fresh = remembered->fresh;
	remembered->fresh = false;
	if (!was_checked(remembered) || !(fresh || !first))
	{
		require_open(remembered->shown, &remembered->checked_at);
		note_checked(remembered);
	}
}

void
cg_resume_leave_shown_planning(CgFrame *frame, PlannedStmt *plan)
{
	if (plan && frame->shown)
	{
		cg_shown_put_into_plan(frame->shown, plan);
		cg_special_note();
		plans_have_shown = true;
	}
	cg_resume_leave(frame, plan != NULL);
}
