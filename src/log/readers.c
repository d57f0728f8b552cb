/*
 * readers.c
 *		name_readers(): the actors behind pseudonyms; reader_category().
 *
 * The decision is a text that may name people, and the tree of the log keeps what it has for
 * good.  So the record has SHA-256 of a random salt and the text, and the text stands in
 * contact_guard.disclosure, from which it can be erased.
 *
 * The readers are found first: then there is a record, and a row with the text, for each customer
 * in whose report somebody was found.  They are his, and go with his other records.
 *
 * Names leave before the transaction ends, so it must end with this statement, which the client
 * itself has sent.  If it fails
 * nevertheless, the row is gone, and the record stays, with the pseudonyms and the hash.  The report
 * must have been committed before, so that its key is there.
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
#include "utils/hsearch.h"
#include "utils/memutils.h"
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
#include "read/toplevel.h"

PG_FUNCTION_INFO_V1(cg_name_readers);
PG_FUNCTION_INFO_V1(cg_reader_category);

#define SALT_LENGTH 32
#define MOST_READERS 300		/* their pseudonyms fit into a record */

#define REPORTS "contact_guard.report r WHERE r.reference = $1 AND r.made_in <> $2"
#define REPORTS_QUERY "SELECT DISTINCT r.customer, r.key FROM " REPORTS " ORDER BY 1"

/* Whoever may stand in a report of these customers; without a customer: in each. */
#define ACTORS_QUERY \
	"SELECT w.actor, w.customer FROM contact_guard.whole_log w WHERE w.customer = ANY (ARRAY(SELECT DISTINCT r.customer FROM " REPORTS ")) " \
	"AND w.actor IS NOT NULL UNION " \
	"SELECT w.actor, NULL FROM contact_guard.whole_log w WHERE w.event IN ('bulk', 'lookup', 'searched', 'withheld') AND w.customer IS NULL AND w.actor IS NOT NULL"

/* A pseudonym that was asked for. */
typedef struct Asked
{
	char		name[CG_PSEUDONYM_LENGTH + 1];	/* the key of the hash table */
	char	   *actor;			/* NULL: not found */
} Asked;

typedef struct Concerned
{
	char	   *customer;
	List	   *keys;			/* of his reports: uint8 * */
	List	   *found;			/* Asked * */
} Concerned;

typedef struct Naming
{
	MemoryContext memory;		/* of what stays until the function ends */
	MemoryContext row;			/* of one actor */
	HTAB	   *asked;
	List	   *concerned;		/* Concerned * */
} Naming;

static HTAB *asked_readers(ArrayType *readers);
static void take_report(HeapTuple row, TupleDesc tupdesc, void *arg);
static void find_reader(HeapTuple row, TupleDesc tupdesc, void *arg);
static void find_reader_in(Naming *naming, Concerned *concerned, const char *actor, bool named);
static void record_disclosure(const Concerned *concerned, const char *reference, const char *decision);
static void insert_decision(const Concerned *concerned, const char *reference, Datum decision, Datum salt);
static bytea *make_salt(void);
static void require_pseudonym(const char *reader);
static void put_names(const Naming *naming, ReturnSetInfo *result);

static HTAB *
asked_readers(ArrayType *readers)
{
	HASHCTL		control = {.keysize = CG_PSEUDONYM_LENGTH + 1, .entrysize = sizeof(Asked), .hcxt = CurrentMemoryContext};
	HTAB	   *asked = hash_create("contact_guard readers", MOST_READERS, &control, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	Datum	   *names;
	int			count;

	deconstruct_array(readers, TEXTOID, -1, false, TYPALIGN_INT, &names, NULL, &count);
	if (count == 0 || count > MOST_READERS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("from 1 to %d readers can be named at a time", MOST_READERS)));
	for (int i = 0; i < count; i++)
	{
		char	   *name = TextDatumGetCString(names[i]);

		require_pseudonym(name);
		((Asked *) hash_search(asked, name, HASH_ENTER, NULL))->actor = NULL;
	}
	return asked;
}

/* The rows come in the order of their customers. */
static void
take_report(HeapTuple row, TupleDesc tupdesc, void *arg)
{
	Naming	   *naming = arg;
	bool		isnull;
	char	   *customer = TextDatumGetCString(SPI_getbinval(row, tupdesc, 1, &isnull));
	bytea	   *key = DatumGetByteaPP(SPI_getbinval(row, tupdesc, 2, &isnull));
	MemoryContext oldcontext = MemoryContextSwitchTo(naming->memory);
	Concerned  *concerned = naming->concerned == NIL ? NULL : llast(naming->concerned);

	if (VARSIZE_ANY_EXHDR(key) == CG_PSEUDONYM_KEY)
	{
		if (concerned == NULL || strcmp(concerned->customer, customer) != 0)
		{
			concerned = palloc0(sizeof(Concerned));
			concerned->customer = pstrdup(customer);
			naming->concerned = lappend(naming->concerned, concerned);
		}
		concerned->keys = lappend(concerned->keys, memcpy(palloc(CG_PSEUDONYM_KEY), VARDATA_ANY(key), CG_PSEUDONYM_KEY));
	}
	MemoryContextSwitchTo(oldcontext);
}

static void
find_reader_in(Naming *naming, Concerned *concerned, const char *actor, bool named)
{
	ListCell   *lc;

	foreach(lc, concerned->keys)
	{
		char		name[CG_PSEUDONYM_LENGTH + 1];
		Asked	   *asked;

		CHECK_FOR_INTERRUPTS();
		cg_pseudonym_make(lfirst(lc), named, actor, name);
		asked = hash_search(naming->asked, name, HASH_FIND, NULL);
		if (asked == NULL)
			continue;
		MemoryContextSwitchTo(naming->memory);
		if (asked->actor == NULL)
			asked->actor = pstrdup(actor);
		concerned->found = list_append_unique_ptr(concerned->found, asked);
		MemoryContextSwitchTo(naming->row);
	}
}

static void
find_reader(HeapTuple row, TupleDesc tupdesc, void *arg)
{
	Naming	   *naming = arg;
	MemoryContext oldcontext = MemoryContextSwitchTo(naming->row);
	bool		isnull;
	char	   *actor = TextDatumGetCString(SPI_getbinval(row, tupdesc, 1, &isnull));
	Datum		customer = SPI_getbinval(row, tupdesc, 2, &isnull);
	char	   *key = isnull ? NULL : TextDatumGetCString(customer);
	ListCell   *lc;

	foreach(lc, naming->concerned)
	{
		Concerned  *concerned = lfirst(lc);

		if (key == NULL || strcmp(key, concerned->customer) == 0)
			find_reader_in(naming, concerned, actor, key != NULL);
	}
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(naming->row);
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

/* He finds it in his next report. */
static void
record_disclosure(const Concerned *concerned, const char *reference, const char *decision)
{
	Oid			types[2] = {BYTEAOID, TEXTOID};
	Datum		values[2] = {PointerGetDatum(make_salt()), CStringGetTextDatum(decision)};
	Datum		hash;
	StringInfoData pseudonyms;
	ListCell   *lc;

	initStringInfo(&pseudonyms);
	foreach(lc, concerned->found)
		appendStringInfo(&pseudonyms, " %s", ((Asked *) lfirst(lc))->name);
	if (!cg_owncommand_select("SELECT encode(sha256($1 || convert_to($2, contact_guard.leaf_encoding())), 'hex')", 2, types, values,
							  TEXTOID, &hash))
		elog(ERROR, "could not hash a decision");
	cg_eventrecord_write(CG_EVENT_DISCLOSURE, concerned->customer, list_length(concerned->found),
						 psprintf("report \"%s\", decision %s, readers%s", reference, TextDatumGetCString(hash), pseudonyms.data));
	insert_decision(concerned, reference, values[1], values[0]);
}

static void
insert_decision(const Concerned *concerned, const char *reference, Datum decision, Datum salt)
{
	Datum	   *readers = palloc(sizeof(Datum) * list_length(concerned->found));
	int			count = 0;
	Datum		row[Natts_disclosure];
	bool		nulls[Natts_disclosure] = {false};
	ListCell   *lc;

	foreach(lc, concerned->found)
		readers[count++] = CStringGetTextDatum(((Asked *) lfirst(lc))->name);
	row[Anum_disclosure_reference - 1] = CStringGetTextDatum(reference);
	row[Anum_disclosure_customer - 1] = CStringGetTextDatum(concerned->customer);
	row[Anum_disclosure_readers - 1] = PointerGetDatum(construct_array(readers, count, TEXTOID, -1, false, TYPALIGN_INT));
	row[Anum_disclosure_decision - 1] = decision;
	row[Anum_disclosure_salt - 1] = salt;
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
put_names(const Naming *naming, ReturnSetInfo *result)
{
	HASH_SEQ_STATUS status;
	Asked	   *asked;

	hash_seq_init(&status, naming->asked);
	while ((asked = hash_seq_search(&status)) != NULL)
	{
		Datum		values[2];
		bool		nulls[2] = {false, false};

		if (asked->actor == NULL)
			continue;
		values[0] = CStringGetTextDatum(asked->name);
		values[1] = CStringGetTextDatum(asked->actor);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

Datum
cg_name_readers(PG_FUNCTION_ARGS)
{
	char	   *reference = cg_subject_reference(fcinfo, 0);
	char	   *decision = cg_eventrecord_text_argument(fcinfo, 2, "decision");
	Oid			types[2] = {TEXTOID, XID8OID};
	Datum		values[2] = {CStringGetTextDatum(reference)};
	Naming		naming = {.memory = CurrentMemoryContext};
	ListCell   *lc;

	cg_roles_require_own("name readers");
	PreventInTransactionBlock(true, "name_readers()");
	/* A procedure could take the names, and roll back. */
	if (!cg_toplevel_is_running())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("name_readers() must be called by a statement of its own"),
				 errhint("Call it in a SELECT that the client sends, outside functions and procedures.")));
	if (PG_ARGISNULL(1) || array_contains_nulls(PG_GETARG_ARRAYTYPE_P(1)))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the readers must not be null")));
	naming.asked = asked_readers(PG_GETARG_ARRAYTYPE_P(1));
	naming.row = AllocSetContextCreate(CurrentMemoryContext, "contact_guard reader", ALLOCSET_DEFAULT_SIZES);
	InitMaterializedSRF(fcinfo, 0);
	values[1] = FullTransactionIdGetDatum(GetTopFullTransactionId());
	cg_owncommand_query(REPORTS_QUERY, 2, types, values, take_report, &naming);
	if (naming.concerned == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("no report has the reference \"%s\"", reference),
				 errdetail("The report must have been committed. The key of a report is kept until the month in which it was made is purged, or its customer is erased.")));
	cg_owncommand_query(ACTORS_QUERY, 2, types, values, find_reader, &naming);
	foreach(lc, naming.concerned)
	{
		if (((Concerned *) lfirst(lc))->found != NIL)
			record_disclosure(lfirst(lc), reference, decision);
	}
	cg_subject_flush();
	put_names(&naming, (ReturnSetInfo *) fcinfo->resultinfo);
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
