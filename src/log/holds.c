/*
 * holds.c
 *		hold(), release_hold(), and the locks of all functions that remove log records.
 *
 * Every purge and erasure that ends after a hold must see it.  So they wait for
 * uncommitted holds, and take a new snapshot after the wait.
 *
 * Locks are taken in this order: contact_guard.log, contact_guard.held, query_text.  But a
 * purge that deletes restored rows has contact_guard.held long before it asks for the log.
 * So nobody keeps a lock on the log while he waits for contact_guard.held.  Only a
 * transaction that has read the log before cannot give that lock back: it asks again and
 * again, for a while.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/wait_event.h"

#include "base/objects.h"
#include "base/ownrows.h"
#include "base/owncommand.h"
#include "base/roles.h"
#include "journal/eventrecord.h"
#include "journal/storable.h"
#include "log/holds.h"
#include "log/ranges.h"
#include "log/synced.h"

/* How long a transaction that has read the log asks for contact_guard.held. */
#define PATIENCE_MS 10000
#define POLL_MS 50

/*
 * A customer whom the log says to be on hold, and contact_guard.held does not.  A release on record
 * ends all holds of its customer.
 */
#define LOST_QUERY \
	"SELECT customer FROM (SELECT DISTINCT ON (customer) customer, reason FROM contact_guard.log " \
	"WHERE event = 'policy' AND customer IS NOT NULL AND reason ~ '^(release )?hold' ORDER BY customer, seq DESC) newest " \
	"WHERE reason NOT LIKE 'release %' AND customer NOT IN (SELECT customer FROM contact_guard.held)"

PG_FUNCTION_INFO_V1(cg_hold);
PG_FUNCTION_INFO_V1(cg_release_hold);

static bool has_locked_log(void);
static void wait_for_held(LOCKMODE mode, const char *what, int *times);
static void lock_held(LOCKMODE mode, const char *what);
static void check_isolation(const char *what);
static bool find_lost(Datum *customer);
static Datum customer_argument(const char *customer);
static bool finds(const char *sql, const char *customer);
static void insert_hold(const char *customer, const char *reason);
static int64 delete_hold(const char *customer);

static bool
has_locked_log(void)
{
	return cg_owncommand_finds("SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation IN ("
							   "SELECT 'contact_guard.log'::regclass UNION ALL "
							   "SELECT inhrelid FROM pg_inherits WHERE inhparent = 'contact_guard.log'::regclass)", 0, NULL, NULL);
}

/* Waits until contact_guard.held can be locked, and does not lock it; see above. */
static void
wait_for_held(LOCKMODE mode, const char *what, int *times)
{
	Oid			held = cg_objects_relation("held", false);

	if (!has_locked_log())
	{
		LockRelationOid(held, mode);
		UnlockRelationOid(held, mode);
		return;
	}
	if ((*times)++ >= PATIENCE_MS / POLL_MS)
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("cannot %s while another session purges, holds or erases records", what),
				 errdetail("This transaction has read the access log before, so that it must not wait for that session."),
				 errhint("Call the function in a transaction of its own.")));
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, POLL_MS, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

/* Without a lock on the log. */
static void
lock_held(LOCKMODE mode, const char *what)
{
	int			times = 0;

	while (!ConditionalLockRelationOid(cg_objects_relation("held", false), mode))
		wait_for_held(mode, what, &times);
}

static void
check_isolation(const char *what)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("cannot %s in a transaction of isolation level REPEATABLE READ or SERIALIZABLE", what),
				 errdetail("The function would not see holds and records that are newer than the transaction's snapshot."),
				 errhint("Call the function in a transaction of isolation level READ COMMITTED.")));
}

void
cg_holds_lock(const char *what)
{
	check_isolation(what);
	lock_held(ShareRowExclusiveLock, what);
}

void
cg_holds_begin(LOCKMODE log_lock, const char *what)
{
	Oid			log = cg_objects_relation("log", false);
	int			times = 0;

	check_isolation(what);
	for (;;)
	{
		/* A transaction that has read the log and then holds or erases has this order, too. */
		LockRelationOid(log, log_lock);
		if (ConditionalLockRelationOid(cg_objects_relation("held", false), ShareRowExclusiveLock))
			break;
		UnlockRelationOid(log, log_lock);
		wait_for_held(ShareRowExclusiveLock, what, &times);
	}
	PushActiveSnapshot(GetLatestSnapshot());
}

/* In a subtransaction whose end releases the locks: see retention.c. */
static bool
find_lost(Datum *customer)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	bool		lost;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PushActiveSnapshot(GetLatestSnapshot());
	lost = cg_owncommand_select(LOST_QUERY, 0, NULL, NULL, TEXTOID, customer);
	PopActiveSnapshot();
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return lost;
}

/* The newest records may not be stored yet, so a hold is missed only if it is after a while, too. */
void
cg_holds_require_recorded(const char *what)
{
	Datum		customer;

	if (!find_lost(&customer))
		return;
	(void) cg_synced_wait(PATIENCE_MS);
	if (!find_lost(&customer))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("cannot %s while a hold of customer \"%s\" is missing", what, TextDatumGetCString(customer)),
			 errdetail("The access log has the record of this hold, and none of its release; contact_guard.held does not have it."),
			 errhint("Call contact_guard.hold() to hold the customer again, or contact_guard.release_hold() to end the hold, in a transaction of its own.")));
}

static Datum
customer_argument(const char *customer)
{
	return CStringGetTextDatum(cg_storable_text(cg_record_customer(customer), CG_CUSTOMER_LENGTH));
}

static bool
finds(const char *sql, const char *customer)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {customer_argument(customer)};

	return cg_owncommand_finds(sql, 1, types, values);
}

/* Logical decoding must not see a hold, nor any other row that names a customer. */
static void
insert_hold(const char *customer, const char *reason)
{
	Datum		values[Natts_held];
	bool		nulls[Natts_held] = {false};

	values[Anum_held_customer - 1] = customer_argument(customer);
	values[Anum_held_reason - 1] = CStringGetTextDatum(reason);
	values[Anum_held_held_by - 1] = CStringGetTextDatum(GetUserNameFromId(GetUserId(), false));
	values[Anum_held_held_at - 1] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	cg_ownrows_insert(CG_OWN_HELD, values, nulls);
}

static int64
delete_hold(const char *customer)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {customer_argument(customer)};

	return cg_ownrows_delete("SELECT tableoid, ctid FROM contact_guard.held WHERE customer = $1 FOR UPDATE",
							 1, types, values);
}

Datum
cg_hold(PG_FUNCTION_ARGS)
{
	char	   *customer;
	char	   *reason;
	Oid			types[1] = {TEXTOID};
	Datum		values[1];
	List	   *ranges;

	cg_roles_require_admin("hold a customer's records");
	customer = cg_eventrecord_text_argument(fcinfo, 0, "customer");
	reason = cg_eventrecord_text_argument(fcinfo, 1, "reason");
	cg_holds_begin(AccessShareLock, "hold a customer's records");
	if (!finds("SELECT FROM contact_guard.access_log WHERE customer = $1 LIMIT 1", customer))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("no record in the access log names customer \"%s\"", customer),
				 errhint("If its records may not be stored yet, call contact_guard.sync() first.")));
	if (finds("SELECT FROM contact_guard.held WHERE customer = $1", customer))
	{
		ereport(NOTICE,
				(errmsg("the records of customer \"%s\" are held already", customer)));
		PopActiveSnapshot();
		PG_RETURN_VOID();
	}
	insert_hold(customer, reason);
	values[0] = customer_argument(customer);
	/* The rows that it holds from its beginning */
	ranges = cg_ranges_find(CG_RANGES_WHERE("customer = $1"), 1, types, values);
	PopActiveSnapshot();
	cg_ranges_record(CG_EVENT_POLICY, customer, "hold", ranges, 1, reason);
	PG_RETURN_VOID();
}

Datum
cg_release_hold(PG_FUNCTION_ARGS)
{
	char	   *customer;

	cg_roles_require_admin("release a hold");
	customer = cg_eventrecord_text_argument(fcinfo, 0, "customer");
	lock_held(RowExclusiveLock, "release a hold");
	if (delete_hold(customer) == 0 && !finds(LOST_QUERY " AND customer = $1", customer))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the records of customer \"%s\" are not held", customer)));
	cg_eventrecord_event(CG_EVENT_POLICY, customer, 1,
						 PG_ARGISNULL(1) ? "release hold" :
						 psprintf("release hold: %s", text_to_cstring(PG_GETARG_TEXT_PP(1))));
	PG_RETURN_VOID();
}
