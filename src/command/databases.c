/*
 * databases.c
 *		CREATE, DROP and ALTER DATABASE, which need a database without other sessions.
 *
 * PostgreSQL waits five seconds for other sessions to end, and sends a signal only to
 * autovacuum workers.  A background worker counts as a session.  So the recorder is told
 * to end before the command looks.
 *
 * If the process that holds a database dies, the hold ends after a minute.  A recorder that
 * starts while a database is being copied or dropped waits for the lock on it.
 */
#include "postgres.h"

#include <signal.h>

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "utils/acl.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/shared.h"
#include "command/databases.h"
#include "compat.h"

#define HOLD_MS 60000
#define PATIENCE_MS 5000
#define LOOK_MS 10000
#define QUIET_MS 1000

static const char *wanted_database(Node *statement);
static bool may_create_databases(void);
static bool is_template(Oid database);
static bool may_have(Node *statement, Oid database, bool is_top_level);
static CgGuards guards_of(Oid oid);
static void require_unguarded(Oid oid, const char *name);
static void hold_database(Oid oid);
static void release_own(XactEvent event, void *arg);
static void release_own_sub(SubXactEvent event, SubTransactionId me, SubTransactionId parent, void *arg);

/* The subtransaction in which DROP EXTENSION has made our recorder end, or Invalid. */
static SubTransactionId own_held = InvalidSubTransactionId;

/* The database to which no session may be connected, or NULL. */
static const char *
wanted_database(Node *statement)
{
	ListCell   *lc;

	switch (nodeTag(statement))
	{
		case T_CreatedbStmt:
			foreach(lc, ((CreatedbStmt *) statement)->options)
			{
				DefElem    *option = lfirst_node(DefElem, lc);

				if (strcmp(option->defname, "template") == 0 && option->arg)
					return defGetString(option);
			}
			return "template1";
		case T_DropdbStmt:
			return ((DropdbStmt *) statement)->dbname;
		case T_RenameStmt:
			if (((RenameStmt *) statement)->renameType == OBJECT_DATABASE)
				return ((RenameStmt *) statement)->subname;
			return NULL;
		case T_AlterDatabaseStmt:
			foreach(lc, ((AlterDatabaseStmt *) statement)->options)
				if (strcmp(lfirst_node(DefElem, lc)->defname, "tablespace") == 0)
					return ((AlterDatabaseStmt *) statement)->dbname;
			return NULL;
		default:
			return NULL;
	}
}

static bool
may_create_databases(void)
{
	HeapTuple	tuple;
	bool		result = superuser();

	tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(GetUserId()));
	if (HeapTupleIsValid(tuple))
	{
		result = result || ((Form_pg_authid) GETSTRUCT(tuple))->rolcreatedb;
		ReleaseSysCache(tuple);
	}
	return result;
}

static bool
is_template(Oid database)
{
	HeapTuple	tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(database));
	bool		result = false;

	if (HeapTupleIsValid(tuple))
	{
		result = ((Form_pg_database) GETSTRUCT(tuple))->datistemplate;
		ReleaseSysCache(tuple);
	}
	return result;
}

/* Checks the privileges that PostgreSQL checks, and what it refuses for every role. */
static bool
may_have(Node *statement, Oid database, bool is_top_level)
{
	bool		owner = object_ownercheck(DatabaseRelationId, database, GetUserId());

	if (!IsA(statement, RenameStmt) && IsInTransactionBlock(is_top_level))
		return false;
	if (!IsA(statement, CreatedbStmt) && database == MyDatabaseId)
		return false;
	switch (nodeTag(statement))
	{
		case T_CreatedbStmt:
			return may_create_databases() && (owner || is_template(database)) &&
				!OidIsValid(get_database_oid(((CreatedbStmt *) statement)->dbname, true));
		case T_DropdbStmt:
			return owner && !is_template(database);
		case T_RenameStmt:
			return owner && may_create_databases() &&
				!OidIsValid(get_database_oid(((RenameStmt *) statement)->newname, true));
		default:
			return owner;
	}
}

/* This is known when a recorder has looked into the database. */
static CgGuards
guards_of(Oid oid)
{
	CgDatabase *database;
	CgGuards	result;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(oid, false);
	if (database)
		result = database->guards;
	else
		result = cg_shared->census_taken ? cg_shared_guards_of_other(oid) : CG_GUARDS_UNKNOWN;
	LWLockRelease(cg_shared->lock);
	return result;
}

/*
 * A copy has all values, and a log of its own.  When the copy is dropped, the records of its
 * reads are lost.
 */
static void
require_unguarded(Oid oid, const char *name)
{
	TimestampTz give_up = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), LOOK_MS);
	CgGuards	guards;

	while ((guards = guards_of(oid)) == CG_GUARDS_UNKNOWN && GetCurrentTimestamp() < give_up)
		ConditionVariableTimedSleep(&cg_shared->progress, 100, PG_WAIT_EXTENSION);
	ConditionVariableCancelSleep();
	if (guards == CG_GUARDS_UNKNOWN)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("it is not known yet whether database \"%s\" has guarded columns", name),
				 errhint("Try again later: the recorder of contact_guard finds out after the server's start.")));
	if (guards == CG_GUARDS_SOMETHING)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be superuser to copy database \"%s\"", name),
				 errdetail("The database has guarded columns, and reads in a copy are recorded only in the copy."),
				 errhint("Ask a superuser, or use pg_dump, whose reads are recorded.")));
}

/*
 * Makes the recorder end, if there is one, and waits for it.  The recorder sees the hold
 * when its latch wakes it.  If it waits for something else meanwhile, only a signal ends
 * it, and the server log mentions the signal.
 */
static void
hold_database(Oid oid)
{
	TimestampTz begun = GetCurrentTimestamp();
	TimestampTz give_up = TimestampTzPlusMilliseconds(begun, PATIENCE_MS);
	bool		running = true;

	while (running && GetCurrentTimestamp() < give_up)
	{
		CgDatabase *database;

		LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
		database = cg_shared_database(oid, false);
		running = database && database->recorder != 0;
		if (database)
			database->hold_until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), HOLD_MS);
		if (running && TimestampDifferenceExceeds(begun, GetCurrentTimestamp(), QUIET_MS))
			kill(database->recorder, SIGTERM);
		else if (running)
			SetLatch(database->latch);
		LWLockRelease(cg_shared->lock);
		if (running)
			ConditionVariableTimedSleep(&cg_shared->progress, 100, PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
}

Oid
cg_databases_hold(Node *statement, bool is_top_level)
{
	const char *name = wanted_database(statement);
	Oid			oid = name ? get_database_oid(name, true) : InvalidOid;

	/* A command that PostgreSQL will refuse must not stop a recorder. */
	if (!OidIsValid(oid) || !may_have(statement, oid, is_top_level))
		return InvalidOid;
	if (IsA(statement, CreatedbStmt) && !superuser())
		require_unguarded(oid, name);
	hold_database(oid);
	return oid;
}

static void
release_own(XactEvent event, void *arg)
{
	if (own_held == InvalidSubTransactionId ||
		(event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE))
		return;
	own_held = InvalidSubTransactionId;
	cg_databases_release(MyDatabaseId, false);
}

/* After ROLLBACK TO SAVEPOINT, or an error that is caught, the tables are there again. */
static void
release_own_sub(SubXactEvent event, SubTransactionId me, SubTransactionId parent, void *arg)
{
	if (own_held != me)
		return;
	if (event == SUBXACT_EVENT_COMMIT_SUB)
		own_held = parent;
	else if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		own_held = InvalidSubTransactionId;
		cg_databases_release(MyDatabaseId, false);
	}
}

void
cg_databases_hold_own(void)
{
	static bool registered = false;

	if (!registered)
	{
		RegisterXactCallback(release_own, NULL);
		RegisterSubXactCallback(release_own_sub, NULL);
	}
	registered = true;
	if (own_held == InvalidSubTransactionId)
		own_held = GetCurrentSubTransactionId();
	hold_database(MyDatabaseId);
}

void
cg_databases_release(Oid oid, bool dropped)
{
	CgDatabase *database;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(oid, false);
	if (database)
	{
		/* The recorder was told to end, so this does not count as a failure. */
		if (database->hold_until != 0)
		{
			database->failures = 0;
			database->retry_at = 0;
		}
		database->hold_until = 0;
		/* The database's messages are not needed any more, and must not keep WAL. */
		if (dropped && database->recorder == 0)
			(void) cg_shared_remove(database, true);
		else
			cg_shared_wake(database);
	}
	LWLockRelease(cg_shared->lock);
}
