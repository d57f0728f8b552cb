/*
 * holds.c
 *		contact-guard verify: rows that a hold names must be there.
 *
 * The record of a hold names the rows of its customer, as that of a purge names what it has removed.
 * Until the record of the release no purge may remove these rows, and no erasure their
 * customer or their reader.  If the customer of the record was erased himself, the hold had been released.
 */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

#define HOLD "hold"
#define RELEASE "release hold"

static bool hold_begins(CgLeafText text, const char *words);
static void check_lost(Verify *verify, const Hold *hold, LossKind kind, int64_t first, int64_t last);
static void check_range(Verify *verify, const Hold *hold, const Range *range);

static bool
hold_begins(CgLeafText text, const char *words)
{
	return text.data != NULL && text.length >= strlen(words) && memcmp(text.data, words, strlen(words)) == 0;
}

void
note_hold(Verify *verify, const CgLeaf *leaf)
{
	CgLeafText	customer = leaf->customer;
	Hold	   *hold;

	if (leaf->event != CG_EVENT_POLICY || customer.data == NULL)
		return;
	if (hold_begins(leaf->reason, RELEASE))
	{
		for (int i = 0; i < verify->nholds; i++)
		{
			hold = &verify->holds[i];
			if (hold->released < 0 && strlen(hold->customer) == customer.length &&
				memcmp(hold->customer, customer.data, customer.length) == 0)
				hold->released = leaf->seq;
		}
	}
	else if (hold_begins(leaf->reason, HOLD))
	{
		verify->holds = reallocate(verify->holds, (size_t) (verify->nholds + 1) * sizeof(Hold));
		hold = &verify->holds[verify->nholds];
		*hold = (Hold) {leaf->seq, allocate(customer.length + 1), -1};
		memcpy(hold->customer, customer.data, customer.length);
		hold->customer[customer.length] = '\0';
		parse_ranges(&verify->held, leaf->reason, leaf->seq, verify->nholds++);
	}
}

void
distrust_release(Verify *verify, int64_t seq)
{
	for (int i = 0; i < verify->nholds; i++)
	{
		if (verify->holds[i].released == seq)
			verify->holds[i].released = -1;
	}
}

/* Finds each place where rows first to last, which the hold names, lack something. */
static void
check_lost(Verify *verify, const Hold *hold, LossKind kind, int64_t first, int64_t last)
{
	static const char *const what[LOSSES] = {"row is missing", "customer of the row was erased", "reader of the row was erased"};
	const Range *lost;

	for (; first <= last && (lost = ranges_meet(&verify->losses[kind].lost, first, last)) != NULL; first = lost->last + 1)
		find(verify, lost->first > first ? lost->first : first,
			 "the %s, though record seq %lld holds it", what[kind], (long long) hold->seq);
}

/*
 * What was purged and erased behind the release is nobody's concern.  Nor is a reader who was
 * erased before the hold.  The rows and the customer were there when it began.
 */
static void
check_range(Verify *verify, const Hold *hold, const Range *range)
{
	for (LossKind kind = 0; kind < LOSSES; kind++)
	{
		const Ranges *named = &verify->losses[kind].named;

		if (ranges_meet(&verify->losses[kind].lost, range->first, range->last) == NULL)
			continue;
		if (hold->released < 0 && kind != LOSS_ACTOR)
		{
			check_lost(verify, hold, kind, range->first, range->last);
			continue;
		}
		for (int i = ranges_behind(named, hold->seq);
			 i < named->count && (hold->released < 0 || named->ranges[i].owner < hold->released); i++)
		{
			const Range *by = &named->ranges[i];

			if (!by->dropped)
				check_lost(verify, hold, kind, by->first > range->first ? by->first : range->first,
						   by->last < range->last ? by->last : range->last);
		}
	}
}

void
check_holds(Verify *verify)
{
	for (int i = 0; i < verify->held.count; i++)
		check_range(verify, &verify->holds[verify->held.ranges[i].owner], &verify->held.ranges[i]);
}
