/*
 * shown.c
 *		Sets of what has been shown: customers by open windows, relations by
 *		standing permissions.
 *
 * Memory is bounded.  A customer is remembered by a hash of 64 bits with a random seed.
 * A set with more than CG_SHOWN_MAX customers remembers only that there were too many,
 * and is never open again.  A set that was shown to more than one actor is never open
 * again, either.  A set does not say which columns it has: what was shown to a token that is
 * for some columns is open for those alone, or for all.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "utils/memutils.h"

#include "policy/permission.h"
#include "policy/policy.h"
#include "policy/windows.h"
#include "read/shown.h"

#define IN_PLAN "contact_guard shown"

typedef struct ShownEntry
{
	uint64		customer;		/* key: a hash of its text */
	uint32		check;			/* number of the last check that found a window open */
	char		status;
} ShownEntry;

#define SH_PREFIX shownset
#define SH_ELEMENT_TYPE ShownEntry
#define SH_KEY_TYPE uint64
#define SH_KEY customer
#define SH_HASH_KEY(tb, key) ((uint32) (key))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct CgShown
{
	MemoryContext context;
	CgActor		actor;			/* name NULL: nothing has been shown */
	uint64		columns;		/* of his token; 0: all */
	shownset_hash *customers;	/* NULL: none */
	List	   *relations;		/* OIDs */
	bool		several;		/* it was shown to several actors */
	bool		too_many;		/* there were too many customers; they are forgotten */
};

static bool is_of_actor(const CgShown *shown, const CgActor *actor);
static uint64 hash_of(const char *customer);
static void add_customer(CgShown *shown, uint64 customer);
static void add_actor(CgShown *shown, const CgActor *actor, uint64 columns);
static uint64 token_columns(const CgActor *actor);
static void add_shown_relation(CgShown *shown, Oid relid);
static bool are_windows_open(const CgShown *shown, const CgActor *actor);
static const char *problem(const CgShown *shown, const CgActor *actor);

CgShown *
cg_shown_create(void)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "contact_guard shown", ALLOCSET_SMALL_SIZES);
	CgShown    *shown = MemoryContextAllocZero(context, sizeof(CgShown));

	shown->context = context;
	return shown;
}

void
cg_shown_free(CgShown *shown)
{
	MemoryContextDelete(shown->context);
}

static bool
is_of_actor(const CgShown *shown, const CgActor *actor)
{
	return shown->actor.role == actor->role && strcmp(shown->actor.name, actor->name) == 0;
}

/* Each session has a seed of its own: sets are not shared between sessions. */
static uint64
hash_of(const char *customer)
{
	static uint64 seed = 0;

	while (seed == 0)
		if (!pg_strong_random(&seed, sizeof(seed)))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("could not generate a random number")));
	return hash_bytes_extended((const unsigned char *) customer, strlen(customer), seed);
}

static void
add_customer(CgShown *shown, uint64 customer)
{
	bool		found;
	ShownEntry *entry;

	if (shown->too_many)
		return;
	if (shown->customers == NULL)
		shown->customers = shownset_create(shown->context, 2, NULL);
	entry = shownset_insert(shown->customers, customer, &found);
	if (found)
		return;
	entry->check = 0;
	if (shown->customers->members > CG_SHOWN_MAX)
	{
		shownset_destroy(shown->customers);
		shown->customers = NULL;
		shown->too_many = true;
	}
}

static uint64
token_columns(const CgActor *actor)
{
	return actor->token ? actor->token->columns : 0;
}

static void
add_actor(CgShown *shown, const CgActor *actor, uint64 columns)
{
	if (shown->actor.name == NULL)
	{
		shown->columns = columns;
		shown->actor = *actor;
		shown->actor.token = NULL;
		shown->actor.name = MemoryContextStrdup(shown->context, actor->name);
	}
	else if (!is_of_actor(shown, actor) || shown->columns != columns)
		shown->several = true;
}

static void
add_shown_relation(CgShown *shown, Oid relid)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(shown->context);

	shown->relations = list_append_unique_oid(shown->relations, relid);
	MemoryContextSwitchTo(oldcontext);
}

void
cg_shown_add(CgShown *shown, const CgActor *actor, Oid relid, const char *customer)
{
	add_actor(shown, actor, token_columns(actor));
	if (customer)
		add_customer(shown, hash_of(customer));
	else
		add_shown_relation(shown, relid);
}

void
cg_shown_merge(CgShown *into, const CgShown *from)
{
	shownset_iterator it;
	ShownEntry *entry;
	ListCell   *lc;

	into->several |= from->several;
	into->too_many |= from->too_many;
	if (from->relations != NIL || from->customers)
		add_actor(into, &from->actor, from->columns);
	foreach(lc, from->relations)
		add_shown_relation(into, lfirst_oid(lc));
	if (from->customers == NULL)
		return;
	shownset_start_iterate(from->customers, &it);
	while ((entry = shownset_iterate(from->customers, &it)) != NULL)
		add_customer(into, entry->customer);
}

/* Asks one question, however many customers there are.  The actor is the one of the set. */
static bool
are_windows_open(const CgShown *shown, const CgActor *actor)
{
	static uint32 check = 0;
	uint32		open = 0;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "contact_guard windows",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	ListCell   *lc;

	if (++check == 0)
		check = 1;
	foreach(lc, cg_windows_open(actor))
	{
		ShownEntry *entry = shownset_lookup(shown->customers,
											hash_of(((CgWindow *) lfirst(lc))->customer));

		/* There may be two windows at one customer. */
		if (entry && entry->check != check)
		{
			entry->check = check;
			open++;
		}
	}
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(context);
	return open == shown->customers->members;
}

/* Why the set may not be shown again, or NULL if it may. */
static const char *
problem(const CgShown *shown, const CgActor *actor)
{
	ListCell   *lc;

	if (shown->several)
		return "The values were shown to several actors.";
	if (token_columns(actor) != 0 && token_columns(actor) != shown->columns)
		return "The token is for some columns only, and the values were shown without this.";
	if (shown->too_many)
		return "The values belong to too many customers to check all of their interventions again.";
	if (shown->customers && !are_windows_open(shown, actor))
		return "An intervention has ended, or a permission was taken back.";
	foreach(lc, shown->relations)
	{
		const CgPolicy *policy = cg_policy_get(lfirst_oid(lc));

		if (policy == NULL || !cg_permission_of(actor, policy).granted)
			return "An intervention has ended, or a permission was taken back.";
	}
	return NULL;
}

bool
cg_shown_is_open(const CgShown *shown)
{
	CgActor		actor;

	if (shown->actor.name == NULL)
		return true;
	actor = cg_actor_current();
	return is_of_actor(shown, &actor) && problem(shown, &actor) == NULL;
}

void
cg_shown_require_open(const CgShown *shown)
{
	CgActor		actor;
	const char *detail;

	if (shown->actor.name == NULL)
		return;
	actor = cg_actor_current();
	if (!is_of_actor(shown, &actor))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("this query has shown guarded values to \"%s\" and cannot go on for \"%s\"",
						shown->actor.name, actor.name),
				 errhint("Run it again.")));
	detail = problem(shown, &actor);
	if (detail)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("this query has shown values that may not be shown any more, and cannot go on"),
				 errdetail("%s", detail),
				 shown->too_many ? errhint("Read fewer customers at a time.") : errhint("Run it again.")));
}

/*
 * Writes the set as texts: "s" if the set is never open again; the actor's role, columns and name;
 * then "r" with a relation or "c" with a customer, for each of them.
 */
void
cg_shown_put_into_plan(const CgShown *shown, PlannedStmt *plan)
{
	RangeTblEntry *rte = makeNode(RangeTblEntry);
	List	   *texts = NIL;
	shownset_iterator it;
	ShownEntry *entry;
	ListCell   *lc;

	if (shown->several || shown->too_many)
		texts = lappend(texts, makeString("s"));
	texts = lappend(texts, makeString(psprintf("%u " UINT64_FORMAT " %s", shown->actor.role, shown->columns, shown->actor.name)));
	foreach(lc, shown->relations)
		texts = lappend(texts, makeString(psprintf("r%u", lfirst_oid(lc))));
	if (shown->customers)
	{
		shownset_start_iterate(shown->customers, &it);
		while ((entry = shownset_iterate(shown->customers, &it)) != NULL)
			texts = lappend(texts, makeString(psprintf("c" UINT64_FORMAT, entry->customer)));
	}
	rte->rtekind = RTE_RESULT;
	rte->eref = makeAlias("contact_guard", NIL);
	rte->enrname = pstrdup(IN_PLAN);
	rte->values_lists = texts;
	plan->rtable = lappend(plan->rtable, rte);
	/* So the plan is not used in a later transaction after others have committed. */
	plan->transientPlan = true;
}

CgShown *
cg_shown_of_plan(const PlannedStmt *plan)
{
	RangeTblEntry *rte = plan->rtable == NIL ? NULL : llast_node(RangeTblEntry, plan->rtable);
	CgShown    *shown;
	CgActor		actor = {0};
	uint64		columns = 0;
	ListCell   *lc;

	if (rte == NULL || rte->rtekind != RTE_RESULT || rte->enrname == NULL || strcmp(rte->enrname, IN_PLAN) != 0)
		return NULL;
	shown = cg_shown_create();
	foreach(lc, rte->values_lists)
	{
		char	   *text = strVal(lfirst(lc));

		if (strcmp(text, "s") == 0)
			shown->several = true;
		else if (actor.name == NULL)
		{
			char	   *end;

			actor.role = (Oid) strtoul(text, NULL, 10);
			columns = strtoull(strchr(text, ' ') + 1, &end, 10);
			actor.name = end + 1;
		}
		else
		{
			add_actor(shown, &actor, columns);
			if (text[0] == 'r')
				add_shown_relation(shown, (Oid) strtoul(text + 1, NULL, 10));
			else
				add_customer(shown, strtoull(text + 1, NULL, 10));
		}
	}
	return shown;
}
