/*
 * evidencestream.c
 *		The rows that a verifier recomputes, in one stream.
 *
 * contact_guard.evidence() returns the same rows for people.  But the whole result of a
 * SECURITY DEFINER function in SQL is stored before the first row leaves, and COPY calls a
 * function for each of 23 columns.  Together that took longer than all work of the verifier.
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
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "tcop/dest.h"
#include "tcop/pquery.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/portal.h"

#include "base/owntables.h"
#include "common/salt.h"
#include "evidence/tiles.h"
#include "read/execution.h"

PG_FUNCTION_INFO_V1(cg_evidence_stream);

/* About 20 kB: for much larger pieces malloc asks the kernel each time. */
#define BATCH_ROWS 64

/*
 * The columns of view evidence_row: text, int8, int2, timestamptz, bytea, text[].  The view
 * makes the salts in SQL, which takes as long as all the rest of the stream.
 */
#define ROWS_QUERY \
	"SELECT l.seq, l.event, l.read_at, l.actor, " CG_LOG_LOGIN " AS login, " CG_LOG_VALUE("relation") " AS relation, " \
	CG_LOG_VALUE("columns") " AS columns, l.customer, " CG_LOG_VALUE("count") " AS count, l.intervention, l.closed_at, " \
	CG_LOG_VALUE("purpose") " AS purpose, " CG_LOG_VALUE("reason") " AS reason, l.client, l.application, l.session, " \
	"l.statement, l.query_id, q.query, l.customer_salt, l.actor_salt, l.customer_commitment, l.actor_commitment, l.leaf_version " \
	"FROM " CG_LOG_JOIN " LEFT JOIN contact_guard.query_text q ON q.query_id = l.query_id " \
	"WHERE l.seq BETWEEN $1 AND $2 ORDER BY l.seq"
/* The places of the salts among them, from 0 */
#define CUSTOMER_SALT 19
#define ACTOR_SALT 20

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
	FmgrInfo	array_send;
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
static void send_value(Stream *stream, Oid type, Datum value);
static void send_text(StringInfo out, Datum value);
static void put_bytes(StringInfo out, const void *data, int length);

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
	fmgr_info(F_ARRAY_SEND, &stream->array_send);
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
	pq_sendint16(&stream->rows, tupdesc->natts);
	for (int i = 0; i < tupdesc->natts; i++)
	{
		const char *name = NameStr(TupleDescAttr(tupdesc, i)->attname);

		put_bytes(&stream->rows, name, strlen(name));
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
	TupleDesc	tupdesc = slot->tts_tupleDescriptor;
	MemoryContext oldcontext = MemoryContextSwitchTo(stream->scratch);

	slot_getallattrs(slot);
	pq_sendint16(&stream->rows, tupdesc->natts);
	for (int i = 0; i < tupdesc->natts; i++)
	{
		if ((i == CUSTOMER_SALT && send_salt(stream, slot, CG_LEAF_CUSTOMER)) ||
			(i == ACTOR_SALT && send_salt(stream, slot, CG_LEAF_ACTOR)))
			continue;
		if (slot->tts_isnull[i])
			pq_sendint32(&stream->rows, -1);
		else
			send_value(stream, TupleDescAttr(tupdesc, i)->atttypid, slot->tts_values[i]);
	}
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(stream->scratch);
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
	put_bytes(&stream->rows, salt, CG_SALT_LENGTH);
	return true;
}

static void
send_value(Stream *stream, Oid type, Datum value)
{
	StringInfo	out = &stream->rows;
	bytea	   *bytes;

	switch (type)
	{
		case INT8OID:
		case TIMESTAMPTZOID:
			pq_sendint32(out, 8);
			pq_sendint64(out, DatumGetInt64(value));
			break;
		case INT2OID:
			pq_sendint32(out, 2);
			pq_sendint16(out, DatumGetInt16(value));
			break;
		case TEXTOID:
			send_text(out, value);
			break;
		case BYTEAOID:
			bytes = DatumGetByteaPP(value);
			put_bytes(out, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
			break;
		case TEXTARRAYOID:
			bytes = SendFunctionCall(&stream->array_send, value);
			put_bytes(out, VARDATA(bytes), VARSIZE(bytes) - VARHDRSZ);
			break;
		default:
			elog(ERROR, "evidence has a column of type %s, which the stream cannot send", format_type_be(type));
	}
}

/* Sends a text in the client's encoding, as COPY does. */
static void
send_text(StringInfo out, Datum value)
{
	text	   *stored = DatumGetTextPP(value);
	char	   *data = VARDATA_ANY(stored);
	int			length = VARSIZE_ANY_EXHDR(stored);
	char	   *converted = pg_server_to_client(data, length);

	put_bytes(out, converted, converted == data ? length : strlen(converted));
}

static void
put_bytes(StringInfo out, const void *data, int length)
{
	pq_sendint32(out, length);
	appendBinaryStringInfo(out, data, length);
}
