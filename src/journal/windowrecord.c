/*
 * windowrecord.c
 *		Records of windows that move.
 *
 * The record must be in WAL before the commit of the change, so that no crash leaves the
 * change without it; and a change that is taken back must accuse nobody.  So a change is
 * noted (windownotes.c), and becomes a message just before the commit.  There what one
 * actor did in one transaction to the same window becomes one record: a row that is routed to
 * another partition is deleted and inserted, and an application may write a row twice.  An
 * intervention may have several windows of one technician.  So the windows that it had and
 * those that it has are sets, and what is in both has not moved.
 *
 * No flush of ours follows: the commit record comes later in WAL, so what makes the commit
 * durable makes the record durable.
 *
 * Between the message and the commit the transaction can still fail, or the server.  So the
 * message has the number of the transaction, and the recorder asks what became of it
 * (log/outcome.c).  A prepared transaction may end much later: its records say so.
 *
 * Notes are merged in portions of maintenance_work_mem.  So a transaction that moves millions
 * of windows may make two records of one window, but needs no more memory.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "libpq/libpq-be.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/clock.h"
#include "base/xactend.h"
#include "journal/journal.h"
#include "journal/messages.h"
#include "journal/reason.h"
#include "journal/windownotes.h"
#include "journal/windowrecord.h"

typedef struct MovedEntry
{
	const CgMoved *first;		/* key: its texts */
	uint32		hash;
	char		status;
	const CgMoved *last;
	List	   *was;			/* notes of windows that were there before, and are not now */
	List	   *is;				/* notes of windows that are there now, and were not before */
	int64		count;
} MovedEntry;

static inline bool
is_same_window(const CgMoved *a, const CgMoved *b)
{
	return a->length == b->length && memcmp(a->texts, b->texts, a->length) == 0;
}

#define SH_PREFIX movedset
#define SH_ELEMENT_TYPE MovedEntry
#define SH_KEY_TYPE const CgMoved *
#define SH_KEY first
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) (key)->texts, (key)->length)
#define SH_EQUAL(tb, a, b) is_same_window(a, b)
#define SH_SCOPE static inline
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static void windowrecord_xact(XactEvent event);
static void add_moved(const char *const *whose, const CgWindowState *was, const CgWindowState *is);
static void write_windows(bool prepare);
static bool has_equal(List **others, bool were, int64 opens_at, int64 closes_at);
static void merge_note(MovedEntry *entry, const CgMoved *moved);
static void put_portion(List *portion, bool prepare);
static void put_entry(const MovedEntry *entry, bool prepare);
static void put_moved(const MovedEntry *entry, const CgMoved *was, const CgMoved *is, bool prepare);
static bool is_same_context(const CgMoved *a, const CgMoved *b);
static void put_moved_context(const CgMoved *moved);

void
cg_windowrecord_init(void)
{
	cg_xactend_on_event(windowrecord_xact);
	cg_windownotes_init();
}

static bool
is_over(int64 closes_at)
{
	return closes_at == CG_NO_TIME || closes_at <= cg_clock_latest(GetCurrentTimestamp());
}

static bool
is_same_person(const CgWindowState *was, const CgWindowState *is)
{
	const char *const a[] = {was->id, was->customer, was->technician};
	const char *const b[] = {is->id, is->customer, is->technician};

	for (int i = 0; i < lengthof(a); i++)
		if (a[i] == NULL || b[i] == NULL ? a[i] != b[i] : strcmp(a[i], b[i]) != 0)
			return false;
	return true;
}

/* One of them may be NULL; both are windows of one technician at one customer. */
static void
note_move(const char *relation, const CgWindowState *was, const CgWindowState *is)
{
	static const CgWindowState none = {.opens_at = CG_NO_TIME, .closes_at = CG_NO_TIME};
	const CgWindowState *whose = is ? is : was;
	const char *texts[] = {relation, whose->id, whose->customer ? cg_record_customer(whose->customer) : NULL,
	whose->technician, NULL};

	if (was == NULL)
		was = &none;
	if (is == NULL)
		is = &none;
	if (was->opens_at == is->opens_at && was->closes_at == is->closes_at)
		return;
	/* What was over and is over moves nothing. */
	if (is_over(was->closes_at) && is_over(is->closes_at))
		return;
	if (!is_over(is->closes_at) && (is_over(was->closes_at) || is->opens_at < was->opens_at || is->closes_at > was->closes_at))
		cg_journal_require();
	else
		cg_journal_require_begun();
	add_moved(texts, was, is);
}

void
cg_windowrecord_moved(const char *relation, const CgWindowState *was, const CgWindowState *is)
{
	if (was && is && is_same_person(was, is))
		note_move(relation, was, is);
	else
	{
		if (was)
			note_move(relation, was, NULL);
		if (is)
			note_move(relation, NULL, is);
	}
}

void
cg_windowrecord_unknown(const char *relation, const char *why)
{
	CgWindowState none = {.opens_at = CG_NO_TIME, .closes_at = CG_NO_TIME};
	const char *texts[] = {relation, NULL, NULL, NULL, why};

	cg_journal_require_begun();
	add_moved(texts, &none, &none);
}

/* whose: the texts up to that of the actor. */
static void
add_moved(const char *const *whose, const CgWindowState *was, const CgWindowState *is)
{
	CgActor		actor = cg_actor_current();
	CgMoved		head = {
		.at = GetCurrentTimestamp(),
		.was_opens_at = was->opens_at,
		.was_closes_at = was->closes_at,
		.opens_at = is->opens_at,
		.closes_at = is->closes_at,
	};
	const char *texts[CG_MOVED_TEXTS];

	memcpy(texts, whose, sizeof(char *) * CG_MOVED_ACTOR);
	texts[CG_MOVED_ACTOR] = actor.name;
	/* Nobody can say that such a login was not the technician. */
	texts[CG_MOVED_IDENTITY] = actor.proxy || MyProcPort == NULL ? CG_ACTOR_UNNAMED : actor.identity;
	cg_windownotes_add(&head, texts);
}

static void
windowrecord_xact(XactEvent event)
{
	if (!cg_windownotes_are_there())
		return;
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			write_windows(event == XACT_EVENT_PRE_PREPARE);
			cg_windownotes_forget(true);
			break;
		case XACT_EVENT_ABORT:
			cg_windownotes_forget(false);
			break;
		default:
			break;
	}
}

static void
write_windows(bool prepare)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "contact_guard windows moved",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	List	   *portion = NIL;
	CgMoved    *moved;

	while ((moved = cg_windownotes_next()) != NULL)
	{
		portion = lappend(portion, moved);
		if (MemoryContextMemAllocated(context, true) < (Size) maintenance_work_mem * 1024)
			continue;
		put_portion(portion, prepare);
		MemoryContextReset(context);
		portion = NIL;
	}
	put_portion(portion, prepare);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(context);
}

/* Takes a window away from a list that is as good as this one.  were: the list's windows were. */
static bool
has_equal(List **others, bool were, int64 opens_at, int64 closes_at)
{
	ListCell   *lc;

	foreach(lc, *others)
	{
		const CgMoved *other = lfirst(lc);
		int64		opened = were ? other->was_opens_at : other->opens_at;
		int64		closed = were ? other->was_closes_at : other->closes_at;

		if ((opened != opens_at || closed != closes_at) && !(is_over(closed) && is_over(closes_at)))
			continue;
		*others = foreach_delete_current(*others, lc);
		return true;
	}
	return false;
}

static void
merge_note(MovedEntry *entry, const CgMoved *moved)
{
	entry->last = moved;
	entry->count++;
	if (moved->was_closes_at != CG_NO_TIME && !has_equal(&entry->is, false, moved->was_opens_at, moved->was_closes_at))
		entry->was = lappend(entry->was, unconstify(CgMoved *, moved));
	if (moved->closes_at != CG_NO_TIME && !has_equal(&entry->was, true, moved->opens_at, moved->closes_at))
		entry->is = lappend(entry->is, unconstify(CgMoved *, moved));
}

static void
put_portion(List *portion, bool prepare)
{
	movedset_hash *windows = movedset_create(CurrentMemoryContext, list_length(portion) + 1, NULL);
	const CgMoved *before = NULL;
	ListCell   *lc;

	foreach(lc, portion)
	{
		bool		found;
		MovedEntry *entry = movedset_insert(windows, lfirst(lc), &found);

		if (!found)
		{
			entry->was = entry->is = NIL;
			entry->count = 0;
		}
		merge_note(entry, lfirst(lc));
	}
	foreach(lc, portion)
	{
		const CgMoved *moved = lfirst(lc);
		const MovedEntry *entry = movedset_lookup(windows, moved);

		if (entry->last != moved)
			continue;
		if (before == NULL || !is_same_context(before, moved))
			put_moved_context(moved);
		before = moved;
		put_entry(entry, prepare);
		if (!cg_messages_are_many())
			continue;
		cg_messages_write();
		before = NULL;
	}
	cg_messages_write();
}

/* Each window that has gone is told with one that has come, as long as there are both. */
static void
put_entry(const MovedEntry *entry, bool prepare)
{
	int			n = Max(list_length(entry->was), list_length(entry->is));

	if (cg_windownotes_text(entry->last, CG_MOVED_REASON))
		put_moved(entry, NULL, NULL, prepare);
	for (int i = 0; i < n; i++)
	{
		const CgMoved *was = i < list_length(entry->was) ? list_nth(entry->was, i) : NULL;
		const CgMoved *is = i < list_length(entry->is) ? list_nth(entry->is, i) : NULL;

		if ((was && !is_over(was->was_closes_at)) || (is && !is_over(is->closes_at)))
			put_moved(entry, was, is, prepare);
	}
}

static bool
is_same_context(const CgMoved *a, const CgMoved *b)
{
	return strcmp(cg_windownotes_text(a, CG_MOVED_ACTOR), cg_windownotes_text(b, CG_MOVED_ACTOR)) == 0 &&
		strcmp(cg_windownotes_text(a, CG_MOVED_IDENTITY), cg_windownotes_text(b, CG_MOVED_IDENTITY)) == 0;
}

static void
put_moved_context(const CgMoved *moved)
{
	CgRecordContext context = {
		.actor = cg_windownotes_text(moved, CG_MOVED_ACTOR),
		.login = MyProcPort ? MyProcPort->user_name : NULL,
		.client = MyProcPort ? MyProcPort->remote_host : NULL,
		.application = application_name,
		.identity = cg_windownotes_text(moved, CG_MOVED_IDENTITY),
	};

	cg_record_put_context(cg_messages_buffer(), &context);
}

static void
put_moved(const MovedEntry *entry, const CgMoved *was, const CgMoved *is, bool prepare)
{
	const CgMoved *last = entry->last;
	const char *unknown = cg_windownotes_text(last, CG_MOVED_REASON);
	CgRecord	record = {
		.event = CG_EVENT_WINDOW,
		.read_at = last->at,
		.relation = cg_windownotes_text(last, CG_MOVED_RELATION),
		.customer = cg_windownotes_text(last, CG_MOVED_CUSTOMER),
		.count = unknown ? entry->count : 1,
		.intervention = cg_windownotes_text(last, CG_MOVED_ID),
		.closed_at = CG_NO_TIME,
		.reason = unknown,
		.technician = cg_windownotes_text(last, CG_MOVED_TECHNICIAN),
	};

	if (was)
		record.previous_window = (CgRecordWindow) {true, was->was_opens_at, was->was_closes_at};
	if (is)
		record.window = (CgRecordWindow) {true, is->opens_at, is->closes_at};
	if (!prepare)
		record.transaction = U64FromFullTransactionId(GetTopFullTransactionIdIfAny());
	else
		record.reason = unknown ? psprintf("%s; " CG_REASON_PREPARED, unknown) : CG_REASON_PREPARED;
	cg_messages_put(&record);
}
