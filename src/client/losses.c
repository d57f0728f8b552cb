/*
 * losses.c
 *		contact-guard verify: what rows lack, and the records that name these rows.
 *
 * A row may be missing, and a row may lack the values of its customer or of its reader.  The
 * record of a purge or an erasure names the rows that it takes this from.  It removes all that it
 * names, or nothing: the server may stop between the record and the commit.  So a record that names
 * a row which has it explains nothing.  Otherwise what somebody has put back, all but one row, would
 * hide that one.
 *
 * Erasures of contact_guard 1.0 have a number of rows, and name none.  Their rows have leaf
 * version 1.  They explain as many earlier rows as they count, and the report says how many rest on
 * that alone.
 */
#include "verify.h"

#include <string.h>

typedef struct Words
{
	CgEvent		event;			/* of its records */
	const char *head;			/* with which their reasons begin; NULL: any */
	const char *finding;
	const char *record;			/* of whose records some name rows in vain */
	const char *vain;
} Words;

static const Words words[LOSSES] = {
	[LOSS_ROW] = {CG_EVENT_PURGE, NULL, "the row is missing, and no purge record says so", "a purge",
	"that are there, the record seq %lld row %lld: the purge did not commit, or somebody has put rows back; they explain no missing row"},
	[LOSS_CUSTOMER] = {CG_EVENT_ERASURE, "a customer", "the customer of the row was erased, and no erasure record says so", "the erasure of a customer",
	"that have their customer, the record seq %lld row %lld: the erasure did not commit, or somebody has put values back; they explain no erased value"},
	[LOSS_ACTOR] = {CG_EVENT_ERASURE, "an actor", "the reader of the row was erased, and no erasure record says so", "the erasure of an actor",
	"that have their reader, the record seq %lld row %lld: the erasure did not commit, or somebody has put values back; they explain no erased value"},
};

static const char *parse_seq(const char *at, const char *end, int64_t *seq);
static char behind_head(CgLeafText reason, const char *head);
static bool has_it(Verify *verify, LossKind kind, int64_t seq);
static void drop_undone(Verify *verify, LossKind kind);
static int64_t first_unexplained(const Loss *loss, int64_t *counted);

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

uint8_t
row_lacks(const CgLeaf *leaf)
{
	uint8_t		lacks = 0;

	if (leaf->customer_salt == NULL && leaf->customer_commitment != NULL)
		lacks |= LACKS(LOSS_CUSTOMER);
	if (leaf->actor_salt == NULL && leaf->actor_commitment != NULL)
		lacks |= LACKS(LOSS_ACTOR);
	return lacks;
}

/* Ranges follow behind a comma, free text behind a colon; 0: the reason does not begin so. */
static char
behind_head(CgLeafText reason, const char *head)
{
	size_t		length = strlen(head);

	return reason.data != NULL && reason.length > length && memcmp(reason.data, head, length) == 0 ? reason.data[length] : 0;
}

void
note_named(Verify *verify, const CgLeaf *leaf)
{
	for (LossKind kind = 0; kind < LOSSES; kind++)
	{
		Loss	   *loss = &verify->losses[kind];
		char		behind;

		if (leaf->event != words[kind].event)
			continue;
		behind = words[kind].head == NULL ? ',' : behind_head(leaf->reason, words[kind].head);
		if (behind == ',')
			parse_ranges(&loss->named, leaf->reason, leaf->seq, leaf->seq);
		else if (behind == ':' && leaf->version == CG_LEAF_FIRST_VERSION && leaf->count != NULL && *leaf->count > 0)
			ranges_add(&loss->counted, 1, *leaf->count, leaf->seq);
	}
}

void
note_lost(Verify *verify, int64_t seq, uint8_t lacks)
{
	for (LossKind kind = 0; kind < LOSSES; kind++)
	{
		Loss	   *loss = &verify->losses[kind];

		if (lacks & LACKS(kind))
			ranges_add(&loss->lost, seq, seq, 0);
		if (lacks & (LACKS(kind) | LACKS(LOSS_ROW)))
			ranges_add(&loss->gone, seq, seq, 0);
	}
}

void
distrust_named(Verify *verify, int64_t seq)
{
	for (LossKind kind = 0; kind < LOSSES; kind++)
	{
		ranges_drop(&verify->losses[kind].named, seq);
		ranges_drop(&verify->losses[kind].counted, seq);
	}
}

static bool
has_it(Verify *verify, LossKind kind, int64_t seq)
{
	Rows	   *rows = rows_begin(verify->stream, seq, seq);
	CgLeaf		leaf;
	bool		result = false;

	while (rows_next(rows, &leaf))
		result = (row_lacks(&leaf) & LACKS(kind)) == 0;
	return result;
}

/* A purge or an erasure may have come while the rows were read, so a row is looked at again. */
static void
drop_undone(Verify *verify, LossKind kind)
{
	Loss	   *loss = &verify->losses[kind];

	for (int i = 0; i < loss->named.count; i++)
	{
		Range		range = loss->named.ranges[i];
		int64_t		first = range.first > verify->judged_first ? range.first : verify->judged_first;
		int64_t		last = range.last < verify->judged_last ? range.last : verify->judged_last;
		int64_t		seq = range.dropped || first > last ? -1 : ranges_gap(&loss->gone, first, last);

		if (seq < 0 || !has_it(verify, kind, seq))
			continue;
		ranges_drop(&loss->named, range.owner);
		if (loss->undone++ == 0)
		{
			loss->undone_record = range.owner;
			loss->undone_row = seq;
		}
	}
}

/*
 * The first row that lacks it and that no record explains; -1: there is none.  Then counted is how
 * many rows are explained by records that only count.  Such a record explains rows before it, so
 * from the end on there must be enough of them.
 */
static int64_t
first_unexplained(const Loss *loss, int64_t *counted)
{
	Ranges		rest = {0};
	int			record = loss->counted.count;
	int64_t		left = 0;
	int64_t		result = -1;

	*counted = 0;
	ranges_uncovered(&loss->lost, &loss->named, &rest);
	for (int i = rest.count - 1; i >= 0 && result < 0; i--)
	{
		int64_t		rows = rest.ranges[i].last - rest.ranges[i].first + 1;

		for (; record > 0 && loss->counted.ranges[record - 1].owner > rest.ranges[i].last; record--)
		{
			const Range *range = &loss->counted.ranges[record - 1];

			if (!range->dropped)
				left = range->last > INT64_MAX - left ? INT64_MAX : left + range->last;
		}
		if (left < rows)
			result = rest.ranges[0].first;
		left -= rows;
		*counted += rows;
	}
	ranges_free(&rest);
	return result;
}

bool
losses_unexplained(Verify *verify)
{
	bool		result = false;
	int64_t		counted;

	for (LossKind kind = 0; kind < LOSSES; kind++)
	{
		drop_undone(verify, kind);
		result = result || first_unexplained(&verify->losses[kind], &counted) >= 0;
	}
	return result;
}

void
find_losses(Verify *verify)
{
	int64_t		counted;

	for (LossKind kind = 0; kind < LOSSES; kind++)
	{
		int64_t		seq = first_unexplained(&verify->losses[kind], &counted);

		if (seq >= 0)
			find(verify, seq, "%s", words[kind].finding);
	}
}

void
report_losses(const Verify *verify)
{
	int64_t		counted = 0;

	for (LossKind kind = 0; kind < LOSSES; kind++)
	{
		const Loss *loss = &verify->losses[kind];
		int64_t		rows;

		if (loss->undone > 0)
		{
			printf("%lld record%s of %s name%s rows ", (long long) loss->undone, loss->undone == 1 ? "" : "s",
				   words[kind].record, loss->undone == 1 ? "s" : "");
			printf(words[kind].vain, (long long) loss->undone_record, (long long) loss->undone_row);
			printf("\n");
		}
		if (first_unexplained(loss, &rows) < 0)
			counted += rows;
	}
	if (counted > 0)
		printf("%lld erased customers and readers are explained only by records of contact_guard 1.0, which count rows and do not name them: "
			   "which rows were erased is not proved\n", (long long) counted);
}
