/*
 * contacts.c
 *		Tokens: who may call whom, for which visit, by which channel.
 *
 * A token is 128 random bits.  The table has its SHA-256, so whoever reads the table, or a
 * backup of it, can call nobody.  A token does not open anything: it names a visit, and
 * whether that is open is asked at each call.  It stays for a while after the visit, so that
 * its owner is told that the visit is over.
 */
#include "postgres.h"

#include <openssl/sha.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/guc.h"
#include "base/owncolumns.h"
#include "base/owncommand.h"
#include "base/ownrows.h"
#include "compat.h"
#include "journal/reason.h"
#include "policy/revoked.h"
#include "relay/contacts.h"

#define KEPT_DAYS 30			/* after the end of the window */
#define LONGEST_DAYS 365		/* of a window without an end */

static Datum hash_datum_of_token(const uint8 hash[CG_TOKEN_HASH]);
static void insert_contact(const CgContact *contact, const uint8 hash[CG_TOKEN_HASH]);
static void limit_tokens(const CgContact *contact);
static const char *column_text(HeapTuple row, TupleDesc tupdesc, int number);
static void take_contact(HeapTuple row, TupleDesc tupdesc, void *arg);

bool
cg_contacts_is_channel(const char *channel)
{
	return strcmp(channel, "voice") == 0 || strcmp(channel, "text") == 0;
}

void
cg_contacts_hash(const char *token, uint8 hash[CG_TOKEN_HASH])
{
	SHA256((const unsigned char *) token, strlen(token), hash);
}

TimestampTz
cg_contacts_end(const CgContact *contact)
{
	return Min(contact->closes_at, GetCurrentTimestamp() + LONGEST_DAYS * USECS_PER_DAY);
}

static Datum
hash_datum_of_token(const uint8 hash[CG_TOKEN_HASH])
{
	return PointerGetDatum(cstring_to_text_with_len((const char *) hash, CG_TOKEN_HASH));
}

static void
insert_contact(const CgContact *contact, const uint8 hash[CG_TOKEN_HASH])
{
	Datum		values[Natts_contact_token];
	bool		nulls[Natts_contact_token] = {false};

	values[Anum_contact_token_token - 1] = hash_datum_of_token(hash);
	values[Anum_contact_token_actor - 1] = CStringGetTextDatum(contact->actor);
	values[Anum_contact_token_relation - 1] = ObjectIdGetDatum(contact->relation);
	values[Anum_contact_token_attnum - 1] = Int16GetDatum(contact->attnum);
	values[Anum_contact_token_customer - 1] = CStringGetTextDatum(contact->customer);
	values[Anum_contact_token_interventions - 1] = ObjectIdGetDatum(contact->interventions);
	nulls[Anum_contact_token_intervention - 1] = contact->intervention == NULL;
	values[Anum_contact_token_intervention - 1] =
		contact->intervention ? CStringGetTextDatum(contact->intervention) : (Datum) 0;
	values[Anum_contact_token_channel - 1] = CStringGetTextDatum(contact->channel);
	values[Anum_contact_token_closes_at - 1] = TimestampTzGetDatum(cg_contacts_end(contact));
	values[Anum_contact_token_asserted - 1] = BoolGetDatum(contact->asserted);
	values[Anum_contact_token_subject - 1] = Int64GetDatum((int64) contact->subject);
	values[Anum_contact_token_issued - 1] = Int64GetDatum(contact->issued);
	values[Anum_contact_token_made_at - 1] = TimestampTzGetDatum(GetCurrentTimestamp());
	cg_ownrows_insert(CG_OWN_CONTACT_TOKEN, values, nulls);
}

void
cg_contacts_store(const CgContact *contact, const uint8 hash[CG_TOKEN_HASH], bool again)
{
	Oid			types[5] = {BYTEAOID, TIMESTAMPTZOID, BOOLOID, INT8OID, INT8OID};
	Datum		values[5] = {hash_datum_of_token(hash), TimestampTzGetDatum(cg_contacts_end(contact)),
		BoolGetDatum(contact->asserted), Int64GetDatum((int64) contact->subject),
	Int64GetDatum(contact->issued)};

	if (!again)
		insert_contact(contact, hash);
	else
		(void) cg_ownrows_replace("SELECT tableoid, ctid, greatest(closes_at, $2) AS closes_at, $3 AS asserted, "
								  "$4 AS subject, $5 AS issued FROM contact_guard.contact_token WHERE token = $1 FOR UPDATE",
								  5, types, values);
}

/* Those of calls that go on stay: their ends are to have records. */
static void
limit_tokens(const CgContact *contact)
{
	Oid			types[5] = {TEXTOID, TEXTOID, OIDOID, TEXTOID, TEXTOID};
	Datum		values[5] = {CStringGetTextDatum(contact->customer), CStringGetTextDatum(contact->actor),
		ObjectIdGetDatum(contact->interventions), CStringGetTextDatum(contact->intervention ? contact->intervention : ""),
	CStringGetTextDatum(contact->channel)};

	(void) cg_ownrows_delete("SELECT tableoid, ctid FROM contact_guard.contact_token WHERE token IN "
							 "(SELECT token FROM contact_guard.contact_token WHERE customer = $1 AND actor = $2 "
							 "AND interventions = $3 AND coalesce(intervention, '') = $4 AND channel = $5 "
							 "ORDER BY made_at DESC, token OFFSET " CppAsString2(CG_TOKENS_MAX) ") "
							 "AND NOT EXISTS (SELECT FROM contact_guard.contact_call c WHERE c.token = contact_token.token "
							 "AND c.code = 200 AND c.ended_at IS NULL) FOR UPDATE SKIP LOCKED",
							 5, types, values);
}

void
cg_contacts_issue(const CgContact *contact, char token[CG_TOKEN_LENGTH + 1])
{
	uint8		random[CG_TOKEN_LENGTH / 2];
	uint8		hash[CG_TOKEN_HASH];

	if (!pg_strong_random(random, sizeof(random)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	hex_encode((char *) random, sizeof(random), token);
	token[CG_TOKEN_LENGTH] = '\0';
	cg_contacts_hash(token, hash);
	insert_contact(contact, hash);
	limit_tokens(contact);
}

static const char *
column_text(HeapTuple row, TupleDesc tupdesc, int number)
{
	bool		isnull;
	Datum		value = SPI_getbinval(row, tupdesc, number, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static void
take_contact(HeapTuple row, TupleDesc tupdesc, void *arg)
{
	CgContact  *contact = palloc0(sizeof(CgContact));
	bool		isnull;

	contact->actor = column_text(row, tupdesc, 1);
	contact->relation = DatumGetObjectId(SPI_getbinval(row, tupdesc, 2, &isnull));
	contact->attnum = DatumGetInt16(SPI_getbinval(row, tupdesc, 3, &isnull));
	contact->customer = column_text(row, tupdesc, 4);
	contact->interventions = DatumGetObjectId(SPI_getbinval(row, tupdesc, 5, &isnull));
	contact->intervention = column_text(row, tupdesc, 6);
	contact->channel = column_text(row, tupdesc, 7);
	contact->closes_at = DatumGetTimestampTz(SPI_getbinval(row, tupdesc, 8, &isnull));
	contact->asserted = DatumGetBool(SPI_getbinval(row, tupdesc, 9, &isnull));
	contact->subject = (uint64) DatumGetInt64(SPI_getbinval(row, tupdesc, 10, &isnull));
	contact->issued = DatumGetInt64(SPI_getbinval(row, tupdesc, 11, &isnull));
	*(CgContact **) arg = contact;
}

CgContact *
cg_contacts_find(const uint8 hash[CG_TOKEN_HASH])
{
	Oid			types[1] = {BYTEAOID};
	Datum		values[1] = {hash_datum_of_token(hash)};
	CgContact  *contact = NULL;

	cg_owncommand_query("SELECT actor, relation, attnum, customer, interventions, intervention, channel, closes_at, "
						"asserted, subject, issued "
						"FROM contact_guard.contact_token WHERE token = $1",
						1, types, values, take_contact, &contact);
	return contact;
}

const char *
cg_contacts_lapse(const CgContact *contact)
{
	if (contact->asserted && cg_identity == CG_IDENTITY_REQUIRED)
		return CG_REASON_TOKEN_REQUIRED;
	return cg_revoked_is(contact->subject, contact->issued) ? CG_REASON_TOKEN_REVOKED : NULL;
}

bool
cg_contacts_is_visit(const CgContact *contact, Oid interventions, const char *id)
{
	return contact->interventions == interventions &&
		(id ? contact->intervention && strcmp(contact->intervention, id) == 0 : contact->intervention == NULL);
}

bool
cg_contacts_is_open(const CgContact *contact, CgWindow *open)
{
	/* By his name alone: a token that names him was asked for when the contact was made. */
	CgActor		actor = {.name = unconstify(char *, contact->actor)};
	ListCell   *lc;

	foreach(lc, cg_windows_open(&actor))
	{
		CgWindow   *window = lfirst(lc);

		if (!cg_contacts_is_visit(contact, window->relid, window->id) ||
			strcmp(window->customer, contact->customer) != 0)
			continue;
		*open = *window;
		return true;
	}
	return false;
}

/* A few at a time, so that no call waits for long; what another session deletes is left to it. */
void
cg_contacts_forget(void)
{
	Oid			types[1] = {TIMESTAMPTZOID};
	Datum		values[1] = {TimestampTzGetDatum(GetCurrentTimestamp() - KEPT_DAYS * USECS_PER_DAY)};

	(void) cg_ownrows_delete("SELECT tableoid, ctid FROM contact_guard.contact_token WHERE closes_at < $1 "
							 "ORDER BY closes_at LIMIT 10 FOR UPDATE SKIP LOCKED",
							 1, types, values);
}
