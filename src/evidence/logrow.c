/*
 * logrow.c
 *		A row of contact_guard.log in the recorder, before it is stored.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "evidence/logrow.h"

TimestampTz
cg_logrow_month(TimestampTz at)
{
	static TimestampTz day = PG_INT64_MIN;	/* for which "month" holds */
	static TimestampTz month;
	TimestampTz this_day = at - at % USECS_PER_DAY;
	struct pg_tm tm;
	fsec_t		fsec;

	if (this_day == day)
		return month;
	if (timestamp2tm(at, NULL, &tm, &fsec, NULL, NULL) != 0)
		elog(ERROR, "timestamp out of range");
	tm.tm_mday = 1;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	if (tm2timestamp(&tm, 0, &(int) {0}, &month) != 0)
		elog(ERROR, "timestamp out of range");
	day = this_day;
	return month;
}
