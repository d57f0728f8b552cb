/*
 * readers.c
 *		name_readers(): the actors behind pseudonyms; reader_category().
 *
 * The decision is a text that may name people, and the tree of the log keeps what it has for
 * good.  So the record has SHA-256 of a random salt and the text, and the text stands in
 * contact_guard.disclosure, from which it can be erased.
 *
 * Names leave before the caller's transaction ends, and he may roll it back, with that row.  The
 * record stays, with the pseudonyms and the hash.  The report must have been committed before,
 * so that its key is there, and the pseudonyms on record say who was named.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
#include "utils/xid8.h"

#include "base/owncommand.h"
#include "base/ownrows.h"
#include "base/roles.h"
#include "journal/eventrecord.h"
#include "journal/storable.h"
#include "log/pseudonym.h"
#include "log/subject.h"

PG_FUNCTION_INFO_V1(cg_name_readers);
PG_FUNCTION_INFO_V1(cg_reader_category);

#define SALT_LENGTH 32
#define MOST_READERS 300		/* their pseudonyms fit into a record */

/* Whoever may stand in a report of these customers. */
#define ACTORS_QUERY \
	"SELECT w.actor FROM contact_guard.whole_log w WHERE w.customer = ANY ($1) AND w.actor IS NOT NULL UNION " \
	"SELECT w.actor FROM contact_guard.whole_log w WHERE w.event = 'bulk' AND w.customer IS NULL AND w.actor IS NOT NULL UNION " \
	"SELECT w.actor FROM contact_guard.whole_log w WHERE w.event = 'withheld' AND w.customer IS NULL AND w.actor IS NOT NULL"

typedef struct Naming
{
	ReturnSetInfo *result;
	Datum	   *readers;
	int			nreaders;
	List	   *keys;			/* of the reports of this reference: uint8 * */
	List	   *customers;		/* their customers: char * */
} Naming;

static void take_report(HeapTuple row, TupleDesc tupdesc, void *arg);
static Datum customers_array(const Naming *naming);
static void record_disclosure(const Naming *naming, const char *reference, const char *decision);
static bytea *make_salt(void);
static void require_pseudonym(const char *reader);
static void name_reader(HeapTuple row, TupleDesc tupdesc, void *arg);

static void
take_report(HeapTuple row, TupleDesc tupdesc, void *arg)
{
	Naming	   *naming = arg;
	bool		isnull;
	char	   *customer = TextDatumGetCString(SPI_getbinval(row, tupdesc, 1, &isnull));
	bytea	   *key = DatumGetByteaPCopy(SPI_getbinval(row, tupdesc, 2, &isnull));
	MemoryContext oldcontext = MemoryContextSwitchTo(naming->result->econtext->ecxt_per_query_memory);
	ListCell   *lc;
	bool		known = false;

	foreach(lc, naming->customers)
		known = known || strcmp(lfirst(lc), customer) == 0;
	if (!known)
		naming->customers = lappend(naming->customers, pstrdup(customer));
	if (VARSIZE_ANY_EXHDR(key) == CG_PSEUDONYM_KEY)
		naming->keys = lappend(naming->keys, memcpy(palloc(CG_PSEUDONYM_KEY), VARDATA_ANY(key), CG_PSEUDONYM_KEY));
	MemoryContextSwitchTo(oldcontext);
}

static Datum
customers_array(const Naming *naming)
{
	Datum	   *customers = palloc(sizeof(Datum) * list_length(naming->customers));
	int			count = 0;
	ListCell   *lc;

	foreach(lc, naming->customers)
		customers[count++] = CStringGetTextDatum(lfirst(lc));
	return PointerGetDatum(construct_array(customers, count, TEXTOID, -1, false, TYPALIGN_INT));
}

static bytea *
make_salt(void)
{
	bytea	   *salt = palloc(VARHDRSZ + SALT_LENGTH);

	SET_VARSIZE(salt, VARHDRSZ + SALT_LENGTH);
	if (!pg_strong_random(VARDATA(salt), SALT_LENGTH))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate a random salt")));
	return salt;
}

/* One record for each customer of the report, so that each finds it in his next report. */
static void
record_disclosure(const Naming *naming, const char *reference, const char *decision)
{
	Oid			types[2] = {BYTEAOID, TEXTOID};
	Datum		values[2] = {PointerGetDatum(make_salt()), CStringGetTextDatum(decision)};
	Datum		row[Natts_disclosure];
	bool		nulls[Natts_disclosure] = {false};
	Datum		hash;
	StringInfoData pseudonyms;
	ListCell   *lc;

	initStringInfo(&pseudonyms);
	for (int i = 0; i < naming->nreaders; i++)
		appendStringInfo(&pseudonyms, " %s", TextDatumGetCString(naming->readers[i]));
	if (!cg_owncommand_select("SELECT encode(sha256($1 || convert_to($2, contact_guard.leaf_encoding())), 'hex')", 2, types, values,
							  TEXTOID, &hash))
		elog(ERROR, "could not hash a decision");
	foreach(lc, naming->customers)
		cg_eventrecord_write(CG_EVENT_DISCLOSURE, lfirst(lc), naming->nreaders,
							 psprintf("report \"%s\", decision %s, readers%s", reference, TextDatumGetCString(hash), pseudonyms.data));
	cg_subject_flush();
	row[Anum_disclosure_reference - 1] = CStringGetTextDatum(reference);
	row[Anum_disclosure_readers - 1] = PointerGetDatum(construct_array(naming->readers, naming->nreaders, TEXTOID, -1, false, TYPALIGN_INT));
	row[Anum_disclosure_decision - 1] = values[1];
	row[Anum_disclosure_salt - 1] = values[0];
	row[Anum_disclosure_made_at - 1] = TimestampTzGetDatum(GetCurrentTimestamp());
	cg_ownrows_insert(CG_OWN_DISCLOSURE, row, nulls);
}

/* What is no pseudonym would stand in the record, and name nobody. */
static void
require_pseudonym(const char *reader)
{
	if (strlen(reader) != CG_PSEUDONYM_LENGTH || strspn(reader, "0123456789abcdef") != CG_PSEUDONYM_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a reader is named by the %d hexadecimal digits that a report has", CG_PSEUDONYM_LENGTH)));
}

static void
name_reader(HeapTuple row, TupleDesc tupdesc, void *arg)
{
	Naming	   *naming = arg;
	bool		isnull;
	Datum		values[2];
	bool		nulls[2] = {false, false};
	ListCell   *lc;

	values[1] = SPI_getbinval(row, tupdesc, 1, &isnull);
	foreach(lc, naming->keys)
	{
		char		name[CG_PSEUDONYM_LENGTH + 1];

		cg_pseudonym_make(lfirst(lc), TextDatumGetCString(values[1]), name);
		for (int i = 0; i < naming->nreaders; i++)
		{
			if (strcmp(TextDatumGetCString(naming->readers[i]), name) != 0)
				continue;
			values[0] = CStringGetTextDatum(name);
			tuplestore_putvalues(naming->result->setResult, naming->result->setDesc, values, nulls);
			break;
		}
	}
}

Datum
cg_name_readers(PG_FUNCTION_ARGS)
{
	char	   *reference = cg_subject_reference(fcinfo, 0);
	char	   *decision = cg_eventrecord_text_argument(fcinfo, 2, "decision");
	Oid			types[2] = {TEXTOID, XID8OID};
	Datum		values[2] = {CStringGetTextDatum(reference), FullTransactionIdGetDatum(GetTopFullTransactionId())};
	Naming		naming = {(ReturnSetInfo *) fcinfo->resultinfo};

	cg_roles_require_own("name readers");
	if (PG_ARGISNULL(1) || array_contains_nulls(PG_GETARG_ARRAYTYPE_P(1)))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the readers must not be null")));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &naming.readers, NULL, &naming.nreaders);
	for (int i = 0; i < naming.nreaders; i++)
		require_pseudonym(TextDatumGetCString(naming.readers[i]));
	if (naming.nreaders == 0 || naming.nreaders > MOST_READERS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("from 1 to %d readers can be named at a time", MOST_READERS)));
	InitMaterializedSRF(fcinfo, 0);
	cg_owncommand_query("SELECT DISTINCT customer, key FROM contact_guard.report WHERE reference = $1 AND made_in <> $2", 2, types, values,
						take_report, &naming);
	if (naming.keys == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("no report has the reference \"%s\"", reference),
				 errdetail("The report must have been committed. The key of a report is kept until the month in which it was made is purged, or its customer is erased.")));
	record_disclosure(&naming, reference, decision);
	types[0] = TEXTARRAYOID;
	values[0] = customers_array(&naming);
	cg_owncommand_query(ACTORS_QUERY, 1, types, values, name_reader, &naming);
	return (Datum) 0;
}

Datum
cg_reader_category(PG_FUNCTION_ARGS)
{
	Oid			types[2] = {REGROLEOID, TEXTOID};
	Datum		values[2];
	char	   *role;

	cg_roles_require_admin("name a category of readers");
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the role must not be null")));
	/* regrole_in accepts any number.  And the role must not be dropped before the commit. */
	role = GetUserNameFromId(PG_GETARG_OID(0), false);
	LockSharedObject(AuthIdRelationId, PG_GETARG_OID(0), 0, AccessShareLock);
	values[0] = PG_GETARG_DATUM(0);
	if (PG_ARGISNULL(1))
	{
		(void) cg_owncommand_execute("DELETE FROM contact_guard.category WHERE role = $1", 1, types, values, NULL);
		cg_eventrecord_add("no reader category of %s", role);
		PG_RETURN_VOID();
	}
	values[1] = CStringGetTextDatum(cg_eventrecord_text_argument(fcinfo, 1, "label"));
	(void) cg_owncommand_execute("INSERT INTO contact_guard.category (role, label) VALUES ($1, $2) "
								"ON CONFLICT (role) DO UPDATE SET label = excluded.label", 2, types, values, NULL);
	cg_eventrecord_add("reader category of %s: %s", role, TextDatumGetCString(values[1]));
	PG_RETURN_VOID();
}
