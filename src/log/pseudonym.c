/*
 * pseudonym.c
 *		Pseudonyms of the readers in a customer's report: see pseudonym.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "base/owncommand.h"
#include "base/ownrows.h"
#include "journal/messagemac.h"
#include "log/pseudonym.h"

StaticAssertDecl(CG_PSEUDONYM_KEY == CG_MESSAGEMAC_KEY, "the key of a report is one of a MAC");

/* What the MAC is about, so that the key makes nothing else */
#define WHAT_NAMED "contact_guard/reader/v1\n"
#define WHAT_UNNAMED "contact_guard/reader/unnamed/v1\n"

/* The customer of the row is not held. */
#define IS_FREE(table) "NOT EXISTS (SELECT FROM contact_guard.held h WHERE h.customer = " table ".customer)"

typedef struct Forgotten
{
	const char *actor;
	TimestampTz before;
} Forgotten;

static bool find_key(const char *reference, uint8 *key);
static void forget_actor_in(HeapTuple row, TupleDesc tupdesc, void *arg);

/* Is there a key already, of another call of this transaction? */
static bool
find_key(const char *reference, uint8 *key)
{
	Oid			types[2] = {TEXTOID, XID8OID};
	Datum		values[2] = {CStringGetTextDatum(reference), FullTransactionIdGetDatum(GetTopFullTransactionId())};
	Datum		found;

	if (!cg_owncommand_select("SELECT key FROM contact_guard.report WHERE reference = $1 AND made_in = $2 LIMIT 1", 2,
							  types, values, BYTEAOID, &found))
		return false;
	if (VARSIZE_ANY_EXHDR(DatumGetByteaPP(found)) != CG_PSEUDONYM_KEY)
		elog(ERROR, "the key of a report is not one");
	memcpy(key, VARDATA_ANY(DatumGetByteaPP(found)), CG_PSEUDONYM_KEY);
	return true;
}

void
cg_pseudonym_key(const char *reference, const char *customer, uint8 key[CG_PSEUDONYM_KEY])
{
	Datum		values[Natts_report];
	bool		nulls[Natts_report] = {false};
	bytea	   *stored = palloc(VARHDRSZ + CG_PSEUDONYM_KEY);

	if (!find_key(reference, key) && !pg_strong_random(key, CG_PSEUDONYM_KEY))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate a random key")));
	SET_VARSIZE(stored, VARHDRSZ + CG_PSEUDONYM_KEY);
	memcpy(VARDATA(stored), key, CG_PSEUDONYM_KEY);
	values[Anum_report_reference - 1] = CStringGetTextDatum(reference);
	values[Anum_report_customer - 1] = CStringGetTextDatum(customer);
	values[Anum_report_key - 1] = PointerGetDatum(stored);
	values[Anum_report_made_in - 1] = FullTransactionIdGetDatum(GetTopFullTransactionId());
	values[Anum_report_made_at - 1] = TimestampTzGetDatum(GetCurrentTimestamp());
	cg_ownrows_insert(CG_OWN_REPORT, values, nulls);
}

void
cg_pseudonym_make(const uint8 *key, bool named, const char *actor, char name[CG_PSEUDONYM_LENGTH + 1])
{
	const char *what = named ? WHAT_NAMED : WHAT_UNNAMED;
	CgMacPart	parts[2] = {{what, strlen(what)}, {actor, strlen(actor)}};
	unsigned char mac[CG_MESSAGEMAC_LENGTH];

	if (!cg_messagemac_compute(key, parts, lengthof(parts), mac))
		elog(ERROR, "could not compute HMAC-SHA-256");
	(void) hex_encode((const char *) mac, CG_PSEUDONYM_LENGTH / 2, name);
	name[CG_PSEUDONYM_LENGTH] = '\0';
}

void
cg_pseudonym_forget_customer(const char *customer)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(customer)};

	(void) cg_ownrows_delete("SELECT tableoid, ctid FROM contact_guard.disclosure WHERE customer = $1 FOR UPDATE", 1, types, values);
	(void) cg_ownrows_delete("SELECT tableoid, ctid FROM contact_guard.report WHERE customer = $1 FOR UPDATE", 1, types, values);
}

/* Deletes the decisions that name the actor by his pseudonym in one report. */
static void
forget_actor_in(HeapTuple row, TupleDesc tupdesc, void *arg)
{
	Forgotten  *forgotten = arg;
	Oid			types[5] = {TEXTOID, TEXTOID, TIMESTAMPTZOID, TEXTOID, TEXTOID};
	Datum		values[5];
	bool		isnull;
	bytea	   *key = DatumGetByteaPP(SPI_getbinval(row, tupdesc, 2, &isnull));
	char		name[CG_PSEUDONYM_LENGTH + 1];

	cg_pseudonym_make((const uint8 *) VARDATA_ANY(key), true, forgotten->actor, name);
	values[0] = SPI_getbinval(row, tupdesc, 1, &isnull);
	values[1] = CStringGetTextDatum(name);
	cg_pseudonym_make((const uint8 *) VARDATA_ANY(key), false, forgotten->actor, name);
	values[4] = CStringGetTextDatum(name);
	values[2] = TimestampTzGetDatum(forgotten->before);
	values[3] = SPI_getbinval(row, tupdesc, 3, &isnull);
	(void) cg_ownrows_delete("SELECT tableoid, ctid FROM contact_guard.disclosure "
							 "WHERE reference = $1 AND ($2 = ANY (readers) OR $5 = ANY (readers)) AND made_at < $3 AND customer = $4 AND " IS_FREE("disclosure")
							 " FOR UPDATE", 5, types, values);
}

/*
 * A decision may name the actor in its text.  Callers hold the lock on holds.h's table, so that
 * nobody begins to hold a customer meanwhile.
 */
void
cg_pseudonym_forget_actor(const char *actor, TimestampTz before)
{
	Forgotten	forgotten = {actor, before};

	cg_owncommand_query("SELECT DISTINCT reference, key, customer FROM contact_guard.report WHERE octet_length(key) = 32 AND (reference, customer) IN "
						"(SELECT reference, customer FROM contact_guard.disclosure)", 0, NULL, NULL, forget_actor_in, &forgotten);
}

/* Without its key, nobody could tell any more whom a decision is about. */
void
cg_pseudonym_purge(TimestampTz before)
{
	Oid			types[1] = {TIMESTAMPTZOID};
	Datum		values[1] = {TimestampTzGetDatum(before)};

	(void) cg_ownrows_delete("SELECT tableoid, ctid FROM contact_guard.disclosure "
							 "WHERE made_at < date_trunc('month', $1, 'UTC') AND " IS_FREE("disclosure") " FOR UPDATE", 1, types, values);
	(void) cg_ownrows_delete("SELECT tableoid, ctid FROM contact_guard.report "
							 "WHERE made_at < date_trunc('month', $1, 'UTC') AND " IS_FREE("report") " AND NOT EXISTS "
							 "(SELECT FROM contact_guard.disclosure d WHERE d.reference = report.reference AND d.customer = report.customer) FOR UPDATE",
							 1, types, values);
}
