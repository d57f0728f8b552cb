/*
 * subject.c
 *		subject_report(): what the log says about a customer, for that customer.
 *
 * The reader of this function's result must not learn who has read: not from an actor or a
 * login, not from an address, a session or a statement, and not from a text that somebody has
 * written.  So the columns are chosen here, and not by what is left out: a reason stands in
 * the result only if it is one of reason.h.  An actor leaves only as a pseudonym.
 *
 * A proof needs the row's leaf.  Since version 2 a leaf has commitments in place of what leads to
 * the reader: the reason, which may name a role, the session, which has its process, and the
 * statement.  A leaf of version 1 has them openly, and stays away.  So does one in which they
 * stand nevertheless.
 *
 * All that was read before the call is waited for, so no read that has left is missing.  The
 * result is complete before its record is written, and the record is durable before the first row
 * leaves.  The record stays if the transaction is rolled back.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/customerkey.h"
#include "base/objects.h"
#include "base/owncolumns.h"
#include "base/owncommand.h"
#include "base/roles.h"
#include "journal/eventrecord.h"
#include "journal/messages.h"
#include "journal/reason.h"
#include "journal/storable.h"
#include "log/pseudonym.h"
#include "log/subject.h"
#include "log/synced.h"

PG_FUNCTION_INFO_V1(cg_subject_report);

/* A reference is a name, and no text. */
#define REFERENCE_LENGTH 128

/*
 * A role's category: its own, or that of the nearest role that it is a member of.  A superuser
 * is not counted as a member of every role.
 */
#define CATEGORIES \
	"WITH RECURSIVE belongs(role, label, depth) AS (" \
	"SELECT k.role::oid, k.label, 0 FROM contact_guard.category k UNION ALL " \
	"SELECT m.member, b.label, b.depth + 1 FROM belongs b JOIN pg_auth_members m ON m.roleid = b.role), " \
	"category AS MATERIALIZED (SELECT DISTINCT ON (r.rolname) r.rolname::text AS role, b.label " \
	"FROM belongs b JOIN pg_roles r ON r.oid = b.role ORDER BY r.rolname, b.depth, b.label), "

/* The reason without what tells of the durability; and whether it names nobody. */
#define REASON "regexp_replace(w.reason, '([,;:] )?" CG_REASON_RELAXED "$', '')"
#define IS_PLAIN REASON " IN ('', '" CG_REASON_NO_WINDOW "', '" CG_REASON_WINDOW_CLOSED "', '" CG_REASON_WINDOW_NOT_OPEN "', '" \
	CG_REASON_COMPARED "', '" CG_REASON_CHECKED "', '" CG_REASON_RELAY "', '" CG_REASON_TOKEN_EXPIRED "', '" CG_REASON_TOKEN_REVOKED "', '" \
	CG_REASON_OWN "', '" CG_REASON_TOKEN_KEY "', '" CG_REASON_TOKEN_SETTINGS "', '" CG_REASON_TOKEN_REQUIRED "', '" CG_REASON_TOKEN_COLUMNS "')"
#define PLAIN_REASON "CASE WHEN " IS_PLAIN " THEN nullif(" REASON ", '') END"
/* Events about the data; not those whose reason somebody has written, as that of a hold */
#define HAS_TABLE "w.event IN ('shown', 'withheld', 'lookup', 'searched', 'contact_offered', 'contact', 'contact_end', 'contact_refused')"
#define IS_SEALED(text) "(" text " IS NULL OR " text " = '' OR position(convert_to(" text ", contact_guard.leaf_encoding()) IN f.leaf) = 0)"
#define IS_OURS "w.origin = contact_guard.journal_origin()"

/*
 * The customer's records are found first, whatever their time, as in who_read().  The salt of
 * the customer's group opens that group alone (salt.h).
 */
#define NAMED \
	"found AS (SELECT 'named' AS kind, CASE WHEN " IS_OURS " THEN w.seq END AS seq, w.read_at, NULL::timestamptz AS last_at, w.event, " \
	"w.actor, w.login, w.relation, w.columns, w.purpose, w.intervention, " \
	"CASE WHEN w.event IN ('report', 'contact_end', 'contact_refused') OR " IS_PLAIN " THEN nullif(" REASON ", '') END AS reason, 1::bigint AS times, w.count, " \
	"w.opens_at, w.closes_at, CASE WHEN $4 AND " IS_OURS " AND w.leaf_version >= 2 AND " HAS_TABLE " THEN contact_guard.leaf(w.seq) END AS leaf, " \
	"w.reason AS sealed_reason, w.session, " \
	"CASE WHEN octet_length(w.actor_salt) = 16 THEN sha256(convert_to(E'contact_guard/salt/v1\\n', 'UTF8') || int2send(3::smallint) || w.actor_salt) " \
	"ELSE w.customer_salt END AS customer_salt " \
	"FROM (SELECT * FROM contact_guard.whole_log l WHERE l.customer = $1 OFFSET 0) w WHERE w.read_at >= $2 AND w.read_at < $3 "

/*
 * A bulk read; withheld values of which only the number is known, but not those of nobody; and a
 * search by a guarded column, which has compared values and whose record names no customer.
 */
#define UNNAMED(which) \
	"UNION ALL SELECT 'unnamed', NULL, min(w.read_at), max(w.read_at), w.event, w.actor, w.login, w.relation, w.columns, w.purpose, " \
	"NULL, " PLAIN_REASON ", count(*), sum(w.count)::bigint, NULL, NULL, NULL, NULL, NULL, NULL FROM contact_guard.whole_log w WHERE w.event = " which \
	" AND w.customer IS NULL AND w.customer_commitment IS NULL AND w.read_at >= $2 AND w.read_at < $3 " \
	"GROUP BY date_trunc('day', w.read_at, 'UTC'), w.event, w.actor, w.login, w.relation, w.columns, w.purpose, " PLAIN_REASON " "

/*
 * Records exist from the time of the last purge on, though some that were held may be older; or
 * from the first record.
 *
 * A gap may be noticed after the period, and a purge may have taken records of it at any time.
 */
#define PURGED "date_trunc('month', substring(w.reason FROM '^\\d+ months before (\\d+-\\d\\d-\\d\\d [0-9:.]+[+-][0-9]+(:[0-9]+)*)')::timestamptz, 'UTC')"
#define OF_THE_LOG \
	"UNION ALL SELECT 'log', CASE WHEN " IS_OURS " THEN w.seq END, w.read_at, CASE WHEN w.event = 'purge' THEN " PURGED " END, w.event, " \
	"NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, w.count, NULL, NULL, NULL, NULL, NULL, NULL FROM contact_guard.whole_log w " \
	"WHERE w.event IN ('gap', 'erasure', 'purge') AND (w.event = 'purge' OR w.read_at >= $2) " \
	"AND coalesce(w.reason !~ '" CG_REASON_UNDONE_PATTERN "', true) " \
	"UNION ALL SELECT 'since', NULL, coalesce((SELECT max(" PURGED ") FROM contact_guard.whole_log w WHERE w.event = 'purge'), " \
	"(SELECT min(w.read_at) FROM contact_guard.whole_log w)), $5, " \
	"NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL) "

#define IS_GIVEN "f.leaf IS NOT NULL AND " IS_SEALED("f.sealed_reason") " AND " IS_SEALED("f.session")

/* Exact times and numbers, by which records of two reports can be joined, are for proofs alone. */
#define COARSE(time) "CASE WHEN $4 AND f.kind <> 'unnamed' THEN " time " ELSE date_trunc('second', " time ") END"

/* In the order of the function's columns; "reader" is the actor here. */
#define REPORT_QUERY \
	CATEGORIES NAMED UNNAMED("'bulk'") UNNAMED("'lookup'") UNNAMED("'searched'") \
	UNNAMED("'withheld' AND coalesce(w.reason, '') NOT LIKE '" CG_REASON_NO_CUSTOMER "%'") OF_THE_LOG \
	"SELECT f.kind, CASE WHEN $4 THEN f.seq END, " COARSE("f.read_at") ", " COARSE("f.last_at") ", f.event, f.actor, coalesce(a.label, p.label), f.relation, f.columns, f.purpose, " \
	"f.intervention, f.opens_at, f.closes_at, f.reason, f.times, f.count, CASE WHEN " IS_GIVEN " THEN f.leaf END, " \
	"CASE WHEN " IS_GIVEN " THEN f.customer_salt END " \
	"FROM found f LEFT JOIN category a ON a.role = f.actor LEFT JOIN category p ON p.role = f.login " \
	"ORDER BY f.kind, f.read_at, f.seq"
#define KIND 0
#define READER 5
#define REPORT_COLUMNS 18

typedef struct Report
{
	ReturnSetInfo *result;
	uint8		key[CG_PSEUDONYM_KEY];
	int64		rows;
} Report;

static char *customer_key(FunctionCallInfo fcinfo);
static void take_report_row(HeapTuple row, TupleDesc tupdesc, void *arg);
static void require_text_of_name(const char *reference);

/* The key as it stands in records. */
static char *
customer_key(FunctionCallInfo fcinfo)
{
	char	   *key = NULL;
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, 0);

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the customer must not be null")));
	if (OidIsValid(type))
		key = cg_customerkey_text(PG_GETARG_DATUM(0), getBaseType(type));
	if (key == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a customer key cannot be of type %s", OidIsValid(type) ? format_type_be(type) : "unknown")));
	return unconstify(char *, cg_storable_text(cg_record_customer(key), CG_CUSTOMER_LENGTH));
}

char *
cg_subject_reference(FunctionCallInfo fcinfo, int n)
{
	char	   *reference = cg_eventrecord_text_argument(fcinfo, n, "reference");

	require_text_of_name(reference);
	return reference;
}

/* It stands in the log's tree for good, and on paper. */
static void
require_text_of_name(const char *reference)
{
	bool		good = strlen(reference) <= REFERENCE_LENGTH;

	for (const char *at = reference; *at != '\0' && good; at++)
		good = *at > ' ' && *at <= '~' && *at != '"' && *at != '\\';
	if (!good)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the reference must be at most %d visible ASCII characters without quotes and backslashes", REFERENCE_LENGTH),
				 errhint("It stays in the log for good, so it should name nobody.")));
}

/* By its OID, as all commands on roles call it, also where the schema has another name */
List *
cg_subject_categories(void)
{
	Oid			relid = cg_objects_relation("category", true);
	List	   *roles = NIL;
	int			place[CG_OWN_COLUMNS];
	Relation	rel;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (!OidIsValid(relid))
		return NIL;
	rel = table_open(relid, AccessShareLock);
	(void) cg_owncolumns_place(CG_OWN_CATEGORY, RelationGetDescr(rel), place);
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		role = heap_getattr(tuple, place[0] + 1, RelationGetDescr(rel), &isnull);

		if (!isnull)
			roles = lappend_oid(roles, DatumGetObjectId(role));
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return roles;
}

void
cg_subject_flush(void)
{
	if (!cg_messages_flush())
		ereport(ERROR,
				(errcode(ERRCODE_T_R_STATEMENT_COMPLETION_UNKNOWN),
				 errmsg("a synchronous standby has not acknowledged the record of the report")));
}

static void
take_report_row(HeapTuple row, TupleDesc tupdesc, void *arg)
{
	Report	   *report = arg;
	Datum		values[REPORT_COLUMNS];
	bool		nulls[REPORT_COLUMNS];

	heap_deform_tuple(row, tupdesc, values, nulls);
	if (!nulls[READER])
	{
		char		name[CG_PSEUDONYM_LENGTH + 1];

		cg_pseudonym_make(report->key, strcmp(TextDatumGetCString(values[KIND]), "named") == 0, TextDatumGetCString(values[READER]), name);
		values[READER] = CStringGetTextDatum(name);
	}
	tuplestore_putvalues(report->result->setResult, report->result->setDesc, values, nulls);
	report->rows++;
}

Datum
cg_subject_report(PG_FUNCTION_ARGS)
{
	char	   *customer = customer_key(fcinfo);
	char	   *reference = cg_subject_reference(fcinfo, 1);
	Oid			types[5] = {TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, BOOLOID, TIMESTAMPTZOID};
	Datum		values[5] = {CStringGetTextDatum(customer)};
	Report		report = {(ReturnSetInfo *) fcinfo->resultinfo};
	char	   *since;

	cg_roles_require_own("make a report to a customer");
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("cannot make a report at this isolation level"),
				 errdetail("The transaction cannot see what has been recorded since it began."),
				 errhint("Use READ COMMITTED.")));
	if (PG_ARGISNULL(2) || PG_ARGISNULL(3) || PG_ARGISNULL(4) || PG_GETARG_TIMESTAMPTZ(2) >= PG_GETARG_TIMESTAMPTZ(3))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the period of the report must end after it begins")));
	InitMaterializedSRF(fcinfo, 0);
	if (report.result->setDesc->natts != REPORT_COLUMNS)
		elog(ERROR, "subject_report() has %d columns", report.result->setDesc->natts);
	for (int i = 1; i < 4; i++)
		values[i] = PG_GETARG_DATUM(i + 1);
	/* What has left until now is in the report. */
	values[4] = TimestampTzGetDatum(GetCurrentTimestamp());
	cg_synced_require();
	cg_pseudonym_key(reference, customer, report.key);
	cg_owncommand_query(REPORT_QUERY, lengthof(values), types, values, take_report_row, &report);
	since = pstrdup(timestamptz_to_str(PG_GETARG_TIMESTAMPTZ(2)));
	cg_eventrecord_write(CG_EVENT_REPORT, customer, report.rows,
						 psprintf("report \"%s\", from %s until %s", reference, since, timestamptz_to_str(PG_GETARG_TIMESTAMPTZ(3))));
	cg_subject_flush();
	return (Datum) 0;
}
