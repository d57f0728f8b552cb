/*
 * verified.c
 *		Open windows that this session has seen, for as long as no transaction has ended.
 *
 * Each execution that shows a value asks whether the window is open by the latest commit.
 * The answer to a question of the common kind (windowscan.h) depends on a snapshot of the
 * latest commits and on the clock, and on nothing else.  PostgreSQL counts the transactions
 * that have ended, if they had an xid, and takes a snapshot for unchanged if that number is
 * the same.  So does this file: with the same number, a window is open until its time ends.
 * All that could change the question itself, such as its definition, is a transaction, too.
 *
 * The reader's own transaction may have changed the definition and not ended.  Then it has
 * an xid, and nothing is kept or found.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "policy/ask.h"
#include "policy/verified.h"

#define PLACES 64				/* a power of two */
#define TEXTS_LENGTH 216

/* The place of a customer is in the last bits of a hash. */
typedef struct Verified
{
	uint64		ended;			/* the number of transactions; 0: the place is free */
	Oid			relid;
	TimestampTz opens_at;
	TimestampTz closes_at;
	bool		has_id;
	char		texts[TEXTS_LENGTH];	/* technician, customer, id; each with its zero byte */
} Verified;

static Verified all_verified[PLACES];

static Verified *place_of_customer(const char *customer);

static Verified *
place_of_customer(const char *customer)
{
	return &all_verified[hash_bytes((const unsigned char *) customer, strlen(customer)) % PLACES];
}

bool
cg_verified_find(const char *technician, const char *customer, CgWindow *window)
{
	Verified   *place = place_of_customer(customer);
	const char *its_customer;
	TimestampTz now;

	if (place->ended == 0 || strcmp(place->texts, technician) != 0 ||
		TransactionIdIsValid(GetTopTransactionIdIfAny()))
		return false;
	its_customer = place->texts + strlen(place->texts) + 1;
	if (strcmp(its_customer, customer) != 0 ||
		cg_ask_latest_commits()->snapXactCompletionCount != place->ended)
		return false;
	now = GetCurrentTimestamp();
	if (now < place->opens_at || cg_clock_latest(now) >= place->closes_at)
		return false;
	*window = (CgWindow)
	{
		place->relid, NULL, pstrdup(its_customer), place->opens_at, place->closes_at
	};
	if (place->has_id)
		window->id = pstrdup(its_customer + strlen(its_customer) + 1);
	return true;
}

void
cg_verified_keep(const CgInterventions *from, const char *technician, const CgWindow *window)
{
	Verified   *place = place_of_customer(window->customer);
	size_t		lengths[2] = {strlen(technician) + 1, strlen(window->customer) + 1};
	size_t		rest = window->id ? strlen(window->id) + 1 : 0;

	place->ended = 0;
	/* A plan may depend on more, and terms that are not plain on the reader's time zone. */
	if (from->scans[CG_ASK_CUSTOMER] == NULL || !from->terms.plain || from->heard != from->built ||
		TransactionIdIsValid(GetTopTransactionIdIfAny()) ||
		lengths[0] + lengths[1] + rest > TEXTS_LENGTH)
		return;
	memcpy(place->texts, technician, lengths[0]);
	memcpy(place->texts + lengths[0], window->customer, lengths[1]);
	if (rest > 0)
		memcpy(place->texts + lengths[0] + lengths[1], window->id, rest);
	place->has_id = rest > 0;
	place->relid = window->relid;
	place->opens_at = window->opens_at;
	place->closes_at = window->closes_at;
	place->ended = cg_ask_commits_seen();
}
