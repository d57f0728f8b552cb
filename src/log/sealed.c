/*
 * sealed.c
 *		Up to which position WAL is recorded, as the tree says.
 *
 * The position in contact_guard.journal_state decides what is read.  Whoever writes that table
 * while the library is not loaded could move it over messages that nobody has recorded, and over
 * the run of the server in which he does so.  So each heartbeat says which WAL is recorded, and is
 * signed with the log; and the slot keeps WAL from there on (launcher.c, standby.c).
 *
 * The first recorder of a run of the server reads the WAL between the newest heartbeat and the
 * stored position once more, and compares it with the log (compared.c).  While the library is loaded nobody else can write the
 * table.  If something is not there, the position was moved.  A gap record says so, and recording
 * goes on from there, so that nothing is lost.
 *
 * A heartbeat names the key of the journal that seals at its end, too, and that key stays until the
 * next heartbeat (cg_sealed_limit).  WAL names the later ones.  So whoever takes keys away, so that messages cannot be recorded, is noticed: by
 * that name, or by the message that tells of a newer key (journalkeys.c).
 *
 * If that WAL is gone, or rows of the log that it is compared with, the next heartbeat begins behind
 * it.  So heartbeats whose positions do
 * not join say that WAL was not compared.  contact-guard verify shows that.  A base backup that is
 * restored without an archive has such a place, too.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lwlock.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/guc.h"
#include "base/owncommand.h"
#include "base/shared.h"
#include "evidence/signing.h"
#include "journal/journalstate.h"
#include "log/apply.h"
#include "log/compared.h"
#include "log/failover.h"
#include "log/journalkeys.h"
#include "log/recorded.h"
#include "log/sealed.h"

#define RECORDED "WAL from %X/%X to %X/%X is recorded"
#define KEY "; key "

/* So much WAL behind the last heartbeat makes another one due, as often as checkpoints are signed. */
#define SEAL_BYTES (16 * 1024 * 1024)

/* The newest heartbeat with positions among some rows, if it is of this journal. */
#define STORED_QUERY \
	"SELECT seq FROM (SELECT seq FROM contact_guard.log WHERE event = 'heartbeat' AND reason IS NOT NULL AND %s " \
	"ORDER BY seq DESC LIMIT 1) h WHERE NOT EXISTS (" \
	"SELECT FROM contact_guard.log e WHERE e.event = 'epoch' AND e.seq > h.seq AND " \
	"e.reason ~ '^(the journal begins|a copy of the database begins|the database is in a new cluster)')"

/* What came of a comparison */
typedef struct Comparison
{
	XLogRecPtr	lost;			/* where what the log lacks begins; Invalid: it has all */
	XLogRecPtr	unknown;		/* where WAL begins that was not compared; Invalid: it was */
	bool		kept;			/* all WAL behind the heartbeat is there */
} Comparison;

/* The name of a key of which that WAL tells, and which is not there; NULL: there is none. */
static char *lost_key = NULL;

static char *newest_heartbeat(int64 *seq);
static void require_told_keys(bool kept);
static void compare_log(XLogRecPtr *sealed, XLogRecPtr stored, XLogRecPtr oldest, Comparison *result);
static bool was_opened(void);
static void note_sealed(XLogRecPtr position, TimestampTz at);

/*
 * Its reason, palloc'd, or NULL; seq: -1 then.  By seq, since the clock may have been ahead for a
 * while.  Heartbeats are frequent, so the last rows nearly always have one.
 */
static char *
newest_heartbeat(int64 *seq)
{
	Oid			types[1] = {INT8OID};
	Datum		values[1];
	Datum		reason;

	*seq = -1;
	if (!cg_owncommand_select_int8(psprintf(STORED_QUERY, "seq > (SELECT log_size - 100000 FROM contact_guard.journal_state)"),
								   0, NULL, NULL, seq) &&
		!cg_owncommand_select_int8(psprintf(STORED_QUERY, "true"), 0, NULL, NULL, seq))
		return NULL;
	values[0] = Int64GetDatum(*seq);
	if (!cg_owncommand_select("SELECT reason FROM contact_guard.log WHERE seq = $1", 1, types, values, TEXTOID, &reason))
		return NULL;
	return TextDatumGetCString(reason);
}

XLogRecPtr
cg_sealed_stored(int64 *seq)
{
	char	   *reason = newest_heartbeat(seq);
	uint32		from[2];
	uint32		to[2];

	if (reason && sscanf(reason, RECORDED, &from[0], &from[1], &to[0], &to[1]) == 4)
		return (XLogRecPtr) to[0] << 32 | to[1];
	*seq = -1;
	return InvalidXLogRecPtr;
}

/*
 * In a batch.  The key that the newest heartbeat names must be there, and those in WAL behind it.
 * If not all of that WAL is kept, what the key has sealed may be recorded, and the key forgotten;
 * then positions do not join.
 */
static void
require_told_keys(bool kept)
{
	CgJournalState state;
	int64		seq;
	char	   *reason;
	char	   *name = NULL;

	if (lost_key)
		cg_journalkeys_miss(lost_key);
	else if (kept && (reason = newest_heartbeat(&seq)) != NULL)
		name = strstr(reason, KEY);
	if (name && cg_journalstate_read(&state) && !cg_journalkeys_has(&state, name + strlen(KEY)))
		cg_journalkeys_miss(name + strlen(KEY));
}

/* Compares the log with the WAL between the newest heartbeat, whose end becomes sealed, and stored. */
static void
compare_log(XLogRecPtr *sealed, XLogRecPtr stored, XLogRecPtr oldest, Comparison *result)
{
	int64		seq;

	memset(result, 0, sizeof(*result));
	*sealed = cg_sealed_stored(&seq);
	result->kept = !XLogRecPtrIsInvalid(*sealed) && *sealed >= oldest;
	if (XLogRecPtrIsInvalid(*sealed))
		*sealed = Max(stored, oldest);
	else if (*sealed < stored)
	{
		*sealed = Max(*sealed, oldest);
		if (cg_compared_is_possible(seq))
			result->lost = cg_compared_first_lost(*sealed, stored, seq, &lost_key);
		else
			result->unknown = *sealed;
	}
}

static bool
was_opened(void)
{
	CgDatabase *database;
	bool		result;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	result = database && !XLogRecPtrIsInvalid(database->sealed);
	LWLockRelease(cg_shared->lock);
	return result;
}

static void
note_sealed(XLogRecPtr position, TimestampTz at)
{
	CgDatabase *database;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
	{
		database->sealed = position;
		database->sealed_at = at;
	}
	LWLockRelease(cg_shared->lock);
}

XLogRecPtr
cg_sealed_open(XLogRecPtr stored, XLogRecPtr oldest)
{
	XLogRecPtr	position = Max(stored, oldest);
	XLogRecPtr	sealed;
	Comparison	found;
	bool		missed;

	if (was_opened())
		return position;
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	compare_log(&sealed, stored, oldest, &found);
	PopActiveSnapshot();
	CommitTransactionCommand();
	cg_apply_begin();
	require_told_keys(found.kept);
	missed = cg_apply_rows() > 0;
	if (!XLogRecPtrIsInvalid(found.lost))
	{
		cg_apply_own_record(CG_EVENT_GAP,
							psprintf("the stored position of the recorder, %X/%X, had been moved over records: recording goes on from %X/%X",
									 LSN_FORMAT_ARGS(stored), LSN_FORMAT_ARGS(found.lost)));
		position = found.lost;
	}
	else if (!XLogRecPtrIsInvalid(found.unknown))
	{
		/* The next heartbeat begins behind it. */
		cg_apply_own_record(CG_EVENT_GAP,
							psprintf("the log lacks rows behind its last heartbeat: WAL from %X/%X to %X/%X was not compared with it",
									 LSN_FORMAT_ARGS(found.unknown), LSN_FORMAT_ARGS(stored)));
		sealed = position;
	}
	if (cg_apply_rows() == 0)
		cg_apply_end_empty();
	else
		cg_apply_commit(found.lost);
	/* The first heartbeat is due as soon as there is much WAL behind the one before. */
	note_sealed(Min(sealed, position), GetCurrentTimestamp() - cg_checkpoint_interval * USECS_PER_SEC);
	/* It names a key that is there, so that this is said once. */
	if (missed || !XLogRecPtrIsInvalid(found.unknown))
		cg_sealed_record(position);
	return position;
}

XLogRecPtr
cg_sealed_limit(XLogRecPtr position)
{
	CgDatabase *database;
	XLogRecPtr	sealed = InvalidXLogRecPtr;

	if (!cg_signing_configured())
		return position;
	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
		sealed = database->sealed;
	LWLockRelease(cg_shared->lock);
	return XLogRecPtrIsInvalid(sealed) ? position : Min(sealed, position);
}

/*
 * Where nothing is signed, keys do not wait for heartbeats.  But a log that was signed has a newest
 * heartbeat, whose key must be there at the next start.  So another one comes before it goes.
 */
void
cg_sealed_clean(XLogRecPtr position)
{
	XLogRecPtr	limit = cg_sealed_limit(position);
	int64		seq;

	if (!cg_signing_configured() && cg_apply_forgets(position, limit))
	{
		bool		sealed;

		StartTransactionCommand();
		PushActiveSnapshot(GetTransactionSnapshot());
		sealed = newest_heartbeat(&seq) != NULL;
		PopActiveSnapshot();
		CommitTransactionCommand();
		if (sealed && !cg_failover_is_passed(position))
			limit = InvalidXLogRecPtr;
		else if (sealed)
			cg_sealed_record(position);
	}
	cg_apply_clean(position, limit);
}

/* Any record shows that the log is alive, but only a heartbeat says how far WAL is recorded. */
TimestampTz
cg_sealed_due(void)
{
	TimestampTz due = cg_recorded_last_at() + cg_heartbeat_interval * USECS_PER_SEC;
	CgDatabase *database;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	if (database && !XLogRecPtrIsInvalid(database->sealed) && database->recorded > database->sealed)
		due = Min(due, database->sealed_at + USECS_PER_SEC *
				  (database->recorded - database->sealed >= SEAL_BYTES ? cg_checkpoint_interval : cg_heartbeat_interval));
	LWLockRelease(cg_shared->lock);
	return due;
}

void
cg_sealed_record(XLogRecPtr position)
{
	CgDatabase *database;
	XLogRecPtr	from = InvalidXLogRecPtr;
	CgJournalState state;
	const CgSeal *seal;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
		from = database->sealed;
	LWLockRelease(cg_shared->lock);
	if (XLogRecPtrIsInvalid(from))
		from = position;
	cg_apply_begin();
	if (!cg_journalstate_read(&state))
		elog(ERROR, "contact_guard.journal_state has no row");
	seal = cg_journalstate_seal_at(&state, position);
	cg_apply_own_record(CG_EVENT_HEARTBEAT, psprintf(RECORDED "%s%s", LSN_FORMAT_ARGS(from), LSN_FORMAT_ARGS(position),
													 seal ? KEY : "", seal ? cg_journalkeys_name(seal) : ""));
	cg_apply_commit(InvalidXLogRecPtr);
	note_sealed(position, GetCurrentTimestamp());
}
