/*
 * calls.c
 *		Calls that a gateway has asked for.
 *
 * A gateway may ask for the same call more than once: an answer was lost, or its driver
 * sends a failed statement again.  So calls are kept, and a lock on the hash of the call puts
 * those who ask at the same time in order.  The lock is on an object of our table that is no
 * row, so no command of a user can take it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/objects.h"
#include "base/owncolumns.h"
#include "base/owncommand.h"
#include "base/ownrows.h"
#include "journal/journal.h"
#include "journal/messagemac.h"
#include "relay/calls.h"

#define KEPT_DAYS 8

static void compute(CgMacPart *parts, int nparts, uint8 *hash);
static bool is_reference(const char *call_id, uint8 *hash);
static Datum hash_datum(const uint8 *hash);
static void take_call(HeapTuple row, TupleDesc tupdesc, void *arg);
static Datum time_or_null(TimestampTz at, bool *isnull);

static void
compute(CgMacPart *parts, int nparts, uint8 *hash)
{
	if (!cg_messagemac_compute(cg_journal_key(), parts, nparts, hash))
		elog(ERROR, "could not compute HMAC");
}

static bool
is_reference(const char *call_id, uint8 *hash)
{
	size_t		prefix = strlen(CG_CALL_REFERENCE);

	if (strncmp(call_id, CG_CALL_REFERENCE, prefix) != 0 ||
		strlen(call_id + prefix) != 2 * CG_CALL_HASH ||
		strspn(call_id + prefix, "0123456789abcdef") != 2 * CG_CALL_HASH)
		return false;
	(void) hex_decode(call_id + prefix, 2 * CG_CALL_HASH, (char *) hash);
	return true;
}

bool
cg_calls_hash(const char *call_id, uint8 hash[CG_CALL_HASH])
{
	static const char what[] = "contact_guard call";
	Oid			gateway = GetOuterUserId();
	CgMacPart	parts[] = {{what, sizeof(what)}, {&gateway, sizeof(gateway)}, {call_id, strlen(call_id)}};

	if (is_reference(call_id, hash))
		return true;
	compute(parts, lengthof(parts), hash);
	return false;
}

void
cg_calls_hash_ask(const uint8 asked[CG_TOKEN_HASH], const char *caller, const char *channel,
				  uint8 hash[CG_CALL_HASH])
{
	static const char what[] = "contact_guard ask";
	CgMacPart	parts[] = {{what, sizeof(what)}, {asked, CG_TOKEN_HASH}, {caller, strlen(caller) + 1}, {channel, strlen(channel)}};

	compute(parts, lengthof(parts), hash);
}

void
cg_calls_hash_dial(const uint8 token[CG_TOKEN_HASH], const char *dial, uint8 hash[CG_CALL_HASH])
{
	static const char what[] = "contact_guard dial";
	CgMacPart	parts[] = {{what, sizeof(what)}, {token, CG_TOKEN_HASH}, {dial, strlen(dial)}};

	compute(parts, lengthof(parts), hash);
}

int64
cg_calls_number(const uint8 hash[CG_CALL_HASH])
{
	int64		number;

	memcpy(&number, hash, sizeof(number));
	return (number & PG_INT64_MAX) | 1;
}

static Datum
hash_datum(const uint8 *hash)
{
	return PointerGetDatum(cstring_to_text_with_len((const char *) hash, CG_CALL_HASH));
}

static void
take_call(HeapTuple row, TupleDesc tupdesc, void *arg)
{
	CgCall	   *call = arg;
	bool		isnull;
	Datum		value;

	memcpy(call->ask, VARDATA_ANY(DatumGetByteaPP(SPI_getbinval(row, tupdesc, 1, &isnull))), CG_CALL_HASH);
	memcpy(call->token, VARDATA_ANY(DatumGetByteaPP(SPI_getbinval(row, tupdesc, 2, &isnull))), CG_TOKEN_HASH);
	call->code = DatumGetInt32(SPI_getbinval(row, tupdesc, 3, &isnull));
	call->asked_at = DatumGetTimestampTz(SPI_getbinval(row, tupdesc, 4, &isnull));
	value = SPI_getbinval(row, tupdesc, 5, &isnull);
	call->closes_at = isnull ? 0 : DatumGetTimestampTz(value);
	value = SPI_getbinval(row, tupdesc, 6, &isnull);
	call->answered_at = isnull ? 0 : DatumGetTimestampTz(value);
	(void) SPI_getbinval(row, tupdesc, 7, &isnull);
	call->ended = !isnull;
	memcpy(call->dial, VARDATA_ANY(DatumGetByteaPP(SPI_getbinval(row, tupdesc, 8, &isnull))), CG_CALL_HASH);
	call->channel = TextDatumGetCString(SPI_getbinval(row, tupdesc, 9, &isnull));
	call->direction = TextDatumGetCString(SPI_getbinval(row, tupdesc, 10, &isnull));
}

bool
cg_calls_find(const uint8 hash[CG_CALL_HASH], CgCall *call)
{
	Oid			types[2] = {BYTEAOID, OIDOID};
	Datum		values[2] = {hash_datum(hash), ObjectIdGetDatum(GetOuterUserId())};
	uint32		lock;

	cg_objects_require();
	memcpy(&lock, hash, sizeof(lock));
	LockDatabaseObject(cg_objects_relation("contact_call", false), lock, 0, ExclusiveLock);
	memset(call, 0, sizeof(*call));
	memcpy(call->call, hash, CG_CALL_HASH);
	cg_owncommand_query("SELECT ask, token, code, asked_at, closes_at, answered_at, ended_at, dial, channel, direction "
						"FROM contact_guard.contact_call WHERE call = $1 AND gateway = $2",
						2, types, values, take_call, call);
	return call->code != 0;
}

static Datum
time_or_null(TimestampTz at, bool *isnull)
{
	*isnull = at == 0;
	return TimestampTzGetDatum(at);
}

void
cg_calls_store(const CgCall *call, bool again)
{
	if (again)
	{
		Oid			types[7] = {BYTEAOID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID, BYTEAOID, BYTEAOID, TEXTOID};
		Datum		values[7] = {hash_datum(call->call), Int32GetDatum(call->code),
			TimestampTzGetDatum(call->asked_at), TimestampTzGetDatum(call->closes_at), hash_datum(call->dial),
		hash_datum(call->token), CStringGetTextDatum(call->direction)};

		(void) cg_ownrows_replace("SELECT tableoid, ctid, $2 AS code, $3 AS asked_at, $4 AS closes_at, $5 AS dial, "
								  "$6 AS token, $7 AS direction FROM contact_guard.contact_call WHERE call = $1 FOR UPDATE",
								  7, types, values);
	}
	else
	{
		Datum		values[Natts_contact_call];
		bool		nulls[Natts_contact_call] = {false};

		values[Anum_contact_call_call - 1] = hash_datum(call->call);
		values[Anum_contact_call_ask - 1] = hash_datum(call->ask);
		values[Anum_contact_call_token - 1] = hash_datum(call->token);
		values[Anum_contact_call_gateway - 1] = ObjectIdGetDatum(GetOuterUserId());
		values[Anum_contact_call_code - 1] = Int32GetDatum(call->code);
		values[Anum_contact_call_asked_at - 1] = TimestampTzGetDatum(call->asked_at);
		values[Anum_contact_call_closes_at - 1] =
			time_or_null(call->closes_at, &nulls[Anum_contact_call_closes_at - 1]);
		nulls[Anum_contact_call_answered_at - 1] = true;
		nulls[Anum_contact_call_ended_at - 1] = true;
		nulls[Anum_contact_call_handle - 1] = true;
		values[Anum_contact_call_dial - 1] = hash_datum(call->dial);
		values[Anum_contact_call_channel - 1] = CStringGetTextDatum(call->channel);
		values[Anum_contact_call_direction - 1] = CStringGetTextDatum(call->direction);
		cg_ownrows_insert(CG_OWN_CONTACT_CALL, values, nulls);
	}
}

void
cg_calls_answered(const CgCall *call, const char *handle)
{
	Oid			types[3] = {BYTEAOID, TIMESTAMPTZOID, TEXTOID};
	Datum		values[3] = {hash_datum(call->call), TimestampTzGetDatum(GetCurrentTimestamp()),
	CStringGetTextDatum(handle ? handle : "")};

	(void) cg_ownrows_replace("SELECT tableoid, ctid, $2 AS answered_at, nullif($3, '') AS handle "
							  "FROM contact_guard.contact_call WHERE call = $1 FOR UPDATE",
							  3, types, values);
}

void
cg_calls_ended(const CgCall *call)
{
	Oid			types[2] = {BYTEAOID, TIMESTAMPTZOID};
	Datum		values[2] = {hash_datum(call->call), TimestampTzGetDatum(GetCurrentTimestamp())};

	(void) cg_ownrows_replace("SELECT tableoid, ctid, $2 AS ended_at FROM contact_guard.contact_call WHERE call = $1 FOR UPDATE",
							  2, types, values);
}

/* A window does not last as long. */
void
cg_calls_forget(void)
{
	Oid			types[1] = {TIMESTAMPTZOID};
	Datum		values[1] = {TimestampTzGetDatum(GetCurrentTimestamp() - KEPT_DAYS * USECS_PER_DAY)};

	(void) cg_ownrows_delete("SELECT tableoid, ctid FROM contact_guard.contact_call WHERE asked_at < $1 "
							 "ORDER BY asked_at LIMIT 10 FOR UPDATE SKIP LOCKED",
							 1, types, values);
}
