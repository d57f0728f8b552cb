/*
 * revoked.c
 *		Subjects whose tokens were revoked.
 *
 * A token is good for its life, also if it was stolen.  revoke_identity() names a subject and a
 * time: his tokens that were issued until then are refused, and those that are in use lapse.
 *
 * Each session keeps the table until an invalidation arrives, which every change of the table
 * sends: see permission.c, which does the same.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/inval.h"
#include "base/objects.h"
#include "base/owncolumns.h"
#include "base/owncommand.h"
#include "base/roles.h"
#include "journal/eventrecord.h"
#include "policy/revoked.h"

#define TABLE "revoked_identity"
#define SUBJECT_LENGTH 256

typedef struct RevokedEntry
{
	uint64		subject;		/* key */
	char		status;
	TimestampTz not_before;
} RevokedEntry;

#define SH_PREFIX revokedset
#define SH_ELEMENT_TYPE RevokedEntry
#define SH_KEY_TYPE uint64
#define SH_KEY subject
#define SH_HASH_KEY(tb, key) ((uint32) (key))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static MemoryContext revoked_context = NULL;
static revokedset_hash *revoked = NULL;
static Oid	revoked_table = InvalidOid; /* InvalidOid: it must be read */
static uint64 revoked_inval_count = 0;

static void revoked_inval(Oid relid);
static void read_revoked(void);
static void put_revoked(revokedset_hash *into, Relation rel, HeapTuple tuple, const int *place);

PG_FUNCTION_INFO_V1(cg_revoke_identity);

void
cg_revoked_init(void)
{
	cg_inval_on_relation(revoked_inval);
}

static void
revoked_inval(Oid relid)
{
	revoked_inval_count++;
	if (relid == revoked_table || !OidIsValid(relid))
		revoked_table = InvalidOid;
}

uint64
cg_revoked_number(const char *subject)
{
	return hash_bytes_extended((const unsigned char *) subject, strlen(subject), 0);
}

static void
put_revoked(revokedset_hash *into, Relation rel, HeapTuple tuple, const int *place)
{
	bool		isnull;
	bool		found;
	Datum		subject = heap_getattr(tuple, place[Anum_revoked_identity_subject - 1] + 1, RelationGetDescr(rel), &isnull);
	char	   *name = isnull ? pstrdup("") : TextDatumGetCString(subject);
	Datum		before = heap_getattr(tuple, place[Anum_revoked_identity_not_before - 1] + 1, RelationGetDescr(rel), &isnull);
	RevokedEntry *entry = revokedset_insert(into, cg_revoked_number(name), &found);

	if (!found || entry->not_before < DatumGetTimestampTz(before))
		entry->not_before = isnull ? DT_NOEND : DatumGetTimestampTz(before);
	pfree(name);
}

static void
read_revoked(void)
{
	MemoryContext fresh;
	revokedset_hash *loaded;
	Oid			relid;
	Relation	rel;
	SysScanDesc scan;
	HeapTuple	tuple;
	int			place[CG_OWN_COLUMNS];
	uint64		before;

	/* A FETCH takes no lock, so it would not receive the invalidation of a change. */
	AcceptInvalidationMessages();
	relid = cg_objects_relation(TABLE, true);
	if (OidIsValid(revoked_table) && revoked_table == relid)
		return;
	revoked_table = InvalidOid;
	fresh = AllocSetContextCreate(CurrentMemoryContext, "contact_guard revoked", ALLOCSET_SMALL_SIZES);
	loaded = revokedset_create(fresh, 16, NULL);
	before = revoked_inval_count;
	if (OidIsValid(relid))
	{
		/* With a catalog snapshot: a REPEATABLE READ transaction, too, sees what is new. */
		rel = table_open(relid, AccessShareLock);
		before = revoked_inval_count;
		(void) cg_owncolumns_place(CG_OWN_REVOKED_IDENTITY, RelationGetDescr(rel), place);
		scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
		while (HeapTupleIsValid(tuple = systable_getnext(scan)))
			put_revoked(loaded, rel, tuple, place);
		systable_endscan(scan);
		table_close(rel, AccessShareLock);
	}
	if (revoked_context)
		MemoryContextDelete(revoked_context);
	MemoryContextSetParent(fresh, TopMemoryContext);
	revoked_context = fresh;
	revoked = loaded;
	/* If the table changed during the scan, it is read again the next time. */
	revoked_table = revoked_inval_count == before ? relid : InvalidOid;
}

bool
cg_revoked_is(uint64 subject, int64 issued)
{
	RevokedEntry *entry;

	read_revoked();
	entry = revokedset_lookup(revoked, subject);
	if (entry == NULL || TIMESTAMP_IS_NOBEGIN(entry->not_before))
		return false;
	/* Of the second of the call, too: a token has whole seconds. */
	return issued < 0 || time_t_to_timestamptz((pg_time_t) issued) <= entry->not_before;
}

Datum
cg_revoke_identity(PG_FUNCTION_ARGS)
{
	Oid			types[3] = {TEXTOID, TIMESTAMPTZOID, TEXTOID};
	Datum		values[3];
	char	   *subject;
	char	   *reason;

	cg_roles_require_admin("revoke tokens");
	subject = cg_eventrecord_text_argument(fcinfo, 0, "subject");
	reason = cg_eventrecord_text_argument(fcinfo, 1, "reason");
	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("before must not be null")));
	if (strlen(subject) > SUBJECT_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_NAME_TOO_LONG),
				 errmsg("the subject is longer than %d bytes", SUBJECT_LENGTH)));
	values[0] = CStringGetTextDatum(subject);
	values[1] = PG_GETARG_DATUM(2);
	values[2] = CStringGetTextDatum(reason);
	(void) cg_owncommand_execute("INSERT INTO contact_guard.revoked_identity (subject, not_before, reason) VALUES ($1, $2, $3) "
								 "ON CONFLICT (subject) DO UPDATE SET not_before = excluded.not_before, reason = excluded.reason",
								 3, types, values, NULL);
	CacheInvalidateRelcacheByRelid(cg_objects_relation(TABLE, false));
	cg_eventrecord_add("tokens of %s that were issued before %s are revoked: %s", subject,
					   timestamptz_to_str(PG_GETARG_TIMESTAMPTZ(2)), reason);
	PG_RETURN_VOID();
}
