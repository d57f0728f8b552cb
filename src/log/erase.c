/*
 * erase.c
 *		erase_customer(), erase_actor().
 *
 * The values go, and with them the salts; what stays is the commitment that the
 * row's leaf holds, so that the row still verifies and says nothing of whom it
 * was about.  Dead rows go with VACUUM, older copies with their WAL and backups.
 *
 * The count of the record is that of the log's own rows, without those that a restore
 * has brought: as many values, and no more, contact-guard verify takes for erased.
 *
 * Nobody erases his own name, nor whom he has read; and of customers who are held
 * the name of the reader stays, too.
 *
 * Locks: of the rows, as an UPDATE has them; the recorder inserts others.  Holds
 * neither come nor go meanwhile: see holds.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "libpq/libpq-be.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "base/actor.h"
#include "base/ownrows.h"
#include "base/owncommand.h"
#include "base/owntables.h"
#include "base/roles.h"
#include "journal/eventrecord.h"
#include "journal/storable.h"
#include "log/holds.h"

PG_FUNCTION_INFO_V1(cg_erase_customer);
PG_FUNCTION_INFO_V1(cg_erase_actor);

/*
 * What a row without one group has in place of what it had: see leaf.h.  Replaced and
 * not updated, since each UPDATE is decoded where there is a logical slot.
 */
#define WITHOUT_CUSTOMER \
	"SELECT tableoid, ctid, NULL::text AS customer, NULL::bytea AS customer_salt, " \
	"contact_guard.customer_commitment(customer_salt, customer) AS customer_commitment FROM contact_guard.%s " \
	"WHERE customer = $1 FOR UPDATE"
#define WITHOUT_ACTOR \
	"SELECT tableoid, ctid, NULL::text AS actor, NULL::text AS login, NULL::text AS client, NULL::text AS application, " \
	"NULL::bytea AS actor_salt, " \
	"contact_guard.actor_commitment(actor_salt, actor, login, client, application) AS actor_commitment FROM contact_guard.%s " \
	"WHERE actor = $1 AND NOT " CG_IS_HELD " FOR UPDATE"

static bool finds_row_about(const char *sql, const char *whom);
static int64 replace(const char *sql, const char *whom);
static void forget_passed(const char *customer);
static bool names_caller(const char *column, const char *whom);
static void refuse_own(const char *column, const char *whom);

static bool
finds_row_about(const char *sql, const char *whom)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(whom)};

	return cg_owncommand_finds(sql, 1, types, values);
}

static int64
replace(const char *sql, const char *whom)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(whom)};

	return cg_ownrows_replace(sql, 1, types, values);
}

/* Messages that could not be stored are not told apart: those that have the key go. */
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
 * Is the caller in the records of this customer or actor, whatever he calls himself
 * now?  Who he is is what his own records say: how he logged in, and as whom he acts.
 */
static bool
names_caller(const char *column, const char *whom)
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
									   "WHERE %s = $1 AND (actor = ANY ($2) OR login = ANY ($2)) LIMIT 1", column),
							  2, types, values);
}

/* Whoever has read could say afterwards that it was not him. */
static void
refuse_own(const char *column, const char *whom)
{
	if (names_caller(column, whom))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot erase records in which you are the reader"),
				 errhint("Another member of role \"contact_guard_admin\" can.")));
}

/* The record must not name whom it forgets. */
Datum
cg_erase_customer(PG_FUNCTION_ARGS)
{
	const char *customer;
	char	   *reason;
	int64		logged;
	int64		rows;

	cg_roles_require_admin("erase a customer from the access log");
	customer = cg_eventrecord_text_argument(fcinfo, 0, "customer");
	customer = cg_storable_text(cg_record_customer(customer), CG_CUSTOMER_LENGTH);
	reason = cg_eventrecord_text_argument(fcinfo, 1, "reason");
	cg_holds_begin(RowExclusiveLock, "erase a customer from the access log");
	if (finds_row_about("SELECT FROM contact_guard.held WHERE customer = $1", customer))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("the records of customer \"%s\" are held", customer),
				 errhint("See contact_guard.release_hold().")));
	refuse_own("customer", customer);
	logged = replace(psprintf(WITHOUT_CUSTOMER, "log"), customer);
	rows = logged + replace(psprintf(WITHOUT_CUSTOMER, "restored_log"), customer);
	forget_passed(customer);
	PopActiveSnapshot();
	if (rows == 0)
		ereport(NOTICE,
				(errmsg("no record in the access log names customer \"%s\"", customer)));
	else
		cg_eventrecord_event(CG_EVENT_ERASURE, NULL, logged, psprintf("a customer: %s", reason));
	PG_RETURN_INT64(rows);
}

Datum
cg_erase_actor(PG_FUNCTION_ARGS)
{
	char	   *actor;
	char	   *reason;
	int64		logged;
	int64		rows;
	bool		held;

	cg_roles_require_admin("erase an actor from the access log");
	actor = cg_eventrecord_text_argument(fcinfo, 0, "actor");
	reason = cg_eventrecord_text_argument(fcinfo, 1, "reason");
	cg_holds_begin(RowExclusiveLock, "erase an actor from the access log");
	refuse_own("actor", actor);
	logged = replace(psprintf(WITHOUT_ACTOR, "log"), actor);
	rows = logged + replace(psprintf(WITHOUT_ACTOR, "restored_log"), actor);
	held = finds_row_about("SELECT FROM contact_guard.whole_log WHERE actor = $1 LIMIT 1", actor);
	PopActiveSnapshot();
	if (held)
		ereport(NOTICE,
				(errmsg("records of customers who are held keep the name of actor \"%s\"", actor),
				 errhint("See contact_guard.release_hold().")));
	if (rows == 0 && !held)
		ereport(NOTICE,
				(errmsg("no record in the access log names actor \"%s\"", actor)));
	else if (rows > 0)
		cg_eventrecord_event(CG_EVENT_ERASURE, NULL, logged, psprintf("an actor: %s", reason));
	PG_RETURN_INT64(rows);
}
