/*
 * clockback.c
 *		A clock that is set back is a record; accept_clock().
 *
 * Windows that had closed stay closed until the clock has caught up (base/clock.h).  If the
 * clock had jumped ahead by mistake, that may take years.  Then an administrator accepts
 * the present time, which is a record as well.  Times of records that are older than that
 * one do not count any more.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lwlock.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/objects.h"
#include "base/owncommand.h"
#include "base/roles.h"
#include "base/shared.h"
#include "journal/eventrecord.h"
#include "log/apply.h"
#include "log/clockback.h"

/* So many of the newest records are looked at: times of records are nearly in order. */
#define LATEST_QUERY \
	"WITH recent AS MATERIALIZED (SELECT seq, read_at, event, session FROM contact_guard.log " \
	"WHERE seq >= (SELECT log_size FROM contact_guard.journal_state) - 10000) " \
	"SELECT max(read_at) FROM recent WHERE seq >= " \
	"(SELECT coalesce(max(seq), 0) FROM recent WHERE event = 'clock' AND session IS NOT NULL)"

PG_FUNCTION_INFO_V1(cg_accept_clock);

void
cg_clockback_load(void)
{
	Datum		latest;

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (OidIsValid(cg_objects_relation("journal_state", true)) && !cg_objects_is_other_version() &&
		cg_owncommand_select(LATEST_QUERY, 0, NULL, NULL, TIMESTAMPTZOID, &latest))
		(void) cg_clock_latest(DatumGetTimestampTz(latest));
	PopActiveSnapshot();
	CommitTransactionCommand();
}

/* Each time to which the clock must catch up is told once in a run of the server. */
static bool
is_told(TimestampTz latest)
{
	CgDatabase *database;
	bool		told;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	told = database == NULL || database->clock_told == latest;
	if (database)
		database->clock_told = latest;
	LWLockRelease(cg_shared->lock);
	return told;
}

void
cg_clockback_tell(void)
{
	TimestampTz latest;

	if (!cg_clock_is_back(&latest) || is_told(latest))
		return;
	cg_apply_begin();
	cg_apply_own_record(CG_EVENT_CLOCK,
						psprintf("the clock went back by " INT64_FORMAT " s: windows that had closed stay closed until it has caught up",
								 (latest - GetCurrentTimestamp()) / USECS_PER_SEC));
	cg_apply_commit(InvalidXLogRecPtr);
}

Datum
cg_accept_clock(PG_FUNCTION_ARGS)
{
	char	   *reason;
	TimestampTz latest;
	bool		back;

	cg_roles_require_admin("accept the clock");
	cg_shared_require();
	reason = cg_eventrecord_text_argument(fcinfo, 0, "reason");
	back = cg_clock_is_back(&latest);
	cg_eventrecord_event(CG_EVENT_CLOCK, NULL, 1,
						 psprintf("the time is accepted, " INT64_FORMAT " s before the latest one: %s",
								  back ? (latest - GetCurrentTimestamp()) / USECS_PER_SEC : 0, reason));
	cg_clock_accept();
	PG_RETURN_VOID();
}
