/*
 * ranges.c
 *		Ranges of rows of the log, in records that name them.
 *
 * contact-guard verify reads the ranges of a record up to the first ": ".  Behind it any text may
 * stand.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "lib/stringinfo.h"

#include "base/owncommand.h"
#include "journal/eventrecord.h"
#include "log/ranges.h"

/* The text of a record has room for so many bytes of ranges; then another begins. */
#define RANGES_LENGTH 4000

static void add_found_range(HeapTuple row, TupleDesc tupdesc, void *arg);

static void
add_found_range(HeapTuple row, TupleDesc tupdesc, void *arg)
{
	List	  **ranges = arg;
	CgRange    *range = palloc(sizeof(CgRange));
	bool		isnull;

	range->first = DatumGetInt64(SPI_getbinval(row, tupdesc, 1, &isnull));
	range->last = DatumGetInt64(SPI_getbinval(row, tupdesc, 2, &isnull));
	*ranges = lappend(*ranges, range);
}

List *
cg_ranges_find(const char *sql, int nargs, Oid *types, Datum *values)
{
	List	   *ranges = NIL;

	cg_owncommand_query(sql, nargs, types, values, add_found_range, &ranges);
	return ranges;
}

int64
cg_ranges_rows(List *ranges)
{
	int64		rows = 0;
	ListCell   *lc;

	foreach(lc, ranges)
	{
		CgRange    *range = lfirst(lc);

		rows += range->last - range->first + 1;
	}
	return rows;
}

void
cg_ranges_record(CgEvent event, const char *customer, const char *head, List *ranges, int64 count,
				 const char *reason)
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	foreach(lc, ranges)
	{
		CgRange    *range = lfirst(lc);

		appendStringInfo(&text, ", seq " INT64_FORMAT " to " INT64_FORMAT, range->first, range->last);
		if (text.len > RANGES_LENGTH && lnext(ranges, lc))
		{
			cg_eventrecord_event(event, customer, 0, psprintf("%s%s: and more", head, text.data));
			resetStringInfo(&text);
		}
	}
	cg_eventrecord_event(event, customer, count, psprintf("%s%s: %s", head, text.data, reason));
}
