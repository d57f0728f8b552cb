/*
 * ranges.h
 *		Ranges of rows: those that are missing, and those that records name.
 */
#ifndef CG_RANGES_H
#define CG_RANGES_H

#include "client.h"

typedef struct Range
{
	int64_t		first;			/* not negative */
	int64_t		last;
	int64_t		owner;			/* seq of the record that names the range */
	bool		dropped;		/* the record is not to be trusted */
} Range;

typedef struct Ranges
{
	Range	   *ranges;			/* in ascending order of their owners */
	int			count;
	int			room;
} Ranges;

/* Adds a range.  The owner is not smaller than those of the ranges before. */
extern void ranges_add(Ranges *ranges, int64_t first, int64_t last, int64_t owner);

/* What this owner names does not count any more. */
extern void ranges_drop(Ranges *ranges, int64_t owner);

/* Adds to rest, which is empty, what of wanted no range of covering has.  wanted is in ascending order. */
extern void ranges_uncovered(const Ranges *wanted, const Ranges *covering, Ranges *rest);

extern void ranges_free(Ranges *ranges);

/* The first of these ranges, which are in ascending order, that has a row of first to last; or NULL. */
extern const Range *ranges_meet(const Ranges *ranges, int64_t first, int64_t last);

/*
 * The first row of first to last that these ranges do not have, which are in ascending order and do
 * not touch each other; -1 if there is none.
 */
extern int64_t ranges_gap(const Ranges *ranges, int64_t first, int64_t last);

/* The index of the first range whose owner is behind this one. */
extern int	ranges_behind(const Ranges *ranges, int64_t owner);

/* Ranges by their first rows, which may overlap; see ranges.c. */
typedef struct RangeIndex
{
	Range	   *ranges;
	int64_t    *reach;			/* the greatest last row of the part in whose middle the range stands */
	int			count;
} RangeIndex;

/* Makes the index of those that were not dropped.  The index before, or an empty one, is freed. */
extern void ranges_index(const Ranges *ranges, RangeIndex *index);

/*
 * Calls take for each range that has a row of first to last, in ascending order of their first
 * rows, until it returns false.
 */
extern void ranges_visit(const RangeIndex *index, int64_t first, int64_t last,
						 bool (*take) (void *arg, const Range *range), void *arg);

#endif							/* CG_RANGES_H */
