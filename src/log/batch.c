/*
 * batch.c
 *		Messages of the journal into the access log, a transaction at a time.
 *
 * No input stops the recorder.  What is in a message is bounded where it is written
 * (record.c) and made storable before it is stored (rowleaf.c); what nobody foresaw
 * ends as follows.  An error that what is in a message can cause ends this process,
 * which leaves in shared memory how far its batch went.  The next one takes each
 * message in a transaction of its own up to there, so the error names one.  The
 * third passes that one: the bytes are kept in contact_guard.journal_passed, and a
 * gap record says so.  After a crash it begins anew.  Any other error (no space,
 * locks, memory) has nothing to do with the message, and the recorder comes back
 * until it has gone.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "log/apply.h"
#include "log/batch.h"

#define BATCH_BYTES (4 * 1024 * 1024)

/* The batch under way. */
static XLogRecPtr batch_end = InvalidXLogRecPtr;	/* Invalid: none */
static int	batch_messages = 0; /* of ours */
static XLogRecPtr batch_message = InvalidXLogRecPtr;	/* the last of them */

static bool is_of_content(int code);
static void look_for_suspect(XLogRecPtr *alone_until, XLogRecPtr *suspect, int *code);
static bool take_into_batch(const CgWalMessage *message, XLogRecPtr suspect, int code);

/* Errors that what is in a message can cause: everything else ends some day by itself. */
static bool
is_of_content(int code)
{
	return ERRCODE_TO_CATEGORY(code) == ERRCODE_DATA_EXCEPTION ||
		ERRCODE_TO_CATEGORY(code) == ERRCODE_TO_CATEGORY(ERRCODE_PROGRAM_LIMIT_EXCEEDED);
}

/*
 * Which of a batch's messages it is shows when each comes alone; and that it is the
 * message, and not the table, when the record that tells of it can be stored.
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

/* Is one of the next messages, or the one that begins there, to come alone? */
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

/* False for a message that is not ours; what others wrote under our name is no backlog. */
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
	while (*bytes < BATCH_BYTES && cg_walreader_next(reader, limit, &message))
	{
		batch_end = message.end;
		if (message.database == MyDatabaseId && take_into_batch(&message, suspect, code))
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
