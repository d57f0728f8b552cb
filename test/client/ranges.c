/*
 * ranges.c
 *		Checks src/client/ranges.c, for test/t/121_client.pl.
 *
 *	ranges check		compares it with the plain way, on ranges of a fixed seed
 *	ranges many			as many ranges as some years of purges leave; the test limits the time
 */
#include "client/ranges.h"

#include <stdlib.h>
#include <string.h>

#define ROWS 60
#define MANY 119836

void *
reallocate(void *memory, size_t size)
{
	return realloc(memory, size > 0 ? size : 1);
}

void *
allocate(size_t size)
{
	return reallocate(NULL, size);
}

static unsigned
draw(unsigned below)
{
	static unsigned state = 20261126;

	state = state * 1103515245 + 12345;
	return state / 65536 % below;
}

/* Some ranges, and for each row whether one that was not dropped has it */
static void
fill(Ranges *ranges, bool *has)
{
	int			dropped = (int) draw(6);

	memset(has, 0, ROWS);
	ranges->count = 0;
	for (int owner = 0; owner < 6; owner++)
	{
		for (int i = (int) draw(4); i > 0; i--)
		{
			int			first = (int) draw(ROWS);
			int			last = first + (int) draw((unsigned) (ROWS - first));

			last = last > first + 12 ? first + 12 : last;
			ranges_add(ranges, first, last, owner);
			for (int row = first; row <= last && owner != dropped; row++)
				has[row] = true;
		}
	}
	ranges_drop(ranges, dropped);
}

static bool
count_visit(void *arg, const Range *range)
{
	int64_t    *sum = arg;

	/* In ascending order of their first rows */
	sum[2] += range->first < sum[1];
	sum[1] = range->first;
	sum[0] += 1000 * range->owner + range->last;
	return true;
}

/* Are the ranges of the index those that have a row of first to last? */
static int
check_visit(const Ranges *ranges, const RangeIndex *index, int64_t first, int64_t last)
{
	int64_t		sum[3] = {0};
	int64_t		expected = 0;

	for (int i = 0; i < ranges->count; i++)
	{
		const Range *range = &ranges->ranges[i];

		if (!range->dropped && range->first <= last && range->last >= first)
			expected += 1000 * range->owner + range->last;
	}
	ranges_visit(index, first, last, count_visit, sum);
	return sum[0] != expected || sum[2] != 0;
}

static int
check(void)
{
	static Ranges wanted;
	static Ranges covering;
	static Ranges rest;
	static RangeIndex index;
	int			failed = 0;

	for (int round = 0; round < 20000; round++)
	{
		bool		covered[ROWS];
		bool		expected[ROWS] = {false};
		int			row = (int) draw(3);

		fill(&covering, covered);
		ranges_index(&covering, &index);
		failed += check_visit(&covering, &index, row, row + (int) draw(8));
		wanted.count = 0;
		for (; row < ROWS; row += 1 + (int) draw(8))
		{
			int			last = row + (int) draw(5);

			last = last < ROWS ? last : ROWS - 1;
			ranges_add(&wanted, row, last, 0);
			for (; row <= last; row++)
				expected[row] = !covered[row];
		}
		ranges_free(&rest);
		ranges_uncovered(&wanted, &covering, &rest);
		for (int i = 0; i < rest.count; i++)
		{
			for (int64_t at = rest.ranges[i].first; at <= rest.ranges[i].last; at++)
			{
				failed += !expected[at];
				expected[at] = false;
			}
		}
		for (row = 0; row < ROWS; row++)
			failed += expected[row];
	}
	printf("%d failed\n", failed);
	return failed > 0;
}

/* Each second row was purged, by records that name up to 1000 of them, the last ones first. */
static int
many(void)
{
	static Ranges wanted;
	static Ranges covering;
	static Ranges rest;

	for (int i = 0; i < MANY; i++)
	{
		int64_t		purged = 2 * ((int64_t) MANY - i);

		ranges_add(&wanted, 2 * ((int64_t) i + 1), 2 * ((int64_t) i + 1), 0);
		ranges_add(&covering, purged, purged, i / 1000);
	}
	for (int64_t owner = 0; owner < MANY; owner++)
		ranges_drop(&covering, MANY + owner);
	ranges_uncovered(&wanted, &covering, &rest);
	printf("%d\n", rest.count);
	return 0;
}

int
main(int argc, char **argv)
{
	return argc == 2 && strcmp(argv[1], "many") == 0 ? many() : check();
}
