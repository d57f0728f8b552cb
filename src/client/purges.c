/*
 * purges.c
 *		contact-guard verify: could purge() have made this record?
 *
 * Whoever has the journal's key can write a false record of a purge, and then delete the rows that
 * it names.  But purge() removes whole months: all their rows, except those of held customers, and
 * bulk reads and erasures.  So rows of months that a purge has removed must not be there, if nothing
 * could hold them, such as heartbeats; and no removed row can have been logged long after the
 * first row that is too young for that purge.  To hide single reads one must delete the log of whole
 * months, as purge() does.
 */
#include "verify.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECONDS 1000000
#define DAY (24 * 3600 * (int64_t) SECONDS)

/* A record may be of a read that has taken so long, and be stored behind the record of a purge. */
#define LONG_READ DAY
/* Rows are logged in the order of the ends of reads, nearly. */
#define DISORDER (2 * DAY)
/* A later time of rows makes a step if it is later by so much. */
#define STEP (3600 * (int64_t) SECONDS)
#define PURGES_AT_A_TIME 64

static bool parse_month(CgLeafText reason, int64_t *before, int64_t *month);
static int64_t latest_before(const Purges *purges, int64_t seq);
static bool note_covered(void *arg, const Range *range);
static void judge_purge(Verify *verify, const RangeIndex *named, const PurgeRecord *record);
static void add_step(Purges *purges, int64_t seq, int64_t latest);

/* The time before which the purge was, and the beginning of its month, in UTC; false: there is none. */
static bool
parse_month(CgLeafText reason, int64_t *before, int64_t *month)
{
	char		text[100];
	struct tm	tm = {0};
	size_t		length = reason.length < sizeof(text) ? reason.length : sizeof(text) - 1;
	int			hours = 0;
	int			minutes = 0;
	int			at = 0;
	time_t		seconds;

	if (reason.data == NULL)
		return false;
	memcpy(text, reason.data, length);
	text[length] = '\0';
	if (sscanf(text, "%*9d months before %4d-%2d-%2d %2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
			   &tm.tm_min, &tm.tm_sec, &at) != 6 || at == 0)
		return false;
	if (text[at] == '.')
		at += 1 + (int) strspn(text + at + 1, "0123456789");
	if ((text[at] != '+' && text[at] != '-') || sscanf(text + at + 1, "%2d:%2d", &hours, &minutes) < 1)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	seconds = timegm(&tm) + (text[at] == '+' ? -60 : 60) * (hours * 60 + minutes);
	*before = (int64_t) seconds * SECONDS;
	if (gmtime_r(&seconds, &tm) == NULL)
		return false;
	tm.tm_mday = 1;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	*month = (int64_t) timegm(&tm) * SECONDS;
	return true;
}

static void
add_step(Purges *purges, int64_t seq, int64_t latest)
{
	if (purges->nsteps == purges->room)
	{
		purges->room = purges->room == 0 ? 64 : 2 * purges->room;
		purges->steps = reallocate(purges->steps, (size_t) purges->room * sizeof(Step));
	}
	purges->steps[purges->nsteps++] = (Step) {seq, latest};
}

/* The latest time of the rows before this one that are there, to an hour; INT64_MIN: none is. */
static int64_t
latest_before(const Purges *purges, int64_t seq)
{
	int			low = 0;
	int			high = purges->nsteps;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (purges->steps[middle].seq < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? INT64_MIN : purges->steps[low - 1].latest;
}

void
note_row_time(Verify *verify, const CgLeaf *leaf)
{
	Purges	   *purges = &verify->purges;
	/* Its salt says nothing: rows of 1.1 have the salts of all groups.  An erased customer may have been held before. */
	bool		holdable = leaf->event == CG_EVENT_BULK || leaf->event == CG_EVENT_ERASURE ||
		leaf->customer.data != NULL || (row_lacks(leaf) & LACKS(LOSS_CUSTOMER)) != 0;

	if (!holdable && (!purges->any || leaf->read_at < purges->earliest))
	{
		purges->any = true;
		purges->earliest = leaf->read_at;
		purges->earliest_seq = leaf->seq;
	}
	/* Since a clock was set back, its times before do not count. */
	if (purges->nsteps == 0 || leaf->event == CG_EVENT_CLOCK ||
		leaf->read_at / STEP > purges->steps[purges->nsteps - 1].latest / STEP)
		add_step(purges, leaf->seq, leaf->read_at);
}

/*
 * Whether it explains anything is known only when all rows were read: a record that names a row
 * which is there is of a purge that did not commit, and says nothing of what must be gone.
 */
void
note_purge(Verify *verify, const CgLeaf *leaf, int first)
{
	Purges	   *purges = &verify->purges;
	PurgeRecord *record;

	if (first == verify->losses[LOSS_ROW].named.count)
		return;
	if (purges->nrecords % PURGES_AT_A_TIME == 0)
		purges->records = reallocate(purges->records, (size_t) (purges->nrecords + PURGES_AT_A_TIME) * sizeof(PurgeRecord));
	record = &purges->records[purges->nrecords++];
	*record = (PurgeRecord) {.seq = leaf->seq, .read_at = leaf->read_at, .first = first, .end = verify->losses[LOSS_ROW].named.count,
	.any = purges->any, .earliest = purges->earliest, .earliest_seq = purges->earliest_seq};
	record->dated = parse_month(leaf->reason, &record->before, &record->month);
}

/* A row that was purged while the rows were read was there, and is named by a record that counts. */
static bool
note_covered(void *arg, const Range *range)
{
	*(bool *) arg = true;
	return false;
}

static void
judge_purge(Verify *verify, const RangeIndex *named, const PurgeRecord *record)
{
	const Purges *purges = &verify->purges;
	bool		covered = false;

	if (!record->dated)
	{
		find(verify, record->seq, "the record of a purge does not say what it has removed as purge() does");
		return;
	}
	/* A server may send any time of a record, so nothing is added to it. */
	if (record->before - DAY > record->read_at)
		find(verify, record->seq, "the record of a purge speaks of a time in its future");
	if (record->any && record->earliest < record->month && record->earliest < record->read_at &&
		(uint64_t) record->read_at - (uint64_t) record->earliest > LONG_READ)
	{
		ranges_visit(named, record->earliest_seq, record->earliest_seq, note_covered, &covered);
		if (!covered)
			find(verify, record->seq, "the record of a purge names rows of months of which row %lld is still there: purge() removes whole months",
				 (long long) record->earliest_seq);
	}
	for (int i = record->first; i < record->end; i++)
	{
		const Range *range = &verify->losses[LOSS_ROW].named.ranges[i];

		if (latest_before(purges, range->last) >= record->month + DISORDER && verify->doubted++ == 0)
		{
			verify->doubted_purge = record->seq;
			verify->doubted_row = range->last;
		}
	}
}

void
check_purges(Verify *verify)
{
	const Ranges *named = &verify->losses[LOSS_ROW].named;
	RangeIndex	index = {0};

	if (verify->purges.nrecords == 0)
		return;
	ranges_index(named, &index);
	for (int i = 0; i < verify->purges.nrecords; i++)
	{
		const PurgeRecord *record = &verify->purges.records[i];

		if (!named->ranges[record->first].dropped)
			judge_purge(verify, &index, record);
	}
}

void
report_purges(const Verify *verify)
{
	if (verify->doubted > 0)
		printf("%lld range%s of purged rows %s logged later than the months that were purged, first row %lld by the record seq %lld: a read that took days, or somebody has removed younger rows\n",
			   (long long) verify->doubted, verify->doubted == 1 ? "" : "s", verify->doubted == 1 ? "was" : "were",
			   (long long) verify->doubted_row, (long long) verify->doubted_purge);
}
