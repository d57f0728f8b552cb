/*
 * planassume.c
 *		Plans that are valid only for actors with a standing permission, or without one.
 *
 * The plan cache makes a plan again when the current role changes (the planner
 * hook sets dependsOnRole), but it does not know act_as, nor the outer role
 * behind a SECURITY DEFINER function.  So act_as and SET ROLE call this file, and the
 * next statement gets a plan that fits.  Other changes of the actor (a role that comes
 * back at the end of the transaction) are caught by the check before each execution.
 */
#include "postgres.h"

#include "replication/walsender.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/rls.h"

#include "base/actor.h"
#include "base/refused.h"
#include "policy/permission.h"
#include "policy/planassume.h"
#include "policy/policy.h"
#include "policy/rtemark.h"

typedef struct Assumption
{
	Oid			relid;
	CgAssumed	assumed;
	bool		holds;
} Assumption;

/* Made by plans of this session, of which some may not exist any more. */
static List *assumptions = NIL;

static bool holds(const CgActor *actor, Oid relid, CgAssumed assumed);
static bool assume(Oid relid, CgAssumed assumed);
static void drop_plans(void);

static bool
holds(const CgActor *actor, Oid relid, CgAssumed assumed)
{
	const CgPolicy *policy = cg_policy_get(relid);
	CgPermission permission = {0};
	bool		sees_all;

	if (policy)
		permission = cg_permission_of(actor, policy);
	sees_all = permission.granted ||
		(OidIsValid(actor->role) && has_bypassrls_privilege(actor->role));

	switch (assumed)
	{
		case CG_ASSUMED_PERMITTED:
		case CG_ASSUMED_SEARCHES:
		case CG_ASSUMED_SEARCHES_ALONE:
			return cg_permission_is_whole(&permission);
		case CG_ASSUMED_SEES_ALL:
			return sees_all;
		case CG_ASSUMED_SEES_OPEN:
			return !sees_all;
		default:
			return true;
	}
}

static bool
assume(Oid relid, CgAssumed assumed)
{
	CgActor		actor = cg_actor_current();
	bool		now = holds(&actor, relid, assumed);
	MemoryContext oldcontext;
	Assumption *assumption;
	ListCell   *lc;

	foreach(lc, assumptions)
	{
		assumption = lfirst(lc);
		if (assumption->relid == relid && assumption->assumed == assumed && assumption->holds == now)
			return now;
	}
	oldcontext = MemoryContextSwitchTo(TopMemoryContext);
	assumption = palloc(sizeof(Assumption));
	*assumption = (Assumption) {relid, assumed, now};
	assumptions = lappend(assumptions, assumption);
	MemoryContextSwitchTo(oldcontext);
	return now;
}

/* Drops all plans of the session: the plan cache cannot drop a single one. */
static void
drop_plans(void)
{
	ResetPlanCache();
	list_free_deep(assumptions);
	assumptions = NIL;
}

bool
cg_planassume_permitted(Oid relid)
{
	return assume(relid, CG_ASSUMED_PERMITTED);
}

bool
cg_planassume_sees_all(Oid relid)
{
	return assume(relid, CG_ASSUMED_SEES_ALL);
}

bool
cg_planassume_check(const PlannedStmt *plan)
{
	bool		to_record = false;
	CgActor		actor;
	bool		actor_known = false;
	ListCell   *lc;

	foreach(lc, plan->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);
		CgMark		mark;

		/* A child has its parent's mark. */
		if (rte->enrname == NULL || !cg_rtemark_get(rte, &mark) || mark.relid != rte->relid)
			continue;
		/* As with row security itself: a dump gets all rows or an error. */
		if (mark.assumed == CG_ASSUMED_SEES_OPEN && (!row_security || am_walsender))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg(am_walsender ? "rows of relation \"%s\" would be hidden from a replication connection" :
							"rows of relation \"%s\" would be hidden, and row_security is off",
							get_rel_name(mark.relid)),
					 cg_refused_relation(mark.relid, InvalidAttrNumber),
					 errhint("To copy all rows, use a role with a standing permission: see contact_guard.allow().")));
		to_record |= mark.audited || mark.looked_up != NIL || mark.checked != NIL;
		if (mark.assumed == CG_ASSUMED_NOTHING)
			continue;
		if (!actor_known)
			actor = cg_actor_current();
		actor_known = true;
		if (!holds(&actor, mark.relid, mark.assumed))
		{
			drop_plans();
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("this plan was made for an actor with other permissions on relation \"%s\"",
							get_rel_name(mark.relid)),
					 errhint("Run the statement again.")));
		}
	}
	return to_record;
}

/* Drops cached plans if one of them is not valid for the new actor. */
static void
actor_changed(bool lost)
{
	CgActor		actor;
	ListCell   *lc;

	if (assumptions == NIL)
		return;
	/* No catalog can be read now, so all plans are dropped. */
	if (lost)
	{
		drop_plans();
		return;
	}
	actor = cg_actor_current();
	foreach(lc, assumptions)
	{
		Assumption *assumption = lfirst(lc);

		if (holds(&actor, assumption->relid, assumption->assumed) != assumption->holds)
		{
			drop_plans();
			return;
		}
	}
}

void
cg_planassume_init(void)
{
	cg_actor_on_change = actor_changed;
}
