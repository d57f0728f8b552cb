/*
 * walreader.c
 *		Our messages, read from WAL.
 *
 * Reads as pg_walinspect does, without waiting for WAL that is not flushed yet.
 */
#include "postgres.h"

#include <sys/stat.h>

#include "access/timeline.h"
#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "access/xlogreader.h"
#include "access/xlogutils.h"
#include "replication/message.h"
#include "utils/memutils.h"

#include "record.h"
#include "walreader.h"

struct CgWalReader
{
	XLogReaderState *state;
	ReadLocalXLogPageNoWaitPrivate private;
	XLogRecPtr	position;
	bool		begun;			/* the state stands at a record */
	MemoryContext context;		/* of the reader's own: its buffers grow while
								 * the caller is in a context of a batch */
};

static bool has_segment(XLogSegNo segment, List *history);
static bool read_record(CgWalReader *reader);
static bool take_message(XLogReaderState *state, CgWalMessage *message);

/*
 * A segment from before a promotion has the old timeline's name.  The one with the
 * switch in it has been copied to the new one: the reader takes the newest that
 * has the segment's end, and so do we.
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
	XLogRecPtr	flushed = GetFlushRecPtr(&timeline);
	List	   *history = readTimeLineHistory(timeline);
	XLogSegNo	segment;
	XLogRecPtr	oldest;

	/* What is flushed up to a segment's end has no next segment yet. */
	XLByteToPrevSeg(flushed, segment, wal_segment_size);
	while (segment > XLogGetLastRemovedSegno() + 1 && has_segment(segment - 1, history))
		segment--;
	list_free_deep(history);
	XLogSegNoOffsetToRecPtr(segment, 0, wal_segment_size, oldest);
	return oldest;
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
									   XL_ROUTINE(.page_read = &read_local_xlog_page_no_wait,
												  .segment_open = &wal_segment_open,
												  .segment_close = &wal_segment_close),
									   &reader->private);
	if (reader->state == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed while allocating a WAL reading processor.")));
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
	while (reader->position < limit && read_record(reader))
	{
		if (take_message(reader->state, message))
			return true;
	}
	return false;
}

/* False at the end of what has been flushed. */
static bool
read_record(CgWalReader *reader)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(reader->context);
	char	   *error = NULL;
	bool		found;

	reader->private.end_of_wal = false;
	/* The position may be a page's beginning, or inside a record. */
	if (!reader->begun)
		reader->begun = !XLogRecPtrIsInvalid(XLogFindNextRecord(reader->state, reader->position));
	found = reader->begun && XLogReadRecord(reader->state, &error) != NULL;
	MemoryContextSwitchTo(oldcontext);
	if (found)
	{
		reader->position = reader->state->EndRecPtr;
		return true;
	}
	if (reader->begun && !reader->private.end_of_wal)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("could not read WAL at %X/%X: %s", LSN_FORMAT_ARGS(reader->position),
						error ? error : "no error message")));
	reader->begun = false;
	return false;
}

static bool
take_message(XLogReaderState *state, CgWalMessage *message)
{
	xl_logical_message *xlrec;

	if (XLogRecGetRmid(state) != RM_LOGICALMSG_ID)
		return false;
	xlrec = (xl_logical_message *) XLogRecGetData(state);
	if (xlrec->transactional || xlrec->prefix_size != sizeof(CG_RECORD_PREFIX) ||
		memcmp(xlrec->message, CG_RECORD_PREFIX, sizeof(CG_RECORD_PREFIX)) != 0)
		return false;
	message->database = xlrec->dbId;
	message->data = xlrec->message + xlrec->prefix_size;
	message->length = xlrec->message_size;
	message->start = state->ReadRecPtr;
	message->end = state->EndRecPtr;
	return true;
}
