/*
 * batch.c
 *		Messages of the journal into the access log, a transaction at a time.
 *
 * No input stops the recorder.  Texts in a message are bounded where they are written
 * (record.c), and made storable before they are stored (rowleaf.c).  An unforeseen
 * content is handled as follows.
 *
 * An error that the content of a message can cause ends this process.  The process
 * leaves the end of its batch in shared memory.  Up to that position the next recorder
 * takes each message in a transaction of its own, so that the error shows which message
 * is the cause.  The third recorder passes over that message: it keeps the bytes in
 * contact_guard.journal_passed, and writes a gap record.  After a crash these steps
 * begin anew.
 *
 * Any other error (no space, locks, memory) does not depend on the message.  Then
 * recorders are started until the error has gone.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "log/apply.h"
#include "log/batch.h"
#include "log/failover.h"
#include "log/journalkeys.h"
#include "log/start.h"

/* More rows do not make a batch cheaper, but need memory that the caches do not hold. */
#define BATCH_ROWS 10000
#define BATCH_BYTES (4 * 1024 * 1024)

/* The present batch. */
static XLogRecPtr batch_end = InvalidXLogRecPtr;	/* Invalid: there is no batch */
static int	batch_messages = 0; /* number of our messages in it */
static XLogRecPtr batch_message = InvalidXLogRecPtr;	/* where the last of them begins */

static bool is_of_content(int code);
static void look_for_suspect(XLogRecPtr *alone_until, XLogRecPtr *suspect, int *code);
static bool take_into_batch(const CgWalMessage *message, XLogRecPtr suspect, int code);

/* Can the content of a message cause this error?  Other errors end by themselves. */
static bool
is_of_content(int code)
{
	return ERRCODE_TO_CATEGORY(code) == ERRCODE_DATA_EXCEPTION ||
		ERRCODE_TO_CATEGORY(code) == ERRCODE_TO_CATEGORY(ERRCODE_PROGRAM_LIMIT_EXCEEDED);
}

/*
 * When each message has its own transaction, the error shows which message of the batch
 * is the cause.  If the gap record can be stored then, the cause is the message and not
 * the table.
 */
void
cg_batch_note_error(CgDatabase *database, int code)
{
	if (!is_of_content(code) || XLogRecPtrIsInvalid(batch_end) || batch_messages == 0)
		return;
	if (batch_messages > 1)
		database->alone_until = Max(database->alone_until, batch_end);
	else
	{
		database->suspect = batch_message;
		database->suspect_code = code;
	}
}

/*
 * Up to where each message has its own transaction, and which message (with which
 * SQLSTATE) is to be passed over.
 */
static void
look_for_suspect(XLogRecPtr *alone_until, XLogRecPtr *suspect, int *code)
{
	CgDatabase *database;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(MyDatabaseId, false);
	*alone_until = database ? Max(database->alone_until, database->suspect + 1) : InvalidXLogRecPtr;
	*suspect = database ? database->suspect : InvalidXLogRecPtr;
	*code = database ? database->suspect_code : 0;
	LWLockRelease(cg_shared->lock);
}

/* False for a message that is not ours: it does not count as backlog. */
static bool
take_into_batch(const CgWalMessage *message, XLogRecPtr suspect, int code)
{
	bool		taken;

	if (message->data == NULL)
	{
		cg_apply_reject();
		return false;
	}
	batch_messages++;
	batch_message = message->start;
	if (message->start == suspect)
		taken = cg_apply_pass(message, code);
	else
		taken = cg_apply_message(message);
	if (!taken)
		batch_messages--;
	return taken;
}

bool
cg_batch_record(CgWalReader *reader, XLogRecPtr limit, uint64 *bytes)
{
	XLogRecPtr	before = cg_walreader_position(reader);
	XLogRecPtr	alone_until;
	XLogRecPtr	suspect;
	int			code;
	CgWalMessage message;

	look_for_suspect(&alone_until, &suspect, &code);
	batch_messages = 0;
	*bytes = 0;
	cg_apply_begin();
	while (((*bytes < BATCH_BYTES && cg_apply_rows() < BATCH_ROWS) || cg_start_is_open()) &&
		   cg_walreader_next(reader, limit, &message))
	{
		batch_end = message.end;
		if (message.kind != CG_WAL_MESSAGE || !OidIsValid(message.database))
		{
			/* A planned switchover ends one run, not two. */
			if (!cg_failover_take(&message))
				cg_start_take(&message);
			cg_journalkeys_take(&message);
		}
		else if (message.database == MyDatabaseId && take_into_batch(&message, suspect, code))
			*bytes += message.length;
		if (batch_messages > 0 && before <= alone_until)
			break;
	}
	if (cg_walreader_position(reader) == before)
	{
		batch_end = InvalidXLogRecPtr;
		cg_apply_end_empty();
		return false;
	}
	cg_apply_commit(cg_walreader_position(reader));
	batch_end = InvalidXLogRecPtr;
	return true;
}
