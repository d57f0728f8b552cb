/*
 * failover.c
 *		New timelines: a record says where one left the other.
 *
 * A promoted standby, or a server that was recovered to a point in time, goes on in a
 * timeline of its own.  What the old server had written behind the parting may be lost, and
 * then nothing in the log shows it: the sessions of the new server number their messages
 * anew.  So the first recorder that reads past the parting writes a record.  All that is
 * missing was made after the last record that came from the old timeline, which is the time
 * closed_at of this record, and before the promotion, which is its time read_at.
 *
 * The parting is found in WAL, in its order, by the record that ends recovery.  So there is
 * one record for each new timeline, whatever crashes.
 */
#include "postgres.h"

#include "access/timeline.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "pgtime.h"
#include "utils/timestamp.h"

#include "base/owncommand.h"
#include "journal/record.h"
#include "log/apply.h"
#include "log/closing.h"
#include "log/failover.h"

#define TIME_LENGTH 50

static TimestampTz last_before(void);
static const char *micros(TimestampTz at, char *text);
static void add_record(TimeLineID from, TimeLineID to, XLogRecPtr parted, bool ended, TimestampTz promoted);

/* The time of the newest record of a session that is in the batch or in the log; 0: none. */
static TimestampTz
last_before(void)
{
	TimestampTz result = cg_apply_last_at();
	Datum		stored;

	if (result == 0 &&
		cg_owncommand_select("SELECT read_at FROM contact_guard.log WHERE session IS NOT NULL ORDER BY seq DESC LIMIT 1",
							 0, NULL, NULL, TIMESTAMPTZOID, &stored))
		result = DatumGetTimestampTz(stored);
	return result;
}

/* In UTC, since people elsewhere read it. */
static const char *
micros(TimestampTz at, char *text)
{
	pg_time_t	seconds = timestamptz_to_time_t(at);
	size_t		length = pg_strftime(text, TIME_LENGTH, "%Y-%m-%d %H:%M:%S", pg_gmtime(&seconds));

	snprintf(text + length, TIME_LENGTH - length, ".%06d+00", (int) (at % USECS_PER_SEC));
	return text;
}

/* ended: the old timeline ends with a shutdown.  promoted: 0 if it is not known. */
static void
add_record(TimeLineID from, TimeLineID to, XLogRecPtr parted, bool ended, TimestampTz promoted)
{
	TimestampTz last = last_before();
	char		last_text[TIME_LENGTH];
	char		promoted_text[TIME_LENGTH];

	cg_closing_expect();
	cg_apply_record(&(CgRecord) {
		.event = CG_EVENT_FAILOVER,
		.read_at = promoted != 0 ? promoted : GetCurrentTimestamp(),
		.count = 1,
		.closed_at = last != 0 ? last : CG_NO_TIME,
		.reason = psprintf("timeline %u left timeline %u at %X/%X; the last record before it is of %s, the promotion of %s: what is missing of timeline %u was made between the two%s",
						   to, from, LSN_FORMAT_ARGS(parted), last != 0 ? micros(last, last_text) : "a time that is not known",
						   promoted != 0 ? micros(promoted, promoted_text) : "a time that is not known", from,
						   ended ? "; that timeline had ended there with a shutdown, so nothing is missing unless its server was started once more" : ""),
	});
}

bool
cg_failover_take(const CgWalMessage *message)
{
	/* The end of the last shutdown, of a run that has gone on in the same timeline. */
	static XLogRecPtr stopped = InvalidXLogRecPtr;
	List	   *history;
	XLogRecPtr	parted = message->start;

	if (message->kind != CG_WAL_STOP)
		return false;
	if (message->timeline == message->previous_timeline)
	{
		stopped = message->end;
		return false;
	}
	history = readTimeLineHistory(message->timeline);
	/* The file may have gone, when the timeline is old. */
	if (tliInHistory(message->previous_timeline, history))
		parted = tliSwitchPoint(message->previous_timeline, history, NULL);
	add_record(message->previous_timeline, message->timeline, parted, parted == stopped, message->time);
	return parted == stopped;
}

bool
cg_failover_is_passed(XLogRecPtr position)
{
	static XLogRecPtr begun = InvalidXLogRecPtr;
	static bool known = false;

	if (!known)
	{
		TimeLineID	timeline;
		List	   *history;

		(void) GetFlushRecPtr(&timeline);
		history = readTimeLineHistory(timeline);
		begun = ((TimeLineHistoryEntry *) linitial(history))->begin;
		list_free_deep(history);
		known = true;
	}
	/* No record of the old timeline ends behind the parting. */
	return XLogRecPtrIsInvalid(begun) || position > begun;
}

void
cg_failover_take_missing(XLogRecPtr from, XLogRecPtr to)
{
	TimeLineID	timeline;
	List	   *history;

	(void) GetFlushRecPtr(&timeline);
	history = readTimeLineHistory(timeline);
	/* The newest comes first. */
	for (int i = list_length(history) - 2; i >= 0; i--)
	{
		TimeLineHistoryEntry *entry = list_nth(history, i);
		TimeLineHistoryEntry *before = list_nth(history, i + 1);

		if (entry->begin >= from && entry->begin < to)
			add_record(before->tli, entry->tli, entry->begin, false, 0);
	}
}
