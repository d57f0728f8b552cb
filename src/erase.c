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
 * Locks: of the rows, as an UPDATE has them; the recorder inserts others.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "objects.h"
#include "owntables.h"
#include "policyrecord.h"

PG_FUNCTION_INFO_V1(cg_erase_customer);
PG_FUNCTION_INFO_V1(cg_erase_actor);

static int64 execute(const char *sql, const char *whom);

static int64
execute(const char *sql, const char *whom)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(whom)};

	return (int64) cg_owntables_execute(sql, 1, types, values, NULL, NULL);
}

/* The record must not name whom it forgets. */
Datum
cg_erase_customer(PG_FUNCTION_ARGS)
{
	const char *customer;
	char	   *reason;
	int64		logged;
	int64		rows;

	cg_objects_require_admin("erase a customer from the access log");
	customer = cg_record_customer(cg_objects_text_argument(fcinfo, 0, "customer"));
	reason = cg_objects_text_argument(fcinfo, 1, "reason");
	if (execute("SELECT 1::bigint FROM contact_guard.held WHERE customer = $1", customer) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("the records of customer \"%s\" are held", customer),
				 errhint("See contact_guard.release_hold().")));
	logged = execute("UPDATE contact_guard.log SET customer = NULL, customer_salt = NULL, "
					 "customer_commitment = contact_guard.customer_commitment(customer_salt, customer) "
					 "WHERE customer = $1", customer);
	rows = logged + execute("UPDATE contact_guard.restored_log SET customer = NULL, customer_salt = NULL, "
					"customer_commitment = contact_guard.customer_commitment(customer_salt, customer) "
					"WHERE customer = $1", customer);
	if (rows == 0)
		ereport(NOTICE,
				(errmsg("no record in the access log names customer \"%s\"", customer)));
	else
		cg_policyrecord_event(CG_EVENT_ERASE, NULL, logged, psprintf("a customer: %s", reason));
	PG_RETURN_INT64(rows);
}

Datum
cg_erase_actor(PG_FUNCTION_ARGS)
{
	char	   *actor;
	char	   *reason;
	int64		logged;
	int64		rows;

	cg_objects_require_admin("erase an actor from the access log");
	actor = cg_objects_text_argument(fcinfo, 0, "actor");
	reason = cg_objects_text_argument(fcinfo, 1, "reason");
	logged = execute("UPDATE contact_guard.log SET actor = NULL, login = NULL, client = NULL, application = NULL, "
				   "actor_salt = NULL, "
				   "actor_commitment = contact_guard.actor_commitment(actor_salt, actor, login, client, application) "
				   "WHERE actor = $1", actor);
	rows = logged + execute("UPDATE contact_guard.restored_log SET actor = NULL, login = NULL, client = NULL, application = NULL, "
					"actor_salt = NULL, "
					"actor_commitment = contact_guard.actor_commitment(actor_salt, actor, login, client, application) "
					"WHERE actor = $1", actor);
	if (rows == 0)
		ereport(NOTICE,
				(errmsg("no record in the access log names actor \"%s\"", actor)));
	else
		cg_policyrecord_event(CG_EVENT_ERASE, NULL, logged, psprintf("an actor: %s", reason));
	PG_RETURN_INT64(rows);
}
