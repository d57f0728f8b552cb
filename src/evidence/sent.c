/*
 * sent.c
 *		Values as the stream of rows sends them, and what many rows have in common.
 *
 * Rows of log_common and texts of statements are few and come again and again.  They are kept
 * here as they are sent: to join these tables took longer than to read the log.  The tables
 * are read as the caller's execution reads the log, by the same snapshot.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "evidence/sent.h"

/* When there are so many, all are forgotten. */
#define KEPT_MAX 1024

#define COMMON_QUERY \
	"SELECT login_is_actor, relation, columns, count, purpose, reason, identity FROM contact_guard.log_common WHERE number OPERATOR(pg_catalog.=) $1"
#define QUERY_QUERY "SELECT query FROM contact_guard.query_text WHERE query_id OPERATOR(pg_catalog.=) $1"

static const char null_value[4] = {'\xff', '\xff', '\xff', '\xff'};

typedef struct KeptQuery
{
	int64		query_id;		/* the key */
	CgSentValue text;
} KeptQuery;

struct CgSentCache
{
	MemoryContext owner;
	MemoryContext kept;			/* child of it, reset when there are too many; with both tables */
	HTAB	   *commons;
	HTAB	   *queries;
	const CgSentCommon *last;	/* what was asked for last */
	FmgrInfo	array_send;
	bool		converts;		/* has the client another encoding? */
};

static void keep_nothing(CgSentCache *cache);
static bool look_up(SPIPlanPtr *plan, const char *sql, Oid type, Datum key);
static CgSentValue keep_sent(CgSentCache *cache, int column);
static void put_sent_text(CgSentCache *cache, StringInfo out, Datum value);

static void
keep_nothing(CgSentCache *cache)
{
	HASHCTL		commons = {.keysize = sizeof(int32), .entrysize = sizeof(CgSentCommon)};
	HASHCTL		queries = {.keysize = sizeof(int64), .entrysize = sizeof(KeptQuery)};

	MemoryContextReset(cache->kept);
	commons.hcxt = queries.hcxt = cache->kept;
	cache->commons = hash_create("contact_guard common", 64, &commons, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	cache->queries = hash_create("contact_guard queries", 64, &queries, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	cache->last = NULL;
}

CgSentCache *
cg_sent_open(void)
{
	CgSentCache *cache = palloc0(sizeof(CgSentCache));

	cache->owner = CurrentMemoryContext;
	cache->kept = AllocSetContextCreate(cache->owner, "contact_guard sent", ALLOCSET_DEFAULT_SIZES);
	fmgr_info(F_ARRAY_SEND, &cache->array_send);
	cache->converts = pg_get_client_encoding() != GetDatabaseEncoding();
	keep_nothing(cache);
	return cache;
}

void
cg_sent_begin_row(CgSentCache *cache)
{
	if (hash_get_num_entries(cache->commons) >= KEPT_MAX || hash_get_num_entries(cache->queries) >= KEPT_MAX)
		keep_nothing(cache);
}

/* Leaves SPI connected, with at most one row in its result.  False if there is none. */
static bool
look_up(SPIPlanPtr *plan, const char *sql, Oid type, Datum key)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (*plan == NULL)
	{
		SPIPlanPtr	prepared = SPI_prepare(sql, 1, &type);

		if (prepared == NULL || SPI_keepplan(prepared) != 0)
			elog(ERROR, "could not prepare the reading of evidence");
		*plan = prepared;
	}
	if (SPI_execute_plan(*plan, &key, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read evidence");
	return SPI_processed > 0;
}

/* A column of the row that look_up has found, from 1 */
static CgSentValue
keep_sent(CgSentCache *cache, int column)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(cache->kept);
	StringInfoData out;
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &isnull);

	initStringInfo(&out);
	if (isnull)
		cg_sent_put_null(&out);
	else
		cg_sent_put(cache, &out, SPI_gettypeid(SPI_tuptable->tupdesc, column), value);
	MemoryContextSwitchTo(oldcontext);
	return (CgSentValue) {out.data, out.len};
}

const CgSentCommon *
cg_sent_common(CgSentCache *cache, int32 number)
{
	static SPIPlanPtr plan = NULL;
	CgSentCommon common = {.number = number};
	CgSentCommon *kept;

	if (cache->last && cache->last->number == number)
		return cache->last;
	kept = hash_search(cache->commons, &number, HASH_FIND, NULL);
	if (kept == NULL)
	{
		common.relation = common.columns = common.count = common.purpose = common.reason = common.identity = (CgSentValue) {null_value, sizeof(null_value)};
		if (look_up(&plan, COMMON_QUERY, INT4OID, Int32GetDatum(number)))
		{
			bool		isnull;

			common.login_is_actor = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull)) && !isnull;
			common.relation = keep_sent(cache, 2);
			common.columns = keep_sent(cache, 3);
			common.count = keep_sent(cache, 4);
			common.purpose = keep_sent(cache, 5);
			common.reason = keep_sent(cache, 6);
			common.identity = keep_sent(cache, 7);
		}
		SPI_finish();
		kept = hash_search(cache->commons, &number, HASH_ENTER, NULL);
		*kept = common;
	}
	cache->last = kept;
	return kept;
}

CgSentValue
cg_sent_query(CgSentCache *cache, int64 query_id)
{
	static SPIPlanPtr plan = NULL;
	CgSentValue text = {null_value, sizeof(null_value)};
	KeptQuery  *kept = hash_search(cache->queries, &query_id, HASH_FIND, NULL);

	if (kept)
		return kept->text;
	if (look_up(&plan, QUERY_QUERY, INT8OID, Int64GetDatum(query_id)))
		text = keep_sent(cache, 1);
	SPI_finish();
	kept = hash_search(cache->queries, &query_id, HASH_ENTER, NULL);
	kept->text = text;
	return text;
}

void
cg_sent_put_null(StringInfo out)
{
	pq_sendint32(out, -1);
}

/* appendBinaryStringInfo and pq_sendint32 would look twice for room. */
void
cg_sent_put_bytes(StringInfo out, const void *data, int length)
{
	uint32		header = pg_hton32((uint32) length);

	if (out->maxlen - out->len <= length + (int) sizeof(header))
		enlargeStringInfo(out, length + sizeof(header));
	memcpy(out->data + out->len, &header, sizeof(header));
	memcpy(out->data + out->len + sizeof(header), data, length);
	out->len += length + sizeof(header);
	out->data[out->len] = '\0';
}

void
cg_sent_put(CgSentCache *cache, StringInfo out, Oid type, Datum value)
{
	bytea	   *bytes;
	uint64		number;
	uint16		small;

	switch (type)
	{
		case INT8OID:
		case TIMESTAMPTZOID:
			number = pg_hton64((uint64) DatumGetInt64(value));
			cg_sent_put_bytes(out, &number, sizeof(number));
			break;
		case INT2OID:
			small = pg_hton16((uint16) DatumGetInt16(value));
			cg_sent_put_bytes(out, &small, sizeof(small));
			break;
		case TEXTOID:
			put_sent_text(cache, out, value);
			break;
		case BYTEAOID:
			bytes = DatumGetByteaPP(value);
			cg_sent_put_bytes(out, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
			break;
		case TEXTARRAYOID:
			bytes = SendFunctionCall(&cache->array_send, value);
			cg_sent_put_bytes(out, VARDATA(bytes), VARSIZE(bytes) - VARHDRSZ);
			break;
		default:
			elog(ERROR, "evidence has a column of type %s, which the stream cannot send", format_type_be(type));
	}
}

/* Sends a text in the client's encoding, as COPY does. */
static void
put_sent_text(CgSentCache *cache, StringInfo out, Datum value)
{
	text	   *stored = DatumGetTextPP(value);
	char	   *data = VARDATA_ANY(stored);
	int			length = VARSIZE_ANY_EXHDR(stored);
	char	   *converted = cache->converts ? pg_server_to_client(data, length) : data;

	cg_sent_put_bytes(out, converted, converted == data ? length : strlen(converted));
}
