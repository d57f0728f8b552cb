/*
 * pairs.c
 *		Relay numbers: which one stands between a technician and a customer.
 *
 * What the pairs are for is a contact, of a channel of its own, for which there is no token.  So
 * calls by relay number end, lapse and are erased as those by token do.
 *
 * A party that takes a number is locked until the end of the transaction, so two visits of one
 * technician, or at one customer, take numbers one behind the other.  Parties are locked in the
 * order of their hashes.  A constraint of the table holds whatever happens here.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/objects.h"
#include "base/owncolumns.h"
#include "base/owncommand.h"
#include "base/ownrows.h"
#include "relay/number.h"
#include "relay/pairs.h"
#include "relay/value.h"

#define QUARANTINE_DAYS 30		/* cg_contacts_forget() keeps the contact as long */
#define PARTIES 3
/* Of LockDatabaseObject: calls.c locks calls with zero, on another table. */
#define LOCK_PARTY 1
/* A range that ends with the last bigint has no end in PostgreSQL. */
#define SLOT_MASK (PG_INT64_MAX >> 1)

typedef struct Party
{
	uint8		hash[CG_PARTY_HASH];
	bool		called;			/* the customer */
	bool		known;			/* has the number already, for this contact */
} Party;

/* A contact that takes a number. */
typedef struct Pair
{
	const CgContact *contact;
	uint8		token[CG_TOKEN_HASH];
	bool		is_new;			/* there was no such contact */
	TimestampTz until;
	Party		parties[PARTIES];
	int			nparties;
	char	   *number;
} Pair;

static Datum bytes_datum(const uint8 *hash);
static bool add_parties(Pair *pair);
static int	compare_parties(const void *a, const void *b);
static void lock_parties(const Pair *pair);
static void take_own_token(HeapTuple row, TupleDesc tupdesc, void *arg);
static void find_contact(Pair *pair);
static void take_pair_number(HeapTuple row, TupleDesc tupdesc, void *arg);
static void choose_number(Pair *pair);
static void take_party(HeapTuple row, TupleDesc tupdesc, void *arg);
static void keep_parties(Pair *pair);
static void insert_party(const Pair *pair, const Party *party);
static void take_found(HeapTuple row, TupleDesc tupdesc, void *arg);

static Datum
bytes_datum(const uint8 *hash)
{
	return PointerGetDatum(cstring_to_text_with_len((const char *) hash, CG_PARTY_HASH));
}

/* False if there is nobody on one of the sides, or the same number on both. */
static bool
add_parties(Pair *pair)
{
	char	   *customer = cg_value_number(pair->contact);
	char	   *telephone = cg_pairs_telephone(pair->contact->actor);

	if (customer == NULL)
		return false;
	customer = cg_number_international(customer);
	if (telephone && strcmp(telephone, customer) == 0)
		return false;
	cg_number_hash_party(true, customer, pair->parties[pair->nparties].hash);
	pair->parties[pair->nparties++].called = true;
	cg_number_hash_party(false, pair->contact->actor, pair->parties[pair->nparties++].hash);
	if (telephone)
		cg_number_hash_party(true, telephone, pair->parties[pair->nparties++].hash);
	qsort(pair->parties, pair->nparties, sizeof(Party), compare_parties);
	return true;
}

static int
compare_parties(const void *a, const void *b)
{
	return memcmp(((const Party *) a)->hash, ((const Party *) b)->hash, sizeof(uint32));
}

static void
lock_parties(const Pair *pair)
{
	for (int i = 0; i < pair->nparties; i++)
	{
		uint32		lock;

		memcpy(&lock, pair->parties[i].hash, sizeof(lock));
		LockDatabaseObject(cg_objects_relation("relay_party", false), lock, LOCK_PARTY, ExclusiveLock);
	}
}

static void
take_own_token(HeapTuple row, TupleDesc tupdesc, void *arg)
{
	Pair	   *pair = arg;
	bool		isnull;

	memcpy(pair->token, VARDATA_ANY(DatumGetByteaPP(SPI_getbinval(row, tupdesc, 1, &isnull))), CG_TOKEN_HASH);
	pair->is_new = false;
}

/* The contact of this visit that numbers stand for, or a new one, which is not stored yet. */
static void
find_contact(Pair *pair)
{
	const CgContact *contact = pair->contact;
	Oid			types[6] = {TEXTOID, TEXTOID, OIDOID, INT2OID, OIDOID, TEXTOID};
	Datum		values[6] = {CStringGetTextDatum(contact->customer), CStringGetTextDatum(contact->actor),
		ObjectIdGetDatum(contact->relation), Int16GetDatum(contact->attnum), ObjectIdGetDatum(contact->interventions),
	CStringGetTextDatum(contact->intervention ? contact->intervention : "")};

	if (!pg_strong_random(pair->token, sizeof(pair->token)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	pair->is_new = true;
	cg_owncommand_query("SELECT token FROM contact_guard.contact_token WHERE channel = '" CG_CHANNEL_NUMBER "' AND customer = $1 "
						"AND actor = $2 AND relation = $3 AND attnum = $4 AND interventions = $5 AND coalesce(intervention, '') = $6",
						6, types, values, take_own_token, pair);
}

static void
take_pair_number(HeapTuple row, TupleDesc tupdesc, void *arg)
{
	bool		isnull;

	*(char **) arg = TextDatumGetCString(SPI_getbinval(row, tupdesc, 1, &isnull));
}

/*
 * A number of the pool that is no other visit's of these parties, nor was until lately: the one
 * that the visit has, or any.
 */
static void
choose_number(Pair *pair)
{
	Oid			types[5] = {BYTEAOID, TIMESTAMPTZOID, BYTEAOID, BYTEAOID, BYTEAOID};
	Datum		values[5] = {bytes_datum(pair->token), TimestampTzGetDatum(GetCurrentTimestamp())};

	for (int i = 0; i < PARTIES; i++)
		values[2 + i] = bytes_datum(pair->parties[Min(i, pair->nparties - 1)].hash);
	cg_owncommand_query("SELECT n.number FROM contact_guard.relay_number n WHERE NOT EXISTS "
						"(SELECT FROM contact_guard.relay_party p WHERE p.party IN ($3, $4, $5) AND p.number = n.number "
						"AND p.until_at > $2 AND p.token <> $1) "
						"ORDER BY NOT EXISTS (SELECT FROM contact_guard.relay_party p WHERE p.token = $1 AND p.number = n.number "
						"AND p.until_at > $2), sha256($1 || convert_to(n.number, 'UTF8')) LIMIT 1",
						5, types, values, take_pair_number, &pair->number);
}

static void
take_party(HeapTuple row, TupleDesc tupdesc, void *arg)
{
	Pair	   *pair = arg;
	bool		isnull;
	const char *hash = VARDATA_ANY(DatumGetByteaPP(SPI_getbinval(row, tupdesc, 1, &isnull)));

	for (int i = 0; i < pair->nparties; i++)
		if (memcmp(hash, pair->parties[i].hash, CG_PARTY_HASH) == 0)
			pair->parties[i].known = true;
}

/* What the contact has of this number already stays as long as the window may last now. */
static void
keep_parties(Pair *pair)
{
	Oid			types[4] = {BYTEAOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum		values[4] = {bytes_datum(pair->token), CStringGetTextDatum(pair->number),
	TimestampTzGetDatum(GetCurrentTimestamp()), TimestampTzGetDatum(pair->until)};

	cg_owncommand_query("SELECT party FROM contact_guard.relay_party WHERE token = $1 AND number = $2 AND until_at > $3",
						3, types, values, take_party, pair);
	(void) cg_ownrows_replace("SELECT tableoid, ctid, $4 AS until_at FROM contact_guard.relay_party "
							  "WHERE token = $1 AND number = $2 AND until_at > $3 AND until_at < $4 FOR UPDATE",
							  4, types, values);
}

static void
insert_party(const Pair *pair, const Party *party)
{
	Datum		values[Natts_relay_party];
	bool		nulls[Natts_relay_party] = {false};
	uint8		of_number[CG_PARTY_HASH];
	int64		slot;

	/* One number of both; two that meet by chance only cost a number. */
	cg_number_hash_party(true, pair->number, of_number);
	for (int i = 0; i < CG_PARTY_HASH; i++)
		of_number[i] ^= party->hash[i];
	memcpy(&slot, of_number, sizeof(slot));
	values[Anum_relay_party_number - 1] = CStringGetTextDatum(pair->number);
	values[Anum_relay_party_party - 1] = bytes_datum(party->hash);
	values[Anum_relay_party_slot - 1] = Int64GetDatum(slot & SLOT_MASK);
	values[Anum_relay_party_token - 1] = bytes_datum(pair->token);
	values[Anum_relay_party_called - 1] = BoolGetDatum(party->called);
	values[Anum_relay_party_made_at - 1] = TimestampTzGetDatum(GetCurrentTimestamp());
	values[Anum_relay_party_until_at - 1] = TimestampTzGetDatum(pair->until);
	cg_ownrows_insert(CG_OWN_RELAY_PARTY, values, nulls);
}

char *
cg_pairs_take(const CgContact *contact)
{
	CgContact	stored = *contact;
	Pair		pair = {.contact = contact};

	if (!cg_owncommand_finds("SELECT FROM contact_guard.relay_number", 0, NULL, NULL) || !add_parties(&pair))
		return NULL;
	lock_parties(&pair);
	find_contact(&pair);
	pair.until = cg_contacts_end(contact) + QUARANTINE_DAYS * USECS_PER_DAY;
	choose_number(&pair);
	if (pair.number == NULL)
		return NULL;
	stored.channel = CG_CHANNEL_NUMBER;
	cg_contacts_store(&stored, pair.token, !pair.is_new);
	if (!pair.is_new)
		keep_parties(&pair);
	for (int i = 0; i < pair.nparties; i++)
		if (!pair.parties[i].known)
			insert_party(&pair, &pair.parties[i]);
	return pair.number;
}

typedef struct Found
{
	uint8	   *token;
	bool		called;
	bool		any;
} Found;

static void
take_found(HeapTuple row, TupleDesc tupdesc, void *arg)
{
	Found	   *found = arg;
	bool		isnull;

	memcpy(found->token, VARDATA_ANY(DatumGetByteaPP(SPI_getbinval(row, tupdesc, 1, &isnull))), CG_TOKEN_HASH);
	found->called = DatumGetBool(SPI_getbinval(row, tupdesc, 2, &isnull));
	found->any = true;
}

bool
cg_pairs_find(const char *number, const char *caller, uint8 token[CG_TOKEN_HASH], bool *customer_calls)
{
	bool		by_number = cg_number_is_caller(caller);
	uint8		hash[CG_PARTY_HASH];
	Oid			types[3] = {TEXTOID, BYTEAOID, TIMESTAMPTZOID};
	Datum		values[3];
	Found		found = {.token = token};

	number = cg_number_international(number);
	if (by_number)
		caller = cg_number_international(caller);
	if (number == NULL || caller == NULL)
		return false;
	cg_number_hash_party(by_number, caller, hash);
	values[0] = CStringGetTextDatum(number);
	values[1] = bytes_datum(hash);
	values[2] = TimestampTzGetDatum(GetCurrentTimestamp());
	cg_owncommand_query("SELECT token, called FROM contact_guard.relay_party WHERE party = $2 AND number = $1 AND until_at > $3",
						3, types, values, take_found, &found);
	*customer_calls = found.called;
	return found.any;
}

char *
cg_pairs_present(const CgContact *contact, const char *dial)
{
	uint8		hash[CG_PARTY_HASH];
	Oid			types[6] = {BYTEAOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, OIDOID, TEXTOID};
	Datum		values[6];
	char	   *number = NULL;

	cg_number_hash_party(true, cg_number_international(dial), hash);
	values[0] = bytes_datum(hash);
	values[1] = TimestampTzGetDatum(GetCurrentTimestamp());
	values[2] = CStringGetTextDatum(contact->customer);
	values[3] = CStringGetTextDatum(contact->actor);
	values[4] = ObjectIdGetDatum(contact->interventions);
	values[5] = CStringGetTextDatum(contact->intervention ? contact->intervention : "");
	cg_owncommand_query("SELECT p.number FROM contact_guard.relay_party p JOIN contact_guard.contact_token t ON t.token = p.token "
						"WHERE p.party = $1 AND p.called AND p.until_at > $2 AND t.customer = $3 AND t.actor = $4 "
						"AND t.interventions = $5 AND coalesce(t.intervention, '') = $6 ORDER BY p.made_at",
						6, types, values, take_pair_number, &number);
	return number;
}

char *
cg_pairs_telephone(const char *technician)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(technician)};
	char	   *number = NULL;

	cg_owncommand_query("SELECT number FROM contact_guard.relay_telephone WHERE technician = $1",
						1, types, values, take_pair_number, &number);
	return number;
}

void
cg_pairs_forget(void)
{
	Oid			types[1] = {TIMESTAMPTZOID};
	Datum		values[1] = {TimestampTzGetDatum(GetCurrentTimestamp())};

	(void) cg_ownrows_delete("SELECT tableoid, ctid FROM contact_guard.relay_party WHERE until_at < $1 "
							 "ORDER BY until_at LIMIT 10 FOR UPDATE SKIP LOCKED",
							 1, types, values);
}
