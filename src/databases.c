/*
 * databases.c
 *		CREATE, DROP and ALTER DATABASE, which want a database for themselves.
 *
 * PostgreSQL waits for five seconds for other sessions to leave, autovacuum
 * workers get a signal; a background worker counts as a session.  So the
 * recorder is told to go before the command looks.
 *
 * A hold ends by itself after a minute, should its owner die; a recorder that
 * starts while a database is being copied or dropped waits for the lock on it.
 */
#include "postgres.h"

#include <signal.h>

#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "pgstat.h"
#include "utils/timestamp.h"

#include "databases.h"
#include "shared.h"

#define HOLD_MS 60000
#define PATIENCE_MS 5000

static const char *wanted_database(Node *statement);

/* The database that nobody may be connected to, or NULL. */
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

Oid
cg_databases_hold(Node *statement)
{
	const char *name = wanted_database(statement);
	Oid			oid = name ? get_database_oid(name, true) : InvalidOid;
	TimestampTz give_up;
	bool		running = true;

	if (!OidIsValid(oid))
		return InvalidOid;
	give_up = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), PATIENCE_MS);
	while (running && GetCurrentTimestamp() < give_up)
	{
		CgDatabase *database;

		LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
		database = cg_shared_database(oid, false);
		running = database && database->recorder != 0;
		if (database)
			database->hold_until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), HOLD_MS);
		if (running)
			kill(database->recorder, SIGTERM);
		LWLockRelease(cg_shared->lock);
		if (running)
			ConditionVariableTimedSleep(&cg_shared->progress, 100, PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
	return oid;
}

void
cg_databases_release(Oid oid, bool dropped)
{
	CgDatabase *database;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(oid, false);
	if (database)
	{
		database->hold_until = 0;
		/* Its messages are nobody's now, and must not keep WAL. */
		if (dropped && database->recorder == 0)
			memset(database, 0, sizeof(CgDatabase));
		else
			cg_shared_wake(database);
	}
	LWLockRelease(cg_shared->lock);
}
