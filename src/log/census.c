/*
 * census.c
 *		Which databases have a journal: the launcher asks each of them once.
 *
 * After a start, a crash or a promotion shared memory does not say which databases have
 * unrecorded messages.  The launcher cannot look, because it is not connected to a
 * database.  So each database gets an entry in shared memory, a few at a time, and the
 * entry makes the launcher start a recorder.  The recorder reads on from its stored
 * position and sets the position in the entry.  If the extension is not there, the
 * recorder removes the entry.  Until all databases have answered, the slot does not move.
 *
 * If more databases have a journal than shared memory has entries, each of the others
 * borrows one, so that what WAL has of it is recorded and the slot can move.
 *
 * A session that creates the extension later makes an entry first.  So each database is
 * asked only once.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_database.h"
#include "replication/slot.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "base/guc.h"
#include "base/shared.h"
#include "log/census.h"

/* Few, since max_worker_processes is small.  A recorder that failed is not counted. */
#define AT_ONCE 2

static bool begun = false;
static List *waiting = NIL;		/* OIDs of databases, in TopMemoryContext */
static List *asked = NIL;		/* those that have an entry and have not answered */

static int	drop_answered(void);
static bool ask_database(Oid oid);
static void warn_of_others(int others);

bool
cg_census_take(void)
{
	int			asking;

	/* Without these settings there can be neither a journal nor a slot. */
	if (wal_level < WAL_LEVEL_REPLICA || max_replication_slots == 0)
		return true;
	if (!begun)
		waiting = cg_census_databases();
	begun = true;
	asking = drop_answered();
	while (waiting != NIL && asking < AT_ONCE && ask_database(linitial_oid(waiting)))
	{
		MemoryContext oldcontext = MemoryContextSwitchTo(TopMemoryContext);

		asked = lappend_oid(asked, linitial_oid(waiting));
		waiting = list_delete_first(waiting);
		MemoryContextSwitchTo(oldcontext);
		asking++;
	}
	return waiting == NIL && asked == NIL;
}

/* Databases that allow no connections are listed, too: WAL may have their messages. */
List *
cg_census_databases(void)
{
	List	   *result = NIL;
	Relation	catalog;
	TableScanDesc scan;
	HeapTuple	tuple;

	StartTransactionCommand();
	catalog = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(catalog, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database database = (Form_pg_database) GETSTRUCT(tuple);
		MemoryContext oldcontext = MemoryContextSwitchTo(TopMemoryContext);

		/* A database that an interrupted DROP DATABASE has left allows no connection at all. */
		if (database->datconnlimit != DATCONNLIMIT_INVALID_DB)
			result = lappend_oid(result, database->oid);
		MemoryContextSwitchTo(oldcontext);
	}
	table_endscan(scan);
	table_close(catalog, AccessShareLock);
	CommitTransactionCommand();
	/*
	 * If there are more databases than entries, the oldest databases get one.  So a new
	 * database, or a moved row of pg_database, cannot take the entry of an older one.
	 */
	list_sort(result, list_oid_cmp);
	return result;
}

bool
cg_census_exists(Oid oid)
{
	bool		exists;

	StartTransactionCommand();
	exists = SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(oid));
	CommitTransactionCommand();
	return exists;
}

/*
 * Drops from the list the databases whose entry has a position, or has gone.  Returns
 * how many of the others have a recorder that has not failed.
 */
static int
drop_answered(void)
{
	int			asking = 0;
	int			others;
	ListCell   *lc;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	foreach(lc, asked)
	{
		CgDatabase *database = cg_shared_database(lfirst_oid(lc), false);

		if (database && database->recorder == 0 && cg_shared_has_repaid(database))
		{
			cg_shared_take_back(database);
			database = NULL;
		}
		if (database == NULL || (!XLogRecPtrIsInvalid(database->recorded) && !database->turned_away))
			asked = foreach_delete_current(asked, lc);
		else if (database->failures <= 1)
			asking++;
	}
	others = cg_shared->turned_away;
	LWLockRelease(cg_shared->lock);
	warn_of_others(others);
	return asking;
}

/* False if no entry is free, and the one to lend is lent. */
static bool
ask_database(Oid oid)
{
	bool		room;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	room = cg_shared_database(oid, true) != NULL || cg_shared_lend(oid) != NULL;
	LWLockRelease(cg_shared->lock);
	return room;
}

static void
warn_of_others(int others)
{
	static int	told = 0;

	if (others == told)
		return;
	told = others;
	ereport(WARNING,
			(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			 errmsg("more than %d databases of this server use contact_guard", cg_max_databases),
			 errdetail("Guarded columns cannot be read in %d of them.", others),
			 errhint("Raise contact_guard.max_databases and restart the server.")));
}
