/*
 * census.c
 *		Which databases have a journal: the launcher asks each of them once.
 *
 * After a start, a crash or a promotion nobody remembers whose messages are not
 * recorded, and the launcher, connected to no database, cannot look.  So each
 * database gets an entry in shared memory and thereby a recorder, a few at a time.
 * It reads on from its stored position and says so, or removes the entry if the
 * extension is not there.  Until all have answered the slot stays where it is.
 *
 * Who creates the extension later makes an entry first; so asking once is enough.
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

#include "base/shared.h"
#include "log/census.h"

/* max_worker_processes is small; one that cannot start does not hold up the rest. */
#define AT_ONCE 2

static bool begun = false;
static List *waiting = NIL;		/* OIDs of databases, in TopMemoryContext */
static List *asked = NIL;

static void list_databases(void);
static int	drop_answered(void);
static bool ask_database(Oid oid);

bool
cg_census_take(void)
{
	int			asking;

	/* No journal can be written here, and no slot be had. */
	if (wal_level < WAL_LEVEL_REPLICA || max_replication_slots == 0)
		return true;
	if (!begun)
		list_databases();
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

/* Also those that allow no connections: their messages may be in WAL. */
static void
list_databases(void)
{
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

		/* What an interrupted DROP DATABASE has left cannot be connected to. */
		if (database->datconnlimit != DATCONNLIMIT_INVALID_DB)
			waiting = lappend_oid(waiting, database->oid);
		MemoryContextSwitchTo(oldcontext);
	}
	table_endscan(scan);
	table_close(catalog, AccessShareLock);
	CommitTransactionCommand();
	/*
	 * Should there be no room for all, those that are there longest have it: nobody
	 * takes it from them by making more, nor by what moves a row of the catalog.
	 */
	list_sort(waiting, list_oid_cmp);
}

/* Those whose entry has a position, or has gone.  Returns how many are on their way. */
static int
drop_answered(void)
{
	int			asking = 0;
	ListCell   *lc;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	foreach(lc, asked)
	{
		CgDatabase *database = cg_shared_database(lfirst_oid(lc), false);

		if (database == NULL || !XLogRecPtrIsInvalid(database->recorded))
			asked = foreach_delete_current(asked, lc);
		else if (database->failures <= 1)
			asking++;
	}
	LWLockRelease(cg_shared->lock);
	return asking;
}

/* False if there is no room for it: then WAL is kept until somebody makes some. */
static bool
ask_database(Oid oid)
{
	static bool warned = false;
	bool		room;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	room = cg_shared_database(oid, true) != NULL;
	LWLockRelease(cg_shared->lock);
	if (!room && !warned)
	{
		ereport(WARNING,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("more than %d databases of this server use contact_guard", CG_MAX_DATABASES),
				 errdetail("Reads in the others are not recorded, and their WAL is kept.")));
		warned = true;
	}
	return room;
}
