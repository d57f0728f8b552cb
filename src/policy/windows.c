/*
 * windows.c
 *		The windows of one technician, and a cache of them that may only withhold.
 *
 * A withheld row must cost only a hash probe.  So all windows that are open, or will
 * be within a second, are read at once and kept for a second.  That cache alone never
 * shows a value: a customer in it is looked up again (reads.c says how often).  So
 * nothing depends on invalidations, on triggers in the CRM, or on how its tables are
 * written.
 *
 * Past windows serve the log only: they relate a withheld read to an earlier visit.
 * They are read at the first withheld read, and kept for a minute.  A window that this
 * session has seen open and that has ended is added to them at once.  They are read again
 * after a second where one of them should be open by its times.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "journal/forward.h"
#include "policy/ask.h"
#include "policy/forwardask.h"
#include "policy/interventions.h"
#include "policy/verified.h"
#include "policy/windows.h"

#define OPEN_CACHE_USECS USECS_PER_SEC
#define PAST_CACHE_USECS (60 * USECS_PER_SEC)

typedef struct WindowEntry
{
	const char *customer;		/* key */
	uint32		hash;
	char		status;
	CgWindow	window;
} WindowEntry;

#define SH_PREFIX windowset
#define SH_ELEMENT_TYPE WindowEntry
#define SH_KEY_TYPE const char *
#define SH_KEY customer
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) (key), strlen(key))
#define SH_EQUAL(tb, a, b) (strcmp((a), (b)) == 0)
#define SH_SCOPE static inline
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* The windows of one technician, as of read_at. */
typedef struct WindowCache
{
	MemoryContext context;
	char	   *technician;
	uint64		narrowing;		/* of his token */
	const CgActor *actor;		/* only while it is read; NULL: all windows */
	TimestampTz read_at;
	windowset_hash *windows;
} WindowCache;

struct CgLook
{
	WindowCache cache;
};

static WindowCache open_cache;
static WindowCache past_cache;

static bool is_within(TimestampTz now, TimestampTz opens_at, TimestampTz closes_at);
static bool is_fresh(const WindowCache *cache, const CgActor *actor, int64 usecs);
static void ask_all(const CgActor *actor, CgAsk ask, CgWindowCallback callback, void *context);
static void read_cache(WindowCache *cache, const CgActor *actor, CgAsk ask);
static bool is_meant(const CgActor *actor, const char *id);
static uint64 narrowing_of(const CgActor *actor);
static void take_window(CgInterventions *from, const char *customer, const char *id,
						TimestampTz opens_at, TimestampTz closes_at, void *context);
static void insert_window(WindowCache *cache, const CgWindow *window);
static WindowEntry *look_at_past_again(const CgActor *actor, const CgWindow *known);
static void remember_closed(windowset_hash *before, windowset_hash *after);

static uint64
narrowing_of(const CgActor *actor)
{
	return actor->token ? actor->token->narrowing : 0;
}

/* Is an intervention among those that the actor's token is for? */
static bool
is_meant(const CgActor *actor, const char *id)
{
	const CgClaims *claims;
	char	   *in_utf8;
	bool		found = false;

	if (narrowing_of(actor) == 0)
		return true;
	if (id == NULL)
		return false;
	claims = &actor->token->claims;
	in_utf8 = pg_server_to_any(id, strlen(id), PG_UTF8);
	for (const char *at = cg_claims_first(claims, &claims->interventions); at && !found;
		 at = cg_claims_next(claims, &claims->interventions, at))
		found = strcmp(at, in_utf8) == 0;
	if (in_utf8 != id)
		pfree(in_utf8);
	return found;
}

static bool
is_fresh(const WindowCache *cache, const CgActor *actor, int64 usecs)
{
	TimestampTz now = GetCurrentTimestamp();

	/* If the clock was set back, read_at may be in the future. */
	return cache->windows && strcmp(cache->technician, actor->name) == 0 &&
		(cache == &past_cache || cache->narrowing == narrowing_of(actor)) &&
		now >= cache->read_at && now - cache->read_at < usecs;
}

/* Keeps one window for each customer: the one that closes last. */
static void
insert_window(WindowCache *cache, const CgWindow *window)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(cache->context);
	bool		found;
	WindowEntry *entry = windowset_insert(cache->windows, window->customer, &found);

	if (!found)
		entry->customer = pstrdup(window->customer);
	if (!found || entry->window.closes_at < window->closes_at)
	{
		entry->window = *window;
		entry->window.customer = entry->customer;
		entry->window.id = window->id ? pstrdup(window->id) : NULL;
	}
	MemoryContextSwitchTo(oldcontext);
}

static void
take_window(CgInterventions *from, const char *customer, const char *id,
			TimestampTz opens_at, TimestampTz closes_at, void *context)
{
	WindowCache *cache = context;
	CgWindow	window = {from->relid, id, customer, opens_at, closes_at};

	if (cache->actor == NULL || is_meant(cache->actor, id))
		insert_window(cache, &window);
}

/* Asks in all relations, or the primary. */
static void
ask_all(const CgActor *actor, CgAsk ask, CgWindowCallback callback, void *context)
{
	ListCell   *lc;

	if (cg_forward_is_on())
		cg_forwardask_windows(actor, ask, NULL, callback, context);
	else
		foreach(lc, cg_interventions_list())
			cg_ask_run(lfirst(lc), ask, actor->name, NULL, callback, context);
}

/* An error on the way leaves the old cache unchanged. */
static void
read_cache(WindowCache *cache, const CgActor *actor, CgAsk ask)
{
	const char *technician = actor->name;
	WindowCache fresh;

	fresh.context = AllocSetContextCreate(CurrentMemoryContext, "contact_guard windows",
										  ALLOCSET_SMALL_SIZES);
	fresh.technician = MemoryContextStrdup(fresh.context, technician);
	fresh.narrowing = narrowing_of(actor);
	fresh.actor = ask == CG_ASK_PAST ? NULL : actor;
	fresh.windows = windowset_create(fresh.context, 16, NULL);
	fresh.read_at = GetCurrentTimestamp();
	ask_all(actor, ask, take_window, &fresh);

	if (cache == &open_cache && open_cache.windows && past_cache.windows &&
		strcmp(open_cache.technician, technician) == 0 && open_cache.narrowing == fresh.narrowing &&
		strcmp(past_cache.technician, technician) == 0)
		remember_closed(open_cache.windows, fresh.windows);
	if (cache->context)
		MemoryContextDelete(cache->context);
	MemoryContextSetParent(fresh.context, TopMemoryContext);
	fresh.actor = NULL;
	*cache = fresh;
}

static void
remember_closed(windowset_hash *before, windowset_hash *after)
{
	windowset_iterator it;
	WindowEntry *entry;

	windowset_start_iterate(before, &it);
	while ((entry = windowset_iterate(before, &it)) != NULL)
		if (windowset_lookup(after, entry->customer) == NULL)
			insert_window(&past_cache, &entry->window);
}

bool
cg_windows_may_be_open(const CgActor *actor, const char *customer)
{
	if (cg_actor_has_lapsed(actor, GetCurrentTimestamp()))
		return false;
	if (!is_fresh(&open_cache, actor, OPEN_CACHE_USECS))
		read_cache(&open_cache, actor, CG_ASK_OPEN);
	/* The times do not matter: another window may follow the one that is kept here. */
	return windowset_lookup(open_cache.windows, customer) != NULL;
}

List *
cg_windows_customers(const CgActor *actor)
{
	List	   *customers = NIL;
	windowset_iterator it;
	WindowEntry *entry;

	if (cg_actor_has_lapsed(actor, GetCurrentTimestamp()))
		return NIL;
	if (!is_fresh(&open_cache, actor, OPEN_CACHE_USECS))
		read_cache(&open_cache, actor, CG_ASK_OPEN);
	windowset_start_iterate(open_cache.windows, &it);
	while ((entry = windowset_iterate(open_cache.windows, &it)) != NULL)
		customers = lappend(customers, pstrdup(entry->customer));
	return customers;
}

/*
 * A window that is shut before its time may have got an earlier end since: the log says
 * "window closed" and when.  A window whose row is gone stays as it was.
 */
static WindowEntry *
look_at_past_again(const CgActor *actor, const CgWindow *known)
{
	CgWindow	was = *known;

	was.customer = pstrdup(known->customer);
	was.id = known->id ? pstrdup(known->id) : NULL;
	read_cache(&past_cache, actor, CG_ASK_PAST);
	if (windowset_lookup(past_cache.windows, was.customer) == NULL)
		insert_window(&past_cache, &was);
	return windowset_lookup(past_cache.windows, was.customer);
}

bool
cg_windows_past(const CgActor *actor, const char *customer, CgWindow *window)
{
	WindowEntry *entry;

	if (!is_fresh(&past_cache, actor, PAST_CACHE_USECS))
		read_cache(&past_cache, actor, CG_ASK_PAST);
	entry = windowset_lookup(past_cache.windows, customer);
	if (entry && entry->window.closes_at > cg_clock_latest(GetCurrentTimestamp()) &&
		!is_fresh(&past_cache, actor, OPEN_CACHE_USECS))
		entry = look_at_past_again(actor, &entry->window);
	if (entry == NULL)
		return false;
	*window = entry->window;
	if (window->closes_at > cg_clock_latest(GetCurrentTimestamp()))
		window->closes_at = 0;
	return true;
}

/* A clock that was set back opens no window that had closed: see clock.h. */
static bool
is_within(TimestampTz now, TimestampTz opens_at, TimestampTz closes_at)
{
	return now >= opens_at && cg_clock_latest(now) < closes_at;
}

/* What cg_windows_open() makes. */
typedef struct OpenWindows
{
	const CgActor *actor;
	List	   *windows;
} OpenWindows;

typedef struct Verification
{
	const CgActor *actor;
	bool		open;
	CgWindow   *window;
} Verification;

static void
take_verified(CgInterventions *from, const char *customer, const char *id,
			  TimestampTz opens_at, TimestampTz closes_at, void *context)
{
	Verification *verification = context;

	if (!is_within(GetCurrentTimestamp(), opens_at, closes_at) || !is_meant(verification->actor, id))
		return;
	verification->open = true;
	*verification->window = (CgWindow) {from->relid, id, customer, opens_at, closes_at};
}

/*
 * Asks first where the window was when all were read: nearly always it is there still, and
 * the other relations need not be asked.
 */
static void
verify(const char *customer, Verification *verification)
{
	const char *technician = verification->actor->name;
	WindowEntry *known = open_cache.windows ? windowset_lookup(open_cache.windows, customer) : NULL;
	Oid			first = known ? known->window.relid : InvalidOid;
	List	   *all = cg_interventions_list();
	ListCell   *lc;

	for (int turn = 0; turn < 2; turn++)
	{
		foreach(lc, all)
		{
			CgInterventions *from = lfirst(lc);

			if ((from->relid == first) != (turn == 0))
				continue;
			cg_ask_run(from, CG_ASK_CUSTOMER, technician, customer, take_verified, verification);
			if (!verification->open)
				continue;
			if (narrowing_of(verification->actor) == 0)
				cg_verified_keep(from, technician, verification->window);
			return;
		}
	}
}

bool
cg_windows_verify(const CgActor *actor, const char *customer, CgWindow *window)
{
	CgWindow	found;
	Verification verification = {actor, false, &found};
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context;

	if (cg_actor_has_lapsed(actor, GetCurrentTimestamp()))
		return false;
	/* On a standby the end of a transaction says nothing about those of the primary. */
	if (narrowing_of(actor) == 0 && !cg_forward_is_on() && cg_verified_find(actor->name, customer, window))
		return true;
	context = AllocSetContextCreate(caller, "contact_guard verification", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(context);
	if (cg_forward_is_on())
		cg_forwardask_windows(actor, CG_ASK_CUSTOMER, customer, take_verified, &verification);
	else
		verify(customer, &verification);
	MemoryContextSwitchTo(caller);
	if (verification.open)
	{
		*window = found;
		window->id = found.id ? pstrdup(found.id) : NULL;
		window->customer = pstrdup(found.customer);
	}
	MemoryContextDelete(context);
	return verification.open;
}

static void
take_open(CgInterventions *from, const char *customer, const char *id,
		  TimestampTz opens_at, TimestampTz closes_at, void *context)
{
	OpenWindows *open = context;
	CgWindow   *window;

	if (!is_within(GetCurrentTimestamp(), opens_at, closes_at) || !is_meant(open->actor, id))
		return;
	window = palloc(sizeof(CgWindow));
	*window = (CgWindow) {from->relid, id ? pstrdup(id) : NULL, pstrdup(customer), opens_at, closes_at};
	open->windows = lappend(open->windows, window);
}

List *
cg_windows_open(const CgActor *actor)
{
	OpenWindows open = {actor, NIL};

	if (cg_actor_has_lapsed(actor, GetCurrentTimestamp()))
		return NIL;
	ask_all(actor, CG_ASK_OPEN, take_open, &open);
	return open.windows;
}

static void
take_looked_at(CgInterventions *from, const char *customer, const char *id,
			   TimestampTz opens_at, TimestampTz closes_at, void *context)
{
	CgLook	   *look = context;

	if (is_within(look->cache.read_at, opens_at, closes_at))
		take_window(from, customer, id, opens_at, closes_at, &look->cache);
}

CgLook *
cg_windows_look_at_all(const CgActor *actor, MemoryContext context)
{
	MemoryContext own = AllocSetContextCreate(context, "contact_guard open windows", ALLOCSET_SMALL_SIZES);
	CgLook	   *look = MemoryContextAllocZero(own, sizeof(CgLook));

	look->cache.context = own;
	look->cache.windows = windowset_create(own, 64, NULL);
	look->cache.read_at = GetCurrentTimestamp();
	look->cache.actor = actor;
	if (!cg_actor_has_lapsed(actor, look->cache.read_at))
		ask_all(actor, CG_ASK_OPEN, take_looked_at, look);
	look->cache.actor = NULL;
	return look;
}

bool
cg_windows_find(const CgLook *look, const char *customer, CgWindow *window)
{
	WindowEntry *entry = windowset_lookup(look->cache.windows, customer);

	if (entry == NULL)
		return false;
	*window = entry->window;
	return true;
}

TimestampTz
cg_windows_looked_at(const CgLook *look)
{
	return look->cache.read_at;
}

void
cg_windows_free(CgLook *look)
{
	MemoryContextDelete(look->cache.context);
}
