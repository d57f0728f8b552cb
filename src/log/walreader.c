/*
 * walreader.c
 *		Reads our messages from WAL.
 *
 * It reads as pg_walinspect does, without waiting for WAL that is not flushed yet.
 *
 * Any role can emit a message of nearly 1 GB.  PostgreSQL's reader assembles and decodes
 * a record, and cannot allocate memory for such a message.  No record of ours comes near
 * LARGEST_RECORD (see journal.c).  So a larger record is skipped without being assembled:
 * from its second page on, each page's header says how much of the record is left.  Our
 * own page_read detects such a second page, and makes the reader fail there.
 */
#include "postgres.h"

#include <sys/stat.h>

#include "access/timeline.h"
#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "access/xlogreader.h"
#include "access/xlogrecovery.h"
#include "access/xlogutils.h"
#include "catalog/pg_control.h"
#include "miscadmin.h"
#include "replication/message.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "journal/record.h"
#include "log/walreader.h"

/* Sixteen times the longest message of journal.c, because version 1.0 had no limit. */
#define LARGEST_RECORD (16 * CG_RECORD_LONGEST)

struct CgWalReader
{
	XLogReaderState *state;
	/* The state's private data.  read_local_xlog_page_no_wait knows only its beginning. */
	struct
	{
		ReadLocalXLogPageNoWaitPrivate end;
		XLogRecPtr	large_page; /* the next page of a record that is too large, or Invalid */
	}			private;
	XLogRecPtr	position;
	bool		begun;			/* the state stands at a record */
	CgWalMessage large;			/* the message in that large record; data is NULL */
	bool		is_large_message;
	char	   *page;			/* XLOG_BLCKSZ */
	MemoryContext context;		/* the reader's own: its buffers grow while the
								 * caller is in the memory context of a batch */
};

static bool has_segment(XLogSegNo segment, List *history);
static int	read_page(XLogReaderState *state, XLogRecPtr page, int length, XLogRecPtr target, char *buffer);
static bool is_large(XLogReaderState *state, XLogRecPtr page, const char *buffer);
static void note_large(CgWalReader *reader);
static bool skip_large(CgWalReader *reader);
static bool read_record(CgWalReader *reader);
static bool take_message(XLogReaderState *state, CgWalMessage *message);
static bool take_checkpoint(XLogReaderState *state, CgWalMessage *message);

/*
 * A segment from before a promotion has the old timeline in its name.  The segment in
 * which the promotion happened was copied to the new timeline.  So the file belongs to
 * the timeline of the segment's end, as in PostgreSQL's reader.
 */
static bool
has_segment(XLogSegNo segment, List *history)
{
	char		path[MAXPGPATH];
	XLogRecPtr	end;
	struct stat st;

	XLogSegNoOffsetToRecPtr(segment + 1, 0, wal_segment_size, end);
	XLogFilePath(path, tliOfPointInHistory(end - 1, history), segment, wal_segment_size);
	return stat(path, &st) == 0;
}

XLogRecPtr
cg_walreader_oldest(void)
{
	TimeLineID	timeline;
	XLogRecPtr	flushed = RecoveryInProgress() ? GetXLogReplayRecPtr(&timeline) : GetFlushRecPtr(&timeline);
	List	   *history = readTimeLineHistory(timeline);
	XLogSegNo	segment;
	XLogRecPtr	oldest;

	/* If WAL is flushed up to the end of a segment, there is no next segment yet. */
	XLByteToPrevSeg(flushed, segment, wal_segment_size);
	while (segment > XLogGetLastRemovedSegno() + 1 && has_segment(segment - 1, history))
		segment--;
	list_free_deep(history);
	XLogSegNoOffsetToRecPtr(segment, 0, wal_segment_size, oldest);
	return oldest;
}

/*
 * The position up to which WAL is flushed is no such place.  After pg_switch_wal(), and in the
 * middle of it, that may be in the zeros that fill the segment, and no reader can begin there.
 * A position behind a page's header stands for the page, which need not be written yet.
 */
XLogRecPtr
cg_walreader_end(void)
{
	XLogRecPtr	end = GetXLogInsertRecPtr();

	if (XLogSegmentOffset(end, wal_segment_size) == SizeOfXLogLongPHD || end % XLOG_BLCKSZ == SizeOfXLogShortPHD)
		end -= end % XLOG_BLCKSZ;
	XLogFlush(end);
	return end;
}

CgWalReader *
cg_walreader_open(XLogRecPtr start)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "contact_guard WAL reader",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	CgWalReader *reader = palloc0(sizeof(CgWalReader));

	reader->context = context;
	reader->state = XLogReaderAllocate(wal_segment_size, NULL,
									   XL_ROUTINE(.page_read = &read_page,
												  .segment_open = &wal_segment_open,
												  .segment_close = &wal_segment_close),
									   &reader->private);
	if (reader->state == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed while allocating a WAL reading processor.")));
	reader->page = palloc(XLOG_BLCKSZ);
	reader->position = start;
	MemoryContextSwitchTo(oldcontext);
	return reader;
}

void
cg_walreader_close(CgWalReader *reader)
{
	XLogReaderFree(reader->state);
	MemoryContextDelete(reader->context);
}

XLogRecPtr
cg_walreader_position(const CgWalReader *reader)
{
	return reader->position;
}

bool
cg_walreader_next(CgWalReader *reader, XLogRecPtr limit, CgWalMessage *message)
{
	while (reader->position < limit)
	{
		CHECK_FOR_INTERRUPTS();
		if (!XLogRecPtrIsInvalid(reader->private.large_page))
		{
			if (!skip_large(reader))
				return false;
			if (reader->is_large_message)
			{
				*message = reader->large;
				message->end = reader->position;
				return true;
			}
		}
		else if (read_record(reader))
		{
			if (take_message(reader->state, message))
				return true;
		}
		else if (XLogRecPtrIsInvalid(reader->private.large_page))
			return false;
	}
	return false;
}

/* Fails at the second page of a record that is too large, and sets large_page. */
static int
read_page(XLogReaderState *state, XLogRecPtr page, int length, XLogRecPtr target, char *buffer)
{
	CgWalReader *reader = (CgWalReader *) ((char *) state->private_data - offsetof(CgWalReader, private));
	int			got = read_local_xlog_page_no_wait(state, page, length, target, buffer);

	if (got >= (int) SizeOfXLogShortPHD && is_large(state, page, buffer))
	{
		memcpy(reader->page, buffer, XLOG_BLCKSZ);
		reader->private.large_page = page;
		return -1;
	}
	return got;
}

/*
 * Is this the second page of a record, and is the record too large?  The reader has
 * copied the part on the first page, but has not validated its header.  So the lengths
 * on both pages are compared here, as the reader does later.
 */
static bool
is_large(XLogReaderState *state, XLogRecPtr page, const char *buffer)
{
	XLogPageHeader header = (XLogPageHeader) buffer;
	XLogRecPtr	begin = state->currRecPtr;
	uint32		total;
	uint32		first;

	if (page <= begin || page - begin > XLOG_BLCKSZ ||
		header->xlp_rem_len <= LARGEST_RECORD - 2 * XLOG_BLCKSZ ||
		(header->xlp_info & XLP_FIRST_IS_CONTRECORD) == 0 ||
		(header->xlp_info & XLP_FIRST_IS_OVERWRITE_CONTRECORD) != 0 ||
		!XLogReaderValidatePageHeader(state, page, (char *) buffer))
		return false;
	/* A position at the beginning of a page stands for the end of the page's header. */
	if (begin % XLOG_BLCKSZ == 0)
		begin += begin % state->segcxt.ws_segsize == 0 ? SizeOfXLogLongPHD : SizeOfXLogShortPHD;
	first = XLOG_BLCKSZ - begin % XLOG_BLCKSZ;
	total = ((XLogRecord *) state->readRecordBuf)->xl_tot_len;
	return total > LARGEST_RECORD && total - first == header->xlp_rem_len;
}

/* Sets whether the large record is a message with our prefix, from its first two pages. */
static void
note_large(CgWalReader *reader)
{
	XLogRecPtr	begin = reader->state->currRecPtr;
	XLogPageHeader header = (XLogPageHeader) reader->page;
	size_t		first;
	char	   *record = palloc(2 * XLOG_BLCKSZ);
	size_t		at = SizeOfXLogRecord;
	xl_logical_message xlrec;

	if (begin % XLOG_BLCKSZ == 0)
		begin += begin % reader->state->segcxt.ws_segsize == 0 ? SizeOfXLogLongPHD : SizeOfXLogShortPHD;
	first = XLOG_BLCKSZ - begin % XLOG_BLCKSZ;
	memset(record, 0, 2 * XLOG_BLCKSZ);
	memcpy(record, reader->state->readRecordBuf, first);
	memcpy(record + first, reader->page + XLogPageHeaderSize(header), XLOG_BLCKSZ - XLogPageHeaderSize(header));
	reader->is_large_message = false;
	if (((XLogRecord *) record)->xl_rmid == RM_LOGICALMSG_ID)
	{
		/* Skip the headers that may stand before the data. */
		if ((uint8) record[at] == XLR_BLOCK_ID_ORIGIN)
			at += 1 + sizeof(RepOriginId);
		if ((uint8) record[at] == XLR_BLOCK_ID_TOPLEVEL_XID)
			at += 1 + sizeof(TransactionId);
		at += SizeOfXLogRecordDataHeaderLong;
		memcpy(&xlrec, record + at, SizeOfLogicalMessage);
		reader->is_large_message = !xlrec.transactional && xlrec.prefix_size == sizeof(CG_RECORD_PREFIX) &&
			memcmp(record + at + SizeOfLogicalMessage, CG_RECORD_PREFIX, sizeof(CG_RECORD_PREFIX)) == 0;
		reader->large = (CgWalMessage) {.database = xlrec.dbId, .length = xlrec.message_size, .start = begin};
	}
	pfree(record);
}

/*
 * Moves to the end of a record that is too large.  False if not all of it is flushed;
 * then the next call continues at that page.  If a crash has cut the record off, other
 * WAL is written in place of the rest, and the page's header says so.
 */
static bool
skip_large(CgWalReader *reader)
{
	for (;;)
	{
		XLogRecPtr	page = reader->private.large_page;
		XLogPageHeader header = (XLogPageHeader) reader->page;
		uint32		left;

		CHECK_FOR_INTERRUPTS();
		reader->private.end.end_of_wal = false;
		if (read_local_xlog_page_no_wait(reader->state, page, SizeOfXLogShortPHD, page, reader->page) < 0)
			return false;
		if (!XLogReaderValidatePageHeader(reader->state, page, reader->page))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("could not read WAL at %X/%X: %s", LSN_FORMAT_ARGS(page),
							reader->state->errormsg_buf)));
		left = header->xlp_rem_len;
		if ((header->xlp_info & XLP_FIRST_IS_OVERWRITE_CONTRECORD) != 0 ||
			(header->xlp_info & XLP_FIRST_IS_CONTRECORD) == 0)
		{
			reader->is_large_message = false;
			reader->position = page;
			break;
		}
		if (left <= XLOG_BLCKSZ - XLogPageHeaderSize(header))
		{
			reader->position = page + XLogPageHeaderSize(header) + MAXALIGN(left);
			/* Are the last bytes of the record flushed, too? */
			if (read_local_xlog_page_no_wait(reader->state, page, reader->position - page, page, reader->page) < 0)
			{
				reader->position = page;
				return false;
			}
			break;
		}
		reader->private.large_page = page + XLOG_BLCKSZ;
		reader->position = page;
	}
	reader->private.large_page = InvalidXLogRecPtr;
	XLogBeginRead(reader->state, reader->position);
	reader->begun = true;
	return true;
}

/* False at the end of what has been flushed, and before a record that is too large. */
static bool
read_record(CgWalReader *reader)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(reader->context);
	char	   *error = NULL;
	bool		found;

	reader->private.end.end_of_wal = false;
	/* The position may be the beginning of a page, or lie inside a record. */
	if (!reader->begun)
		reader->begun = !XLogRecPtrIsInvalid(XLogFindNextRecord(reader->state, reader->position));
	found = reader->begun && XLogReadRecord(reader->state, &error) != NULL;
	MemoryContextSwitchTo(oldcontext);
	if (found)
	{
		reader->position = reader->state->EndRecPtr;
		return true;
	}
	if (!XLogRecPtrIsInvalid(reader->private.large_page))
	{
		note_large(reader);
		return false;
	}
	/* Whatever the reason: what cannot be read must not look like the end, or it is skipped. */
	if (!reader->private.end.end_of_wal)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("could not read WAL at %X/%X: %s", LSN_FORMAT_ARGS(reader->position),
						error ? error : reader->state->errormsg_buf[0] != '\0' ? reader->state->errormsg_buf : "no error message")));
	reader->begun = false;
	return false;
}

static bool
take_message(XLogReaderState *state, CgWalMessage *message)
{
	xl_logical_message *xlrec;

	if (XLogRecGetRmid(state) == RM_XLOG_ID)
		return take_checkpoint(state, message);
	if (XLogRecGetRmid(state) != RM_LOGICALMSG_ID)
		return false;
	xlrec = (xl_logical_message *) XLogRecGetData(state);
	if (xlrec->transactional || xlrec->prefix_size != sizeof(CG_RECORD_PREFIX) ||
		memcmp(xlrec->message, CG_RECORD_PREFIX, sizeof(CG_RECORD_PREFIX)) != 0)
		return false;
	message->kind = CG_WAL_MESSAGE;
	message->time = 0;
	message->database = xlrec->dbId;
	message->data = xlrec->message + xlrec->prefix_size;
	message->length = xlrec->message_size;
	message->start = state->ReadRecPtr;
	message->end = state->EndRecPtr;
	return true;
}

static bool
take_checkpoint(XLogReaderState *state, CgWalMessage *message)
{
	pg_time_t	time;

	*message = (CgWalMessage) {.start = state->ReadRecPtr, .end = state->EndRecPtr};
	switch (XLogRecGetInfo(state) & ~XLR_INFO_MASK)
	{
		case XLOG_CHECKPOINT_ONLINE:
			message->kind = CG_WAL_CHECKPOINT;
			time = ((CheckPoint *) XLogRecGetData(state))->time;
			break;
		case XLOG_CHECKPOINT_SHUTDOWN:
			message->kind = CG_WAL_STOP;
			time = ((CheckPoint *) XLogRecGetData(state))->time;
			message->timeline = ((CheckPoint *) XLogRecGetData(state))->ThisTimeLineID;
			message->previous_timeline = ((CheckPoint *) XLogRecGetData(state))->PrevTimeLineID;
			break;
		case XLOG_END_OF_RECOVERY:
			message->kind = CG_WAL_STOP;
			message->time = ((xl_end_of_recovery *) XLogRecGetData(state))->end_time;
			message->timeline = ((xl_end_of_recovery *) XLogRecGetData(state))->ThisTimeLineID;
			message->previous_timeline = ((xl_end_of_recovery *) XLogRecGetData(state))->PrevTimeLineID;
			return true;
		default:
			return false;
	}
	message->time = time_t_to_timestamptz(time);
	return true;
}
