/*
 * evidencestream.c
 *		The rows that a verifier recomputes, in one stream.
 *
 * contact_guard.evidence() returns the same rows for people.  But the whole result of a
 * SECURITY DEFINER function in SQL is stored before the first row leaves, and COPY calls a
 * function for each of 31 columns.  Together that took longer than all work of the verifier.
 * Here rows come from a cursor, and several rows leave as one value, each in COPY's binary
 * format of a row.
 *
 *	stream	= header, row*			a value may end after the header or after any row
 *	header	= int16 -1, uint16 format (2), uint16 n, n names
 *	name	= uint32 length, bytes
 *	row		= int16 n, n values
 *	value	= int32 length (-1: NULL), bytes
 *
 * The header names the columns, so that columns can be added.  A reader uses the columns
 * that it knows, and the column leaf_version says whether they are enough.  Version 1.0 sent
 * no header and always the same 23 columns.  Its client takes the -1 for a wrong number of
 * columns, says that the server may be of another version, and exits with status 2.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "tcop/dest.h"
#include "tcop/pquery.h"
#include "utils/memutils.h"
#include "utils/portal.h"

#include "common/salt.h"
#include "evidence/sent.h"
#include "evidence/tiles.h"
#include "read/execution.h"

PG_FUNCTION_INFO_V1(cg_evidence_stream);

/* About 20 kB: for much larger pieces malloc asks the kernel each time. */
#define BATCH_ROWS 64

/*
 * The columns of view evidence_row: text, int8, int2, timestamptz, bytea, text[].  Behind them
 * stands the number of the row of log_common.  The view joins this table and query_text, and
 * makes the salts, in SQL: each takes as long as all the rest of the stream.
 */
#define ROWS_QUERY \
	"SELECT l.seq, l.event, l.read_at, l.actor, l.login, l.relation, l.columns, l.customer, l.count, l.intervention, l.closed_at, " \
	"l.purpose, l.reason, l.client, l.application, l.session, l.statement, l.query_id, NULL::pg_catalog.text AS query, " \
	"l.customer_salt, l.actor_salt, l.customer_commitment, l.actor_commitment, l.leaf_version, l.identity, l.technician, l.opens_at, " \
	"l.closes_at, l.previous_opens_at, l.previous_closes_at, l.execution_salt, l.common " \
	"FROM contact_guard.log l WHERE l.seq BETWEEN $1 AND $2 ORDER BY l.seq"
/* The places of some of them, from 0 */
#define ACTOR 3
#define LOGIN 4
#define RELATION 5
#define COLUMNS 6
#define COUNT 8
#define PURPOSE 11
#define REASON 12
#define QUERY_ID 17
#define QUERY 18
#define CUSTOMER_SALT 19
#define ACTOR_SALT 20
#define IDENTITY 24
#define EXECUTION_SALT 30
#define SENT_COLUMNS 31
#define COMMON SENT_COLUMNS

#define NO_ROW (-1)				/* in place of the number of columns: this is the header */
#define FORMAT 2

#define CURSOR_RANDOM 16		/* bytes */
#define CURSOR_LENGTH (2 * CURSOR_RANDOM + 1)

typedef struct Stream
{
	DestReceiver pub;
	char		cursor[CURSOR_LENGTH];	/* the cursor's name */
	bool		begun;			/* the header has been sent */
	StringInfoData rows;		/* begins with the header of a bytea */
	CgSentCache *cache;
	MemoryContext scratch;		/* reset after each row */
} Stream;

static Stream *open_stream(int64 first, int64 last);
static void name_cursor(char *name);
static void put_header(Stream *stream, TupleDesc tupdesc);
static bool next_rows(Stream *stream);
static bool put_row(TupleTableSlot *slot, DestReceiver *self);
static void ignore_startup(DestReceiver *self, int operation, TupleDesc typeinfo);
static void ignore_end(DestReceiver *self);
static bool send_salt(Stream *stream, TupleTableSlot *slot, int group);
static bool send_common(Stream *stream, TupleTableSlot *slot, int column, const CgSentCommon *common);
static void send_stored(Stream *stream, TupleTableSlot *slot, int column);

/*
 * The cursor is closed at the end of the rows; or with the transaction, if the caller does
 * not read all rows.
 */
Datum
cg_evidence_stream(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	Stream	   *stream;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext oldcontext;

		context = SRF_FIRSTCALL_INIT();
		oldcontext = MemoryContextSwitchTo(context->multi_call_memory_ctx);
		context->user_fctx = open_stream(PG_GETARG_INT64(0), PG_GETARG_INT64(1));
		MemoryContextSwitchTo(oldcontext);
	}
	context = SRF_PERCALL_SETUP();
	stream = context->user_fctx;
	if (!next_rows(stream))
		SRF_RETURN_DONE(context);
	SRF_RETURN_NEXT(context, PointerGetDatum(stream->rows.data));
}

static Stream *
open_stream(int64 first, int64 last)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[2] = {INT8OID, INT8OID};
	Datum		values[2] = {Int64GetDatum(first), Int64GetDatum(last)};
	Stream	   *stream = palloc0(sizeof(Stream));
	Portal		portal;

	stream->pub.receiveSlot = put_row;
	stream->pub.rStartup = ignore_startup;
	stream->pub.rShutdown = stream->pub.rDestroy = ignore_end;
	stream->pub.mydest = DestNone;
	initStringInfo(&stream->rows);
	stream->cache = cg_sent_open();
	stream->scratch = AllocSetContextCreate(CurrentMemoryContext, "contact_guard evidence", ALLOCSET_DEFAULT_SIZES);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (plan == NULL)
	{
		SPIPlanPtr	prepared = SPI_prepare(ROWS_QUERY, 2, types);

		if (prepared == NULL || SPI_keepplan(prepared) != 0)
			elog(ERROR, "could not prepare the reading of evidence");
		plan = prepared;
	}
	name_cursor(stream->cursor);
	portal = SPI_cursor_open(stream->cursor, plan, values, NULL, true);
	portal->visible = false;
	SPI_finish();
	return stream;
}

/*
 * Between two of our calls the caller's query may close any cursor, and open another one
 * with the same name.  We would run that one with our owner's rights.  So the name must be
 * unpredictable.  (A pinned portal could not be closed.  But then a caller who has not read
 * all rows could not commit.)
 */
static void
name_cursor(char *name)
{
	uint8		random[CURSOR_RANDOM];

	if (!pg_strong_random(random, sizeof(random)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate a random name")));
	(void) hex_encode((char *) random, sizeof(random), name);
	name[CURSOR_LENGTH - 1] = '\0';
}

static void
put_header(Stream *stream, TupleDesc tupdesc)
{
	pq_sendint16(&stream->rows, NO_ROW);
	pq_sendint16(&stream->rows, FORMAT);
	pq_sendint16(&stream->rows, SENT_COLUMNS);
	for (int i = 0; i < SENT_COLUMNS; i++)
	{
		const char *name = NameStr(TupleDescAttr(tupdesc, i)->attname);

		cg_sent_put_bytes(&stream->rows, name, strlen(name));
	}
}

/* Fetches rows.  False if there are none; then the cursor is closed. */
static bool
next_rows(Stream *stream)
{
	Portal		portal = GetPortalByName(stream->cursor);
	uint64		count;

	if (!PortalIsValid(portal))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_CURSOR_STATE),
				 errmsg("the cursor of contact_guard.evidence_stream() was closed")));
	resetStringInfo(&stream->rows);
	appendStringInfoSpaces(&stream->rows, VARHDRSZ);
	if (!stream->begun)
		put_header(stream, portal->tupDesc);
	stream->begun = true;
	count = PortalRunFetch(portal, FETCH_FORWARD, BATCH_ROWS, &stream->pub);
	if (count == 0)
	{
		PortalDrop(portal, false);
		return false;
	}
	/* The record of this read of the log must count rows of the log, not values. */
	cg_execution_audit_more(count - 1);
	SET_VARSIZE(stream->rows.data, stream->rows.len);
	return true;
}

static void
ignore_startup(DestReceiver *self, int operation, TupleDesc typeinfo)
{
}

static void
ignore_end(DestReceiver *self)
{
}

static bool
put_row(TupleTableSlot *slot, DestReceiver *self)
{
	Stream	   *stream = (Stream *) self;
	const CgSentCommon *common = NULL;
	MemoryContext oldcontext = MemoryContextSwitchTo(stream->scratch);

	slot_getallattrs(slot);
	cg_sent_begin_row(stream->cache);
	if (!slot->tts_isnull[COMMON])
		common = cg_sent_common(stream->cache, DatumGetInt32(slot->tts_values[COMMON]));
	pq_sendint16(&stream->rows, SENT_COLUMNS);
	for (int i = 0; i < SENT_COLUMNS; i++)
	{
		if ((i == CUSTOMER_SALT && send_salt(stream, slot, CG_LEAF_CUSTOMER)) ||
			(i == ACTOR_SALT && send_salt(stream, slot, CG_LEAF_ACTOR)) ||
			(i == EXECUTION_SALT && send_salt(stream, slot, CG_LEAF_EXECUTION)) ||
			(slot->tts_isnull[i] && send_common(stream, slot, i, common)))
			continue;
		send_stored(stream, slot, i);
	}
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(stream->scratch);
	return true;
}

static void
send_stored(Stream *stream, TupleTableSlot *slot, int column)
{
	if (slot->tts_isnull[column])
		cg_sent_put_null(&stream->rows);
	else
		cg_sent_put(stream->cache, &stream->rows, TupleDescAttr(slot->tts_tupleDescriptor, column)->atttypid,
					slot->tts_values[column]);
}

/* Sends what the row shares with others.  False if there is nothing of this column. */
static bool
send_common(Stream *stream, TupleTableSlot *slot, int column, const CgSentCommon *common)
{
	CgSentValue value;

	if (column == QUERY && !slot->tts_isnull[QUERY_ID])
		value = cg_sent_query(stream->cache, DatumGetInt64(slot->tts_values[QUERY_ID]));
	else if (common == NULL)
		return false;
	else if (column == RELATION)
		value = common->relation;
	else if (column == COLUMNS)
		value = common->columns;
	else if (column == COUNT)
		value = common->count;
	else if (column == PURPOSE)
		value = common->purpose;
	else if (column == REASON)
		value = common->reason;
	else if (column == IDENTITY)
		value = common->identity;
	else
	{
		if (column == LOGIN && common->login_is_actor)
			send_stored(stream, slot, ACTOR);
		return column == LOGIN && common->login_is_actor;
	}
	appendBinaryStringInfo(&stream->rows, value.data, value.length);
	return true;
}

/* Sends the salt that is made of the row's secret.  False if the row stores its salts. */
static bool
send_salt(Stream *stream, TupleTableSlot *slot, int group)
{
	bytea	   *secret;
	uint8		salt[CG_SALT_LENGTH];

	if (slot->tts_isnull[ACTOR_SALT])
		return false;
	secret = DatumGetByteaPP(slot->tts_values[ACTOR_SALT]);
	if (VARSIZE_ANY_EXHDR(secret) != CG_SECRET_LENGTH)
		return false;
	if (cg_salt_derive(cg_tiles_hasher(), (const uint8 *) VARDATA_ANY(secret), group, salt) != CG_MERKLE_OK)
		elog(ERROR, "could not compute SHA-256");
	cg_sent_put_bytes(&stream->rows, salt, CG_SALT_LENGTH);
	return true;
}
