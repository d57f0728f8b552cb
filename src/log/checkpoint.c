/*
 * checkpoint.c
 *		Checkpoints: signed statements of the access log's size and root.
 *
 * "A log MUST not sign any checkpoint which is inconsistent with any checkpoint
 * it previously signed" (C2SP tlog-checkpoint).  The last signed checkpoint is in a
 * file outside the data directory, which is written before the note is published.
 * After a restored backup or a lossy failover the tables do not have that checkpoint,
 * but the file has it.  Then nothing is signed under this origin any more, and
 * contact_guard.new_epoch() begins another origin.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lwlock.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/guc.h"
#include "base/owncommand.h"
#include "base/shared.h"
#include "base/standbys.h"
#include "evidence/notetext.h"
#include "evidence/signing.h"
#include "evidence/statefile.h"
#include "evidence/tiles.h"
#include "evidence/treelog.h"
#include "journal/journalstate.h"
#include "log/apply.h"
#include "log/checkpoint.h"
#include "log/closing.h"
#include "log/sealed.h"

#define CHECKPOINT_LENGTH 1024
#define RETRY_USECS (60 * USECS_PER_SEC)

static TimestampTz last_signed_at = 0;	/* the last attempt, too */
static uint64 last_signed_size = 0;
static bool failing = false;
static List *keys = NIL;		/* of the present attempt */

static void note_problem(const char *problem);
static bool attempt(void (*step) (void));
static void read_verification_keys(void);
static void look_for_losses(void);
static XLogRecPtr last_commit(void);
static void sign(void);
static char *origin(int *number);
static void record_keys(void);
static void check_file_consistency(const CgCheckpoint *checkpoint, const char *last);
static void publish(const CgCheckpoint *checkpoint, const char *note);
static void thin_out(void);

bool
cg_checkpoint_pending(void)
{
	return cg_signing_configured() && !failing && cg_treelog_size() > last_signed_size;
}

TimestampTz
cg_checkpoint_due(void)
{
	TimestampTz heartbeat;

	if (!cg_signing_configured())
		return 0;
	heartbeat = cg_sealed_due();
	if (failing)
		return Min(heartbeat, last_signed_at + RETRY_USECS);
	if (cg_treelog_size() > last_signed_size)
		return Min(heartbeat, last_signed_at + cg_checkpoint_interval * USECS_PER_SEC);
	return heartbeat;
}

void
cg_checkpoint_retry(void)
{
	if (failing)
		last_signed_at = 0;
}

/* Sets the problem that status() shows; "": none. */
static void
note_problem(const char *problem)
{
	CgDatabase *database;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
		strlcpy(database->unsigned_because, problem, CG_ERROR_LENGTH);
	LWLockRelease(cg_shared->lock);
}

void
cg_checkpoint_maintain(XLogRecPtr position)
{
	MemoryContext oldcontext = CurrentMemoryContext;
	MemoryContext context;
	TimestampTz now = GetCurrentTimestamp();

	if (cg_checkpoint_due() == 0 || now < cg_checkpoint_due())
		return;
	if (now >= cg_sealed_due())
		cg_sealed_record(position);
	context = AllocSetContextCreate(oldcontext, "contact_guard checkpoint", ALLOCSET_DEFAULT_SIZES);
	last_signed_at = now;
	MemoryContextSwitchTo(context);
	if (attempt(read_verification_keys))
	{
		/*
		 * Not by attempt(): an error in a batch leaves the tree in memory ahead of the
		 * tables, so it must end this process.
		 */
		record_keys();
		MemoryContextSwitchTo(context);
		if (attempt(look_for_losses))
		{
			cg_closing_record();
			MemoryContextSwitchTo(context);
			if (attempt(sign))
			{
				/* The problem may be one that an earlier recorder has noted. */
				note_problem("");
				failing = false;
			}
		}
	}
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(context);
}

/* Runs a step; false after an error.  Recording goes on even if checkpoints fail. */
static bool
attempt(void (*step) (void))
{
	MemoryContext context = CurrentMemoryContext;
	volatile bool done = false;

	PG_TRY();
	{
		step();
		done = true;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		/* Not an ERROR, which would end the recorder; and not again in every minute. */
		if (!failing)
			ereport(WARNING,
					(errcode(error->sqlerrcode),
					 errmsg("contact_guard could not sign a checkpoint: %s", error->message),
					 error->detail ? errdetail("%s", error->detail) : 0,
					 error->hint ? errhint("%s", error->hint) : 0));
		FlushErrorState();
		AbortCurrentTransaction();
		MemoryContextSwitchTo(context);
		note_problem(error->message);
		failing = true;
	}
	PG_END_TRY();
	return done;
}

static void
read_verification_keys(void)
{
	keys = cg_signing_keys();
}

static void
look_for_losses(void)
{
	cg_closing_look(keys);
}

/*
 * The end of the newest commit of any recorder of this database.  Recorders commit
 * asynchronously, so a commit of an earlier process may not be flushed yet.
 */
static XLogRecPtr
last_commit(void)
{
	XLogRecPtr	result = XactLastCommitEnd;
	CgDatabase *database;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
		result = database->commit = Max(database->commit, result);
	LWLockRelease(cg_shared->lock);
	return result;
}

static void
sign(void)
{
	MemoryContext context = CurrentMemoryContext;
	CgCheckpoint checkpoint;
	CgBytes		text;
	char	   *note;
	char	   *last;
	char	   *path;
	int			number;
	int			lock;
	XLogRecPtr	committed;

	/* Records that a crash could still lose must not be signed. */
	committed = last_commit();
	XLogFlush(committed);
	if (!cg_standbys_wait(committed))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_STATEMENT_COMPLETION_UNKNOWN),
				 errmsg("a synchronous standby has not acknowledged the records that a checkpoint would sign")));
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	MemoryContextSwitchTo(context);

	strlcpy(checkpoint.origin, origin(&number), sizeof(checkpoint.origin));
	checkpoint.size = cg_tiles_size();
	cg_tiles_root(checkpoint.size, checkpoint.root);
	/* The calls above may have changed to a memory context of SPI, which ends below. */
	MemoryContextSwitchTo(context);
	path = cg_statefile_path(psprintf("%s.checkpoint", checkpoint.origin));
	lock = cg_statefile_lock(path);
	last = cg_statefile_read(path);
	if (last)
		check_file_consistency(&checkpoint, last);
	SPI_finish();
	MemoryContextSwitchTo(context);
	cg_bytes_init_fixed(&text, palloc(CHECKPOINT_LENGTH), CHECKPOINT_LENGTH - 1);
	cg_note_put_checkpoint(&text, &checkpoint);
	if (text.failed)
		elog(ERROR, "could not write a checkpoint");
	text.data[text.length] = '\0';
	note = psprintf("%s\n%s", (char *) text.data, cg_signing_sign((char *) text.data, keys));
	cg_statefile_write(path, cg_statefile_owned(note, number));
	cg_statefile_unlock(lock);
	publish(&checkpoint, note);
	PopActiveSnapshot();
	CommitTransactionCommand();
	last_signed_size = checkpoint.size;
	thin_out();
}

/* The origin is stored at the first checkpoint, so that a renamed database keeps it.  number: of the name */
static char *
origin(int *number)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1];
	char	   *base = cg_signing_origin(keys);
	CgJournalState state;

	if (!cg_journalstate_read(&state))
		elog(ERROR, "contact_guard.journal_state has no row");
	if (state.origin[0] == '\0')
	{
		cg_notetext_require_name(base, "Set contact_guard.origin to the name of the log.");
		strlcpy(state.origin, base, sizeof(state.origin));
		values[0] = CStringGetTextDatum(base);
		(void) cg_owncommand_execute("UPDATE contact_guard.journal_state SET origin = $1",
									1, types, values, NULL);
	}
	*number = state.origin_number;
	return cg_statefile_numbered(state.origin, state.origin_number, state.origin_mark);
}

/* A key that was added or removed is recorded before the next checkpoint is signed. */
static void
record_keys(void)
{
	ListCell   *lc;
	StringInfoData list;
	Oid			types[1] = {TEXTOID};
	Datum		values[1];

	initStringInfo(&list);
	foreach(lc, keys)
		appendStringInfo(&list, "%s%s", list.len > 0 ? "\n" : "", cg_signing_vkey(lfirst(lc)));
	cg_apply_begin();
	values[0] = CStringGetTextDatum(list.data);
	if (cg_owncommand_execute("UPDATE contact_guard.journal_state SET verification_keys = $1 "
							 "WHERE verification_keys IS DISTINCT FROM $1", 1, types, values, NULL) == 0)
	{
		cg_apply_end_empty();
		return;
	}
	cg_apply_own_record(CG_EVENT_KEY, psprintf("checkpoints are signed by %s", list.data));
	cg_apply_commit(InvalidXLogRecPtr);
}

/* ERROR, and no signature, if this tree does not continue the last signed checkpoint. */
static void
check_file_consistency(const CgCheckpoint *checkpoint, const char *last)
{
	CgCheckpoint before;
	CgNote		note;
	uint8		root[CG_HASH_LENGTH];

	if (!cg_signing_parse_checkpoint(last, &note, &before) || strcmp(before.origin, checkpoint->origin) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the state file of checkpoints of \"%s\" is damaged", checkpoint->origin)));
	if (before.size <= checkpoint->size)
	{
		cg_tiles_root(before.size, root);
		if (memcmp(root, before.root, CG_HASH_LENGTH) == 0)
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("the access log is a fork: it does not continue the signed checkpoint of size " UINT64_FORMAT,
					before.size),
			 errdetail("The log has " UINT64_FORMAT " records. An old backup has been restored, or a failover has lost commits, or the log has been altered.",
					   checkpoint->size),
			 errhint("Keep the signed checkpoint as evidence. contact_guard.new_epoch() begins a new origin.")));
}

static void
publish(const CgCheckpoint *checkpoint, const char *note)
{
	Oid			types[4] = {TEXTOID, INT8OID, BYTEAOID, TEXTOID};
	Datum		values[4];
	bytea	   *root = palloc(VARHDRSZ + CG_HASH_LENGTH);

	SET_VARSIZE(root, VARHDRSZ + CG_HASH_LENGTH);
	memcpy(VARDATA(root), checkpoint->root, CG_HASH_LENGTH);
	values[0] = CStringGetTextDatum(checkpoint->origin);
	values[1] = Int64GetDatum((int64) checkpoint->size);
	values[2] = PointerGetDatum(root);
	values[3] = CStringGetTextDatum(cg_notetext_from_note(note));
	(void) cg_owncommand_execute("INSERT INTO contact_guard.signed_checkpoint (origin, size, root, note) "
								"VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
								4, types, values, NULL);
}

/*
 * One checkpoint in 10 seconds makes three million a year.  After a week only the last
 * one of each hour is kept.  An auditor's note is compared with the tree, so it does
 * not matter that its row has gone.
 */
static void
thin_out(void)
{
	static TimestampTz thinned_at = 0;
	TimestampTz now = GetCurrentTimestamp();

	if (now < thinned_at + USECS_PER_HOUR)
		return;
	thinned_at = now;
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	(void) cg_owncommand_execute("DELETE FROM contact_guard.signed_checkpoint c USING contact_guard.signed_checkpoint later "
								"WHERE c.signed_at < clock_timestamp() - interval '7 days' "
								"AND later.signed_at < clock_timestamp() - interval '7 days' + interval '1 hour' "
								"AND later.origin = c.origin AND later.size > c.size "
								"AND date_trunc('hour', later.signed_at, 'UTC') = date_trunc('hour', c.signed_at, 'UTC')",
								0, NULL, NULL, NULL);
	PopActiveSnapshot();
	CommitTransactionCommand();
}
