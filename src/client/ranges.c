/*
 * ranges.c
 *		Ranges of rows: those that are missing, and those that records name.
 *
 * A log of some years may have a hundred thousand ranges of purged rows.  So nothing here
 * compares each range with each other one.
 */
#include "ranges.h"

#include <stdlib.h>
#include <string.h>

/* What ranges_visit() looks for */
typedef struct Visit
{
	int64_t		first;
	int64_t		last;
	bool		(*take) (void *arg, const Range *range);
	void	   *arg;
} Visit;

static int64_t measure_reach(RangeIndex *index, int low, int high);
static bool visit_part(const RangeIndex *index, int low, int high, const Visit *visit);
static int	compare_ranges(const void *a, const void *b);
static int	merge_ranges(Range *ranges, int count);
static int64_t first_outside(const Range *ranges, int count, const Range *range);

void
ranges_add(Ranges *ranges, int64_t first, int64_t last, int64_t owner)
{
	Range	   *end = ranges->count > 0 ? &ranges->ranges[ranges->count - 1] : NULL;

	if (end != NULL && !end->dropped && end->owner == owner && end->last + 1 == first)
	{
		end->last = last;
		return;
	}
	if (ranges->count == ranges->room)
	{
		ranges->room = ranges->room == 0 ? 16 : 2 * ranges->room;
		ranges->ranges = reallocate(ranges->ranges, (size_t) ranges->room * sizeof(Range));
	}
	ranges->ranges[ranges->count++] = (Range) {first, last, owner, false};
}

void
ranges_drop(Ranges *ranges, int64_t owner)
{
	int			low = 0;
	int			high = ranges->count;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (ranges->ranges[middle].owner < owner)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < ranges->count && ranges->ranges[low].owner == owner; low++)
		ranges->ranges[low].dropped = true;
}

void
ranges_uncovered(const Ranges *wanted, const Ranges *covering, Ranges *rest)
{
	Range	   *sorted;
	int			count = 0;
	int			next = 0;

	if (wanted->count == 0)
		return;
	sorted = allocate((size_t) covering->count * sizeof(Range));
	for (int i = 0; i < covering->count; i++)
	{
		if (!covering->ranges[i].dropped)
			sorted[count++] = covering->ranges[i];
	}
	qsort(sorted, (size_t) count, sizeof(Range), compare_ranges);
	count = merge_ranges(sorted, count);
	for (int i = 0; i < wanted->count; i++)
	{
		Range		range = wanted->ranges[i];

		while (next < count && sorted[next].last < range.first)
			next++;
		for (int at = next; at < count && sorted[at].first <= range.last && range.first <= range.last; at++)
		{
			if (sorted[at].first > range.first)
				ranges_add(rest, range.first, sorted[at].first - 1, 0);
			range.first = sorted[at].last + 1;
		}
		if (range.first <= range.last)
			ranges_add(rest, range.first, range.last, 0);
	}
	free(sorted);
}

void
ranges_free(Ranges *ranges)
{
	free(ranges->ranges);
	memset(ranges, 0, sizeof(Ranges));
}

static int
compare_ranges(const void *a, const void *b)
{
	const Range *left = a;
	const Range *right = b;

	return left->first < right->first ? -1 : left->first > right->first;
}

/* Joins sorted ranges that overlap or touch each other.  Returns how many are left. */
static int
merge_ranges(Range *ranges, int count)
{
	int			kept = 0;

	for (int i = 0; i < count; i++)
	{
		Range	   *before = kept > 0 ? &ranges[kept - 1] : NULL;

		if (before == NULL || ranges[i].first - 1 > before->last)
			ranges[kept++] = ranges[i];
		else if (ranges[i].last > before->last)
			before->last = ranges[i].last;
	}
	return kept;
}

/* The first row of the range that is in none of the merged ranges; -1 if there is none. */
static int64_t
first_outside(const Range *ranges, int count, const Range *range)
{
	int			low = 0;
	int			high = count;

	/* The number of ranges that begin at or before the first row */
	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (ranges[middle].first <= range->first)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || ranges[low - 1].last < range->first)
		return range->first;
	return ranges[low - 1].last < range->last ? ranges[low - 1].last + 1 : -1;
}

const Range *
ranges_meet(const Ranges *ranges, int64_t first, int64_t last)
{
	int			low = 0;
	int			high = ranges->count;

	/* The number of ranges that end before the first row */
	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (ranges->ranges[middle].last < first)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ranges->count && ranges->ranges[low].first <= last ? &ranges->ranges[low] : NULL;
}

int64_t
ranges_gap(const Ranges *ranges, int64_t first, int64_t last)
{
	return first_outside(ranges->ranges, ranges->count, &(Range) {first, last, 0, false});
}

int
ranges_behind(const Ranges *ranges, int64_t owner)
{
	int			low = 0;
	int			high = ranges->count;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (ranges->ranges[middle].owner <= owner)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * An interval tree without pointers: the middle of a sorted part is its root, and knows how far the
 * ranges of its part reach.
 */
void
ranges_index(const Ranges *ranges, RangeIndex *index)
{
	free(index->ranges);
	free(index->reach);
	index->ranges = allocate((size_t) ranges->count * sizeof(Range));
	index->reach = allocate((size_t) ranges->count * sizeof(int64_t));
	index->count = 0;
	for (int i = 0; i < ranges->count; i++)
	{
		if (!ranges->ranges[i].dropped)
			index->ranges[index->count++] = ranges->ranges[i];
	}
	qsort(index->ranges, (size_t) index->count, sizeof(Range), compare_ranges);
	(void) measure_reach(index, 0, index->count);
}

static int64_t
measure_reach(RangeIndex *index, int low, int high)
{
	int			middle = low + (high - low) / 2;
	int64_t		reach;
	int64_t		side;

	if (low >= high)
		return -1;
	reach = index->ranges[middle].last;
	side = measure_reach(index, low, middle);
	reach = side > reach ? side : reach;
	side = measure_reach(index, middle + 1, high);
	reach = side > reach ? side : reach;
	index->reach[middle] = reach;
	return reach;
}

void
ranges_visit(const RangeIndex *index, int64_t first, int64_t last, bool (*take) (void *arg, const Range *range), void *arg)
{
	(void) visit_part(index, 0, index->count, &(Visit) {first, last, take, arg});
}

/* False: the caller has seen enough. */
static bool
visit_part(const RangeIndex *index, int low, int high, const Visit *visit)
{
	int			middle = low + (high - low) / 2;
	const Range *range;

	if (low >= high || index->reach[middle] < visit->first)
		return true;
	range = &index->ranges[middle];
	if (!visit_part(index, low, middle, visit))
		return false;
	if (range->first > visit->last)
		return true;
	if (range->last >= visit->first && !visit->take(visit->arg, range))
		return false;
	return visit_part(index, middle + 1, high, visit);
}
