/*
 * erase.c
 *		erase_customer(), erase_actor().
 *
 * The values and their salts are removed.  The commitment stays, since the row's leaf
 * contains it.  So the row can still be verified, but does not say whom it was about.
 * A record without its actor has all other values itself (logcommon.c): the row that it
 * shared would say whether its login was its actor.  A record of a window that moved names
 * two people, who moved it and whose window it is, and whoever of them is erased, both are:
 * they have one commitment.  The reason stays, and may name the role
 * that a permission was given to.  VACUUM removes the dead rows.  Older copies remain in WAL
 * and in backups as long as these are kept.
 *
 * The record names the rows of contact_guard.log whose values it removes, as that of a purge
 * names what it removes: contact-guard verify accepts erased values in these rows only.  (So it
 * tells that these rows are of one customer or actor.)  Which rows they are is settled first.
 * Whatever the recorder stores meanwhile has higher numbers, and stays.  Rows that a restore has
 * brought are not named: their hash is on record.
 *
 * A caller can erase neither his own name nor the customers whom he has read.  The name
 * of a reader stays in records that are younger than contact_guard.min_retention, in those
 * of customers who are held, and in the records of erasures: otherwise two admins could
 * erase what they have just read, and then each other.
 *
 * What was read before the call is stored first, so that its records are erased, too.
 *
 * Locks: each row, as UPDATE locks it.  The recorder is not hindered, since it only
 * inserts rows.  Holds cannot change meanwhile: see holds.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "libpq/libpq-be.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/guc.h"
#include "base/ownrows.h"
#include "base/owncommand.h"
#include "base/owntables.h"
#include "base/roles.h"
#include "journal/eventrecord.h"
#include "journal/storable.h"
#include "log/brought.h"
#include "log/holds.h"
#include "log/pseudonym.h"
#include "log/ranges.h"
#include "log/synced.h"

PG_FUNCTION_INFO_V1(cg_erase_customer);
PG_FUNCTION_INFO_V1(cg_erase_actor);

/* How long an erasure waits for records of reads before it. */
#define PATIENCE_MS 10000

/* A group's salt, which stands in a column or is made of the row's secret: see salt.h. */
#define SALT(group, column) \
	"CASE WHEN octet_length(actor_salt) = 16 THEN " \
	"sha256(convert_to(E'contact_guard/salt/v1\\n', 'UTF8') || int2send(" group "::smallint) || actor_salt) " \
	"ELSE " column " END"

/*
 * The records of a customer, and those that name an actor.  A technician is named in records
 * that are rare, which have an index of their own.
 */
#define OF_CUSTOMER "customer = $1"
#define OF_ACTOR "(actor = $1 OR (technician = $1 AND event NOT IN ('shown', 'withheld')))"

/* The records whose actor is erased: $2 is the time from which they are too young. */
#define ERASED_ACTOR OF_ACTOR " AND event <> 'erasure' AND read_at < $2 AND NOT " CG_IS_HELD

/* The rows of the log that were there when the record's ranges were looked up: $3 is the last one. */
#define SETTLED "seq <= $3"

/*
 * The columns that change when a group of values (leaf.h) is erased.  Rows are replaced
 * and not updated, since each UPDATE is decoded where there is a logical slot.
 */
#define WITHOUT_CUSTOMER \
	"SELECT tableoid, ctid, NULL::text AS customer, NULL::bytea AS customer_salt, " \
	SALT("4", "actor_salt") " AS actor_salt, " SALT("26", "execution_salt") " AS execution_salt, " \
	"contact_guard.customer_commitment(" SALT("3", "customer_salt") ", customer) AS customer_commitment FROM contact_guard.%s " \
	"WHERE " OF_CUSTOMER " AND %s FOR UPDATE"
#define WITHOUT_ACTOR(login, identity, also, from, condition) \
	"SELECT l.tableoid, l.ctid, NULL::text AS actor, NULL::text AS login, NULL::text AS client, NULL::text AS application, " \
	"NULL::text AS identity, NULL::text AS technician, NULL::bytea AS actor_salt, " SALT("3", "customer_salt") " AS customer_salt, " \
	SALT("26", "execution_salt") " AS execution_salt, " \
	"contact_guard.actor_commitment(leaf_version, " SALT("4", "actor_salt") ", actor, " login ", client, application, " \
	identity ", technician) AS actor_commitment " \
	also " FROM " from \
	" WHERE " ERASED_ACTOR " AND " condition " FOR UPDATE OF l"
#define WITHOUT_ACTOR_LOG \
	WITHOUT_ACTOR(CG_LOG_LOGIN, CG_LOG_VALUE("identity"), ", " CG_LOG_VALUE("relation") " AS relation, " CG_LOG_VALUE("columns") " AS columns, " \
				  CG_LOG_VALUE("count") " AS count, " CG_LOG_VALUE("purpose") " AS purpose, " \
				  CG_LOG_VALUE("reason") " AS reason, NULL::integer AS common", CG_LOG_JOIN, SETTLED)
#define WITHOUT_ACTOR_RESTORED WITHOUT_ACTOR("login", "identity", "", "contact_guard.restored_log l", "true")

typedef struct Erasure
{
	const char *whom;
	TimestampTz before;			/* the time from which records of readers are too young */
	List	   *ranges;			/* of rows of the log: what the record names */
	int64		last;			/* the last of these rows */
} Erasure;

static bool finds_row_about(const char *sql, const char *whom);
static void await_records(const char *what);
static void begin_erasure(Erasure *erasure, const char *whom);
static int64 replace(const Erasure *erasure, const char *sql);
static int64 replace_named(Erasure *erasure, const char *ranges, const char *sql);
static void forget_passed(const char *customer);
static void forget_contacts(const char *condition, const char *whom);
static void forget_telephone(const char *actor);
static bool names_caller(const char *records, const char *whom);
static void refuse_own(const char *records, const char *whom);

static bool
finds_row_about(const char *sql, const char *whom)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(whom)};

	return cg_owncommand_finds(sql, 1, types, values);
}

/*
 * A record that is under way would be stored behind the erasure, and name whom it erases.  If
 * the recorder does not come, what is stored is erased nevertheless, and that is said.
 */
static void
await_records(const char *what)
{
	if (!cg_synced_wait(PATIENCE_MS))
		ereport(WARNING,
				(errmsg("records of reads before this erasure are not stored yet, and may name the %s when they are", what),
				 errdetail("contact_guard's recorder has not stored them within %d seconds.", PATIENCE_MS / 1000),
				 errhint("Call contact_guard.sync(), and then erase once more.")));
}

static void
begin_erasure(Erasure *erasure, const char *whom)
{
	erasure->whom = whom;
	erasure->before = GetCurrentTimestamp() - (int64) cg_min_retention * USECS_PER_MINUTE;
	erasure->ranges = NIL;
	erasure->last = -1;
}

/* The text of sql uses $2 and $3, the time and the last row, or does not. */
static int64
replace(const Erasure *erasure, const char *sql)
{
	Oid			types[3] = {TEXTOID, TIMESTAMPTZOID, INT8OID};
	Datum		values[3];

	values[0] = CStringGetTextDatum(erasure->whom);
	values[1] = TimestampTzGetDatum(erasure->before);
	values[2] = Int64GetDatum(erasure->last);
	return cg_ownrows_replace(sql, 3, types, values);
}

/* For the log itself: looks up the ranges, and replaces the rows that they name, no others. */
static int64
replace_named(Erasure *erasure, const char *ranges, const char *sql)
{
	Oid			types[2] = {TEXTOID, TIMESTAMPTZOID};
	Datum		values[2];
	int64		rows;

	values[0] = CStringGetTextDatum(erasure->whom);
	values[1] = TimestampTzGetDatum(erasure->before);
	erasure->ranges = cg_ranges_find(ranges, 2, types, values);
	if (erasure->ranges != NIL)
		erasure->last = ((CgRange *) llast(erasure->ranges))->last;
	rows = replace(erasure, sql);
	if (rows != cg_ranges_rows(erasure->ranges))
		elog(ERROR, "rows of contact_guard.log that are to be erased have changed");
	return rows;
}

/*
 * Messages that could not be stored cannot be taken apart.  So each message that
 * contains the key is removed as a whole.
 */
static void
forget_passed(const char *customer)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(customer)};

	(void) cg_ownrows_delete("SELECT tableoid, ctid FROM contact_guard.journal_passed "
							 "WHERE position(convert_to($1, getdatabaseencoding()) IN message) > 0 FOR UPDATE",
							 1, types, values);
}

/*
 * Tokens name who may call whom.  The token of a call that goes on stays: its end is to have a
 * record.  condition: on a row t.
 */
static void
forget_contacts(const char *condition, const char *whom)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(whom)};

	(void) cg_ownrows_delete(psprintf("SELECT tableoid, ctid FROM contact_guard.contact_token t WHERE %s AND NOT EXISTS "
									  "(SELECT FROM contact_guard.contact_call c WHERE c.token = t.token AND c.code = 200 "
									  "AND c.answered_at IS NOT NULL AND c.ended_at IS NULL) FOR UPDATE", condition),
							 1, types, values);
	/* Who has called by a relay number is known by its contact alone. */
	(void) cg_ownrows_delete("SELECT tableoid, ctid FROM contact_guard.relay_party p WHERE NOT EXISTS "
							 "(SELECT FROM contact_guard.contact_token t WHERE t.token = p.token) FOR UPDATE", 0, NULL, NULL);
}

static void
forget_telephone(const char *actor)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(actor)};

	(void) cg_owncommand_execute("DELETE FROM contact_guard.relay_telephone WHERE technician = $1", 1, types, values, NULL);
}

/*
 * Is the caller the reader in records of this customer or actor?  The caller's names
 * are those that his own records have: the role that logged in, the roles that he has
 * set, and the actor.
 */
static bool
names_caller(const char *records, const char *whom)
{
	Oid			types[2] = {TEXTOID, TEXTARRAYOID};
	Datum		values[2];
	Datum		names[4];
	int			count = 0;

	names[count++] = CStringGetTextDatum(cg_actor_current().name);
	names[count++] = CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false));
	names[count++] = CStringGetTextDatum(GetUserNameFromId(GetOuterUserId(), false));
	if (MyProcPort)
		names[count++] = CStringGetTextDatum(MyProcPort->user_name);
	values[0] = CStringGetTextDatum(whom);
	values[1] = PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
	return cg_owncommand_finds(psprintf("SELECT FROM contact_guard.whole_log "
									   "WHERE %s AND (actor = ANY ($2) OR login = ANY ($2)) LIMIT 1", records),
							  2, types, values);
}

/* A reader who could erase his own records could deny afterwards that he has read. */
static void
refuse_own(const char *records, const char *whom)
{
	if (names_caller(records, whom))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot erase records in which you are the reader"),
				 errhint("Ask another member of role \"contact_guard_admin\" to erase them.")));
}

/* The record of the erasure must not name the customer. */
Datum
cg_erase_customer(PG_FUNCTION_ARGS)
{
	const char *customer;
	char	   *reason;
	int64		logged;
	int64		restored;
	int64		rows;
	Erasure		erasure;

	cg_roles_require_admin("erase a customer from the access log");
	customer = cg_eventrecord_text_argument(fcinfo, 0, "customer");
	customer = cg_storable_text(cg_record_customer(customer), CG_CUSTOMER_LENGTH);
	reason = cg_eventrecord_text_argument(fcinfo, 1, "reason");
	await_records("customer");
	cg_holds_require_recorded("erase a customer from the access log");
	cg_holds_begin(RowExclusiveLock, "erase a customer from the access log");
	if (finds_row_about("SELECT FROM contact_guard.held WHERE customer = $1", customer))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("the records of customer \"%s\" are held", customer),
				 errhint("See contact_guard.release_hold().")));
	refuse_own(OF_CUSTOMER, customer);
	begin_erasure(&erasure, customer);
	logged = replace_named(&erasure, CG_RANGES_WHERE(OF_CUSTOMER), psprintf(WITHOUT_CUSTOMER, "log", SETTLED));
	restored = replace(&erasure, psprintf(WITHOUT_CUSTOMER, "restored_log", "true"));
	rows = logged + restored;
	forget_passed(customer);
	cg_pseudonym_forget_customer(customer);
	forget_contacts("t.customer = $1", customer);
	PopActiveSnapshot();
	if (rows == 0)
		ereport(NOTICE,
				(errmsg("no record in the access log names customer \"%s\"", customer)));
	else
		cg_ranges_record(CG_EVENT_ERASURE, NULL, "a customer", erasure.ranges, logged, reason);
	if (restored > 0)
		cg_brought_record(CG_BROUGHT_REMOVED, restored, cg_brought_hash());
	PG_RETURN_INT64(rows);
}

Datum
cg_erase_actor(PG_FUNCTION_ARGS)
{
	char	   *actor;
	char	   *reason;
	int64		logged;
	int64		restored;
	int64		rows;
	bool		stays;
	Erasure		erasure;

	cg_roles_require_admin("erase an actor from the access log");
	actor = cg_eventrecord_text_argument(fcinfo, 0, "actor");
	reason = cg_eventrecord_text_argument(fcinfo, 1, "reason");
	await_records("actor");
	cg_holds_require_recorded("erase an actor from the access log");
	cg_holds_begin(RowExclusiveLock, "erase an actor from the access log");
	refuse_own(OF_ACTOR, actor);
	begin_erasure(&erasure, actor);
	logged = replace_named(&erasure, CG_RANGES_WHERE(ERASED_ACTOR), WITHOUT_ACTOR_LOG);
	restored = replace(&erasure, WITHOUT_ACTOR_RESTORED);
	cg_pseudonym_forget_actor(actor, erasure.before);
	rows = logged + restored;
	forget_contacts("t.actor = $1", actor);
	forget_telephone(actor);
	stays = finds_row_about("SELECT FROM contact_guard.whole_log WHERE " OF_ACTOR " LIMIT 1", actor);
	PopActiveSnapshot();
	if (stays)
		ereport(NOTICE,
				(errmsg("some records keep the name of actor \"%s\"", actor),
				 errdetail("These are records that are younger than contact_guard.min_retention, records of customers who are held, and records of erasures.")));
	if (rows == 0 && !stays)
		ereport(NOTICE,
				(errmsg("no record in the access log names actor \"%s\"", actor)));
	else if (rows > 0)
		cg_ranges_record(CG_EVENT_ERASURE, NULL, "an actor", erasure.ranges, logged, reason);
	if (restored > 0)
		cg_brought_record(CG_BROUGHT_REMOVED, restored, cg_brought_hash());
	PG_RETURN_INT64(rows);
}
