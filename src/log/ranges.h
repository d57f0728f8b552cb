/*
 * ranges.h
 *		Ranges of rows of the log, in records that name them.
 */
#ifndef CG_RANGES_H
#define CG_RANGES_H

#include "nodes/pg_list.h"

#include "journal/record.h"

/* Rows with consecutive numbers. */
typedef struct CgRange
{
	int64		first;
	int64		last;
} CgRange;

/* A query of the ranges of the log's rows "l" that satisfy a condition. */
#define CG_RANGES_WHERE(condition) \
	"SELECT lower(r), upper(r) - 1 FROM (SELECT unnest(range_agg(int8range(seq, seq, '[]'))) AS r " \
	"FROM contact_guard.log l WHERE " condition ") s ORDER BY 1"

/* The ranges that a query finds, by its first two columns: a list of CgRange, palloc'd. */
extern List *cg_ranges_find(const char *sql, int nargs, Oid *types, Datum *values);

/* The number of rows in these ranges. */
extern int64 cg_ranges_rows(List *ranges);

/*
 * Makes a record "HEAD, seq A to B, seq C to D: REASON" of these ranges.  If they are many, there
 * are several records, of which the last has the count and the reason.
 */
extern void cg_ranges_record(CgEvent event, const char *customer, const char *head, List *ranges,
							 int64 count, const char *reason);

#endif							/* CG_RANGES_H */
