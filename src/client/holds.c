/*
 * holds.c
 *		contact-guard verify: rows that a hold names must be there.
 *
 * The record of a hold names the rows of its customer, as that of a purge names what it has removed.
 * Until the record of the release no purge may remove these rows, and no erasure their
 * customer.  If the customer of the record was erased himself, the hold had been released.
 */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

#define HOLD "hold"
#define RELEASE "release hold"

static const char *parse_seq(const char *at, const char *end, int64_t *seq);
static bool hold_begins(CgLeafText text, const char *words);
static void check_missing(Verify *verify, const Hold *hold, int64_t first, int64_t last);
static void check_range(Verify *verify, const Hold *hold, const Range *range);

/*
 * Ranges in REASON do not count, since it is free text.  A record can only name rows before
 * itself.
 */
void
parse_ranges(Ranges *ranges, CgLeafText reason, int64_t before, int64_t owner)
{
	const char *at = reason.data;
	const char *end;
	int64_t		first;
	int64_t		last;

	if (at == NULL)
		return;
	end = at + reason.length;
	while (at < end && *at != ',' && !(end - at >= 2 && memcmp(at, ": ", 2) == 0))
		at++;
	while (at != NULL && end - at >= 6 && memcmp(at, ", seq ", 6) == 0)
	{
		at = parse_seq(at + 6, end, &first);
		if (at == NULL || end - at < 4 || memcmp(at, " to ", 4) != 0)
			return;
		at = parse_seq(at + 4, end, &last);
		if (at != NULL && first <= last && last < before)
			ranges_add(ranges, first, last, owner);
	}
}

/* Parses a number and returns its end; NULL if there is none. */
static const char *
parse_seq(const char *at, const char *end, int64_t *seq)
{
	const char *digits = at;
	uint64_t	value;

	while (at < end && *at >= '0' && *at <= '9')
		at++;
	if (!cg_bytes_parse_decimal(digits, (size_t) (at - digits), &value) || value > INT64_MAX)
		return NULL;
	*seq = (int64_t) value;
	return at;
}

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

/* Finds each place where rows first to last, which the hold names, are missing. */
static void
check_missing(Verify *verify, const Hold *hold, int64_t first, int64_t last)
{
	const Range *missing;

	for (; first <= last && (missing = ranges_meet(&verify->missing, first, last)) != NULL; first = missing->last + 1)
		find(verify, missing->first > first ? missing->first : first,
			 "the row is missing, though record seq %lld holds it", (long long) hold->seq);
}

/* What was purged and erased behind the release is nobody's concern. */
static void
check_range(Verify *verify, const Hold *hold, const Range *range)
{
	const Range *erased = ranges_meet(&verify->erased_rows, range->first, range->last);

	if (hold->released < 0)
	{
		check_missing(verify, hold, range->first, range->last);
		if (erased != NULL)
			find(verify, erased->first > range->first ? erased->first : range->first,
				 "the customer of the row was erased, though record seq %lld holds it", (long long) hold->seq);
		return;
	}
	for (int i = ranges_behind(&verify->purged, hold->seq);
		 i < verify->purged.count && verify->purged.ranges[i].owner < hold->released; i++)
	{
		const Range *purged = &verify->purged.ranges[i];

		if (!purged->dropped)
			check_missing(verify, hold, purged->first > range->first ? purged->first : range->first,
						  purged->last < range->last ? purged->last : range->last);
	}
}

void
check_holds(Verify *verify)
{
	for (int i = 0; i < verify->held.count; i++)
		check_range(verify, &verify->holds[verify->held.ranges[i].owner], &verify->held.ranges[i]);
}
