/*
 * start.c
 *		Starts of the server: was the library loaded all the time?
 *
 * Between two runs of a server there is exactly one shutdown checkpoint in WAL: the server
 * writes it when it stops, or, after a crash, when recovery has ended (a promotion writes an
 * end-of-recovery record instead; right behind a shutdown it ends no run: failover.c).  The launcher writes a message when it starts.  So if two
 * such checkpoints follow one another without that message in between, the server has run
 * without a launcher: the library was not loaded, and reads were not recorded.
 *
 * The recorder of each database passes all this in the order of WAL, as it passes messages of
 * sessions.  At each message of a launcher it writes a record "start".  So each start has one
 * record in each database that had the journal by then, also if a crash follows at once, and
 * after a restore or a promotion, too.  A run without the library is a gap, too: reads of that
 * time are missing, and an administrator must say that he knows it.
 *
 * The launcher is not connected to a database, so its messages name none.  A session cannot
 * write such a message: pg_logical_emit_message() names the session's database.  They are
 * not sealed.  Who runs a server without the library and can load code of his own there could
 * write one; a witness notices the silence of such a run by the time of signed checkpoints.
 *
 * pg_upgrade starts the old server with the library and without a launcher.  If it is refused,
 * that run is told as a gap, though no read was possible.  A message of a session would avoid
 * that, but one that names a database counts as not yet decoded by its logical slots, and
 * then pg_upgrade refuses the server.  It would have to be written before the session has a
 * database.  That is not built.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "replication/message.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"

#include "base/owncommand.h"
#include "base/shared.h"
#include "compat.h"
#include "log/apply.h"
#include "log/start.h"

#define STARTED "start 1"
#define ENDED "end 1"
#define TIME_LENGTH 40

/* What the reader has passed since the last message of a launcher. */
static int	stops = 0;			/* number of shutdown checkpoints */
static CgWalMessage first_stop;
static CgWalMessage last_stop;
static TimestampTz alive_at = 0;	/* 0: not known */

static void announce(const char *what);
static bool is_announced(const CgWalMessage *message, const char *what, TimestampTz *at);
static TimestampTz last_alive(TimestampTz before);
static void record_start(TimestampTz at);
static const char *utc(TimestampTz at, char *text);

static void
announce(const char *what)
{
	char		text[TIME_LENGTH];

	snprintf(text, sizeof(text), "%s " INT64_FORMAT, what, GetCurrentTimestamp());
	XLogFlush(cg_compat_log_message(CG_RECORD_PREFIX, text, strlen(text)));
}

void
cg_start_announce(void)
{
	static bool announced = false;

	if (announced || RecoveryInProgress())
		return;
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	announced = cg_shared->announced;
	cg_shared->announced = true;
	LWLockRelease(cg_shared->lock);
	if (!announced)
		announce(STARTED);
	announced = true;
}

void
cg_start_announce_end(void)
{
	if (!RecoveryInProgress())
		announce(ENDED);
}

bool
cg_start_is_open(void)
{
	return stops > 0;
}

/* Is it a launcher's message of this kind?  at: the time in it */
static bool
is_announced(const CgWalMessage *message, const char *what, TimestampTz *at)
{
	char		text[TIME_LENGTH];

	if (message->kind != CG_WAL_MESSAGE || OidIsValid(message->database) || message->data == NULL ||
		message->length >= TIME_LENGTH)
		return false;
	memcpy(text, message->data, message->length);
	text[message->length] = '\0';
	return strncmp(text, what, strlen(what)) == 0 &&
		sscanf(text + strlen(what), " " INT64_FORMAT, at) == 1;
}

bool
cg_start_is_start(const CgWalMessage *message, TimestampTz *at)
{
	return is_announced(message, STARTED, at);
}

void
cg_start_take(const CgWalMessage *message)
{
	TimestampTz at;

	if (message->kind == CG_WAL_CHECKPOINT)
		alive_at = Max(alive_at, message->time);
	else if (message->kind == CG_WAL_STOP)
	{
		if (stops++ == 0)
			first_stop = *message;
		last_stop = *message;
	}
	else if (is_announced(message, ENDED, &at))
		alive_at = Max(alive_at, at);
	else if (cg_start_is_start(message, &at))
		record_start(at);
}

/* In UTC, since the record is read by people elsewhere. */
static const char *
utc(TimestampTz at, char *text)
{
	pg_time_t	seconds = timestamptz_to_time_t(at);

	pg_strftime(text, TIME_LENGTH, "%Y-%m-%d %H:%M:%S+00", pg_gmtime(&seconds));
	return text;
}

/*
 * When the library was last known at work before this time; 0: not known.  A record of the
 * recorder's own may be newer, and a clock may have been set back.
 */
static TimestampTz
last_alive(TimestampTz before)
{
	TimestampTz known[3] = {alive_at, cg_apply_last_at()};
	TimestampTz result = 0;
	Oid			types[1] = {TIMESTAMPTZOID};
	Datum		values[1] = {TimestampTzGetDatum(before)};
	Datum		stored;

	if (cg_owncommand_select("SELECT max(read_at) FROM contact_guard.log "
							 "WHERE seq >= (SELECT log_size - 5 FROM contact_guard.journal_state) AND read_at <= $1",
							 1, types, values, TIMESTAMPTZOID, &stored))
		known[2] = DatumGetTimestampTz(stored);
	for (int i = 0; i < lengthof(known); i++)
		if (known[i] <= before)
			result = Max(result, known[i]);
	return result;
}

/* A batch is open, in whose memory the texts are. */
static void
record_start(TimestampTz at)
{
	TimestampTz alive = last_alive(at);
	char		from[TIME_LENGTH];
	char		to[TIME_LENGTH];
	StringInfoData reason;

	initStringInfo(&reason);
	appendStringInfoString(&reason, "the server started with contact_guard");
	if (alive != 0)
		appendStringInfo(&reason, ", which was last known at work at %s", utc(alive, from));
	if (stops == 0)
		appendStringInfoString(&reason, "; WAL does not show how the server ran before");
	else if (stops == 1)
		appendStringInfoString(&reason, "; the server did not run without it in between");
	else
	{
		char	   *off = psprintf("the server ran without contact_guard %d time%s between %s and %s (WAL from %X/%X to %X/%X)",
								   stops - 1, stops == 2 ? "" : "s", utc(first_stop.time, from), utc(last_stop.time, to),
								   LSN_FORMAT_ARGS(first_stop.start), LSN_FORMAT_ARGS(last_stop.start));

		appendStringInfo(&reason, "; %s", off);
		cg_apply_own_record(CG_EVENT_GAP, psprintf("%s: reads of that time are not recorded", off));
	}
	cg_apply_record(&(CgRecord) {
		.event = CG_EVENT_START,
		.read_at = at,
		.count = Max(stops - 1, 0),
		.closed_at = alive != 0 ? alive : CG_NO_TIME,
		.reason = reason.data,
	});
	stops = 0;
	alive_at = at;
}
