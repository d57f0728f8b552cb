/*
 * messages.c
 *		Records become messages in WAL, and are made durable.
 *
 * A record is a non-transactional logical WAL message.  Nothing that the reading
 * transaction does takes the message back.  After a crash it is there if anything
 * that was written later is there.  Any role may emit such messages, so ours carry
 * a MAC.
 *
 * The order of steps, and what a crash leaves: the message is announced in shared
 * memory (inflight) *before* it is sealed (sealing.c) and inserted.  Otherwise the recorder
 * could count the WAL in which the message lies as read.  "written" moves after the insertion.
 * A crash in between loses both.  If the message had reached the disk, the recorder
 * finds it when it reads on from its stored position.  If it had not, the flush had
 * not returned, so no value had left the server.
 *
 * A withheld record is not waited for, unless durability is strict: no value left.  The
 * WAL writer flushes it, as it does an asynchronous commit.  To tell the WAL writer so
 * after each read would cost more than the read: a session does it every now and then,
 * and the recorder, which waits for that flush, does it too.  A session that makes many
 * of them flushes by itself, so that a crash never loses more than the last few of each
 * session.  Whatever is flushed later takes all that was written before along.
 *
 * cg_messages_write and cg_messages_flush run inside the door (door.c), outside of any
 * transaction: they use neither a catalog nor a resource owner.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "replication/message.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/guc.h"
#include "base/shared.h"
#include "base/standbys.h"
#include "compat.h"
#include "journal/forward.h"
#include "journal/journal.h"
#include "journal/journalstate.h"
#include "journal/messages.h"
#include "journal/sealing.h"

/* Of a message's own header and WAL's, about. */
#define MESSAGE_OVERHEAD 150

/* A session tells the WAL writer at most so often that there is something to flush. */
#define ANNOUNCE_USECS (50 * 1000)

static StringInfoData buffer;	/* items not yet in WAL; .data NULL at first */
static StringInfoData sealed;	/* the message that is being written, likewise */
static bool must_be_durable = false;	/* is one of them not withheld? */
static int	records_in_buffer = 0;
static int	withheld_in_buffer = 0;

static uint8 counted_under[CG_KEY_LENGTH];	/* the first key of the epoch that counter is of */
static uint64 counter = 0;

static XLogRecPtr written = InvalidXLogRecPtr;	/* end of the newest message */
static XLogRecPtr needed = InvalidXLogRecPtr;	/* of the newest that must be durable */
static XLogRecPtr durable = InvalidXLogRecPtr;

/* What of "written" is withheld and was not flushed by this session. */
static XLogRecPtr announced = InvalidXLogRecPtr;	/* to the WAL writer, or flushed */
static TimestampTz announced_at = 0;	/* to the WAL writer */
static size_t unflushed_bytes = 0;
static int	unflushed_records = 0;

static XLogRecPtr write_items(const char *items, size_t length);
static void seal_message(CgMessageHeader *header, const char *items, size_t length, const uint8 *key);
static XLogRecPtr insert_message(CgMessageHeader *header, const char *items, size_t length);
static void forward_items(const char *items, size_t length);
static void note_written(XLogRecPtr lsn, size_t length);
static void note_flushed(void);
static void flush_withheld(void);

static void
init_for_session(StringInfo string)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(TopMemoryContext);

	initStringInfo(string);
	MemoryContextSwitchTo(oldcontext);
}

StringInfo
cg_messages_buffer(void)
{
	if (buffer.data == NULL)
		init_for_session(&buffer);
	return &buffer;
}

void
cg_messages_put(const CgRecord *record)
{
	/* First: should there be no memory for the record, the flush is one too many. */
	if (record->event == CG_EVENT_WITHHELD)
		withheld_in_buffer++;
	/* The commit of a window's change makes its record durable, and nothing waits for it. */
	else if (record->event != CG_EVENT_WINDOW)
		must_be_durable = true;
	records_in_buffer++;
	cg_record_put(cg_messages_buffer(), record);
}

void
cg_messages_put_set(const CgRecord *like, const CgRecordSet *set)
{
	if (like->event == CG_EVENT_WITHHELD)
		withheld_in_buffer += set->number;
	else
		must_be_durable = true;
	records_in_buffer += set->number;
	cg_recordset_put(cg_messages_buffer(), like, set);
}

bool
cg_messages_are_many(void)
{
	return buffer.len >= CG_MESSAGES_BYTES || records_in_buffer >= CG_MESSAGES_RECORDS;
}

/*
 * Writes one message, or several: the recorder does not accept a longer one as ours.
 * Items leave the buffer as soon as they are inserted, so that an error later on
 * does not write them twice.
 */
void
cg_messages_write(void)
{
	while (buffer.len > 0)
	{
		size_t		context = 0;
		size_t		context_length = 0;
		size_t		taken = buffer.len;

		if (taken > CG_RECORD_LONGEST / 2)
			taken = cg_recordread_cut(buffer.data, buffer.len, CG_RECORD_LONGEST / 2, &context, &context_length);
		if (cg_journal_is_borrowed())
			forward_items(buffer.data, taken);
		else
			note_written(write_items(buffer.data, taken), taken);
		if (taken == buffer.len)
		{
			resetStringInfo(&buffer);
			records_in_buffer = 0;
			must_be_durable = false;
		}
		else
		{
			size_t		rest = taken - context_length;

			memmove(buffer.data + rest, buffer.data + context, context_length);
			memmove(buffer.data, buffer.data + rest, buffer.len - rest);
			buffer.len -= rest;
			buffer.data[buffer.len] = '\0';
		}
	}
}

/*
 * If the primary does not take them, they are lost.  A standby that has been promoted meanwhile
 * must not send them to the old primary, whose WAL may be thrown away.
 */
static void
forward_items(const char *items, size_t length)
{
	withheld_in_buffer = 0;
	if (cg_forward_has_lost())
		return;
	if (!RecoveryInProgress())
		cg_forward_lose("this standby has been promoted during the statement");
	else
		(void) cg_forward_write(items, length, !must_be_durable);
}

static void
note_written(XLogRecPtr lsn, size_t length)
{
	written = lsn;
	if (must_be_durable || cg_durability != CG_DURABILITY_SHOWN)
		needed = lsn;
	unflushed_bytes += length + MESSAGE_OVERHEAD;
	unflushed_records += withheld_in_buffer;
	withheld_in_buffer = 0;
}

static void
note_flushed(void)
{
	announced = written;
	unflushed_bytes = 0;
	unflushed_records = 0;
}

void
cg_messages_write_now(const StringInfoData *items)
{
	XLogRecPtr	lsn = write_items(items->data, items->len);

	if (cg_durability == CG_DURABILITY_RELAXED)
		XLogSetAsyncXactLSN(lsn);
	else
	{
		XLogFlush(lsn);
		note_flushed();
	}
}

/*
 * Writes items as one message and returns its end.  This process may be stopped
 * between the seal and the insertion for so long that the recorder would take the
 * message for a repetition.  Then the message is written again.  Both have the same
 * counter, so the recorder counts only one of them.
 */
static XLogRecPtr
write_items(const char *items, size_t length)
{
	const CgJournalState *own = cg_journal_own();
	CgMessageHeader header = {
		.flags = cg_durability == CG_DURABILITY_RELAXED ? CG_RECORD_RELAXED : 0,
		.epoch = own->epoch,
		.backend_start = MyStartTimestamp,
		.backend_pid = MyProcPid,
	};
	XLogRecPtr	lsn;

	/* The first key of the epoch: a key that is replaced leaves the numbers as they are. */
	if (memcmp(counted_under, own->key, CG_KEY_LENGTH) != 0)
	{
		counter = 0;
		memcpy(counted_under, own->key, CG_KEY_LENGTH);
	}
	header.counter = counter + 1;
	do
	{
		header.position = InvalidXLogRecPtr;
		lsn = insert_message(&header, items, length);
		header.flags |= CG_RECORD_AGAIN;
	} while (lsn - header.position > CG_RECORD_REACH / 2);
	counter++;
	return lsn;
}

static void
seal_message(CgMessageHeader *header, const char *items, size_t length, const uint8 *key)
{
	const CgJournalState *own = cg_journal_own();

	if (sealed.data == NULL)
		init_for_session(&sealed);
	resetStringInfo(&sealed);
	if (header->position == InvalidXLogRecPtr)
		header->position = GetXLogInsertRecPtr();
	if (!cg_record_seal(&sealed, header, items, length, own->system_identifier, own->database, key))
		elog(ERROR, "could not compute HMAC");
}

/*
 * Sets the position in the header, unless it has one.
 *
 * The message is not a part of the reader's transaction.  So the transaction forgets it:
 * otherwise its end would tell the WAL writer to flush it, each time.
 */
static XLogRecPtr
insert_message(CgMessageHeader *header, const char *items, size_t length)
{
	XLogRecPtr	of_transaction = XactLastRecEnd;
	const uint8 *key;
	CgDatabase *database = cg_sealing_begin(&key);
	volatile XLogRecPtr lsn = InvalidXLogRecPtr;

	PG_TRY();
	{
		seal_message(header, items, length, key);
		lsn = cg_compat_log_message(CG_RECORD_PREFIX, sealed.data, sealed.len);
	}
	PG_FINALLY();
	{
		XactLastRecEnd = of_transaction;
		cg_shared_inserted(database, lsn, sealed.len);
	}
	PG_END_TRY();
	return lsn;
}

/*
 * The flag says that a message with this number may have come before: a standby sends the same
 * bytes again if it gets no answer.  After a crash of this server its session has another name,
 * so the last withheld ones may be missing as those of a session here.
 */
XLogRecPtr
cg_messages_write_for(const CgMessageHeader *of, const char *items, size_t length, bool withheld)
{
	CgMessageHeader header = *of;
	XLogRecPtr	lsn;

	header.epoch = cg_journal_own()->epoch;
	header.flags = CG_RECORD_AGAIN;
	lsn = insert_message(&header, items, length);
	written = lsn;
	unflushed_bytes += length + MESSAGE_OVERHEAD;
	if (withheld && cg_durability == CG_DURABILITY_SHOWN)
	{
		flush_withheld();
		return lsn;
	}
	XLogFlush(lsn);
	note_flushed();
	if (!cg_standbys_wait(lsn))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_STATEMENT_COMPLETION_UNKNOWN),
				 errmsg("a synchronous standby has not acknowledged the record of a read on another standby")));
	return lsn;
}

bool
cg_messages_owe(void)
{
	return buffer.len > 0 || needed > durable || cg_forward_has_lost();
}

bool
cg_messages_flush(void)
{
	XLogRecPtr	lsn = written;

	if (cg_forward_has_lost())
		return false;
	if (needed <= durable)
	{
		flush_withheld();
		return true;
	}
	if (cg_durability == CG_DURABILITY_RELAXED)
		XLogSetAsyncXactLSN(lsn);
	else
	{
		XLogFlush(lsn);
		note_flushed();
		if (!cg_standbys_wait(lsn))
			return false;
	}
	durable = lsn;
	return true;
}

/* Nothing but withheld records has been written since the last flush. */
static void
flush_withheld(void)
{
	if (written <= announced)
		return;
	if (unflushed_bytes >= CG_MESSAGES_WITHHELD_BYTES || unflushed_records >= CG_MESSAGES_WITHHELD_MAX)
	{
		XLogFlush(written);
		note_flushed();
	}
	else
	{
		TimestampTz now = GetCurrentTimestamp();

		if (now >= announced_at && now - announced_at < ANNOUNCE_USECS)
			return;
		XLogSetAsyncXactLSN(written);
		announced = written;
		announced_at = now;
	}
}

void
cg_messages_end(void)
{
	if (unflushed_bytes > 0 && cg_durability != CG_DURABILITY_RELAXED)
	{
		XLogFlush(written);
		note_flushed();
	}
}
