/*
 * gather.c
 *		The recorder's pause between two batches.
 *
 * A transaction of the recorder costs as much as fifty records, and a recorder that is
 * woken for each message takes the processor from the readers.  So after each batch it
 * lets messages gather for a while.  A session that writes a message does not wake it in
 * this time; sync(), which waits for the log, does (CgDatabase.awaited).
 *
 * The first message after a time without any is recorded at once.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"

#include "base/guc.h"
#include "base/shared.h"
#include "log/gather.h"

/* How far the log may be behind, if nobody waits for it. */
#define GATHER_MS 100
/* Singly read customers take 200 bytes each, those of a bulk read three. */
#define GATHER_BYTES (256 * 1024)
/* Readers are slowed down at a quarter of max_backlog. */
#define BACKLOG_SHARE 16

static bool may_gather(CgDatabase *database);
static bool begin_gathering(bool always);

static uint64
most_bytes(void)
{
	return Min(GATHER_BYTES, (uint64) cg_max_backlog * 1024 / BACKLOG_SHARE);
}

static bool
may_gather(CgDatabase *database)
{
	return !database->leave && !cg_shared_is_held(database) && !database->wanted &&
		database->awaited <= database->recorded &&
		pg_atomic_read_u64(&database->written_bytes) - pg_atomic_read_u64(&database->recorded_bytes) < most_bytes();
}

static bool
begin_gathering(bool always)
{
	CgDatabase *database;
	bool		result = false;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, false);
	if (database)
	{
		/* Before the look at what is written: a message that comes later wakes this process. */
		pg_atomic_write_u64(&database->wake_at, always ? PG_UINT64_MAX :
							pg_atomic_read_u64(&database->recorded_bytes) + most_bytes());
		pg_memory_barrier();
		result = always || may_gather(database);
	}
	LWLockRelease(cg_shared->lock);
	return result;
}

void
cg_gather_wait(void)
{
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	if (begin_gathering(false))
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, GATHER_MS, PG_WAIT_EXTENSION);
}

void
cg_gather_undisturbed(void)
{
	(void) begin_gathering(true);
}
