/*
 * shared.c
 *		Shared memory: its request, its start, and access to its entries.
 *
 * The rules of locking are in shared.h.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#include "base/guc.h"
#include "base/identitykeys.h"
#include "base/shared.h"

#define TRANCHE "contact_guard"

/* The postmaster starts a launcher that has ended after one second. */
#define LAUNCHER_COMES_MS 5000

CgShared   *cg_shared = NULL;
bool		cg_shared_launcher_may_come = false;

static shmem_request_hook_type prev_shmem_request_hook = NULL;
static shmem_startup_hook_type prev_shmem_startup_hook = NULL;

static Size shared_size(void);
static void shared_request(void);
static void shared_startup(void);
static void init_entry(CgDatabase *database);
static void clear_entry(CgDatabase *database);

PG_FUNCTION_INFO_V1(cg_require_preload);

/*
 * A library that is loaded into a single session (by LOAD, or by a call of one of its
 * functions) gets no shared memory.  Then cg_shared stays NULL, and code that needs a
 * journal refuses.  _PG_init does not fail in this case, because then the label provider
 * and the refusal of guarded columns would be missing as well.
 */
void
cg_shared_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	prev_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = shared_request;
	prev_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = shared_startup;
}

static Size
shared_size(void)
{
	return add_size(offsetof(CgShared, databases), mul_size(sizeof(CgDatabase), cg_max_databases + 1));
}

static void
init_entry(CgDatabase *database)
{
	pg_atomic_init_u32(&database->inflight, 0);
	pg_atomic_init_u64(&database->written, 0);
	pg_atomic_init_u64(&database->written_bytes, 0);
	pg_atomic_init_u64(&database->recorded_bytes, 0);
	pg_atomic_init_u64(&database->wake_at, 0);
	pg_atomic_init_u64(&database->rotations, 0);
}

/*
 * All but oid and inflight.  And rotations stays: its recorder keeps it even, and nobody
 * gains by a count that begins again.
 */
static void
clear_entry(CgDatabase *database)
{
	pg_atomic_write_u64(&database->written, 0);
	pg_atomic_write_u64(&database->written_bytes, 0);
	pg_atomic_write_u64(&database->recorded_bytes, 0);
	pg_atomic_write_u64(&database->wake_at, 0);
	memset(&database->seal_number, 0, sizeof(CgDatabase) - offsetof(CgDatabase, seal_number));
}

static void
shared_request(void)
{
	if (prev_shmem_request_hook)
		prev_shmem_request_hook();
	RequestAddinShmemSpace(MAXALIGN(shared_size()));
	RequestNamedLWLockTranche(TRANCHE, 1);
}

static void
shared_startup(void)
{
	bool		found;

	if (prev_shmem_startup_hook)
		prev_shmem_startup_hook();

	/* After a crash the old pointer points to memory that is gone. */
	cg_shared = NULL;
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	cg_shared = ShmemInitStruct("contact_guard", shared_size(), &found);
	if (!found)
	{
		memset(cg_shared, 0, shared_size());
		for (int i = 0; i <= cg_max_databases; i++)
			init_entry(&cg_shared->databases[i]);
		cg_shared->lock = &(GetNamedLWLockTranche(TRANCHE))->lock;
		ConditionVariableInit(&cg_shared->progress);
		pg_atomic_init_u64(&cg_shared->latest, 0);
		if (!pg_strong_random(&cg_shared->run, sizeof(cg_shared->run)))
			elog(FATAL, "could not generate a random number");
		/* Not from 0 on: after a crash the postmaster's children may have keys of before. */
		pg_atomic_init_u64(&cg_shared->identity.generation, (uint64) cg_shared->run);
		cg_shared->launcher_may_come = cg_shared_launcher_may_come;
		cg_shared->launcher_left_at = GetCurrentTimestamp();
	}
	LWLockRelease(AddinShmemInitLock);
	if (!found)
		cg_identitykeys_read();
}

void
cg_shared_require(void)
{
	if (cg_shared == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("contact_guard must be loaded when the server starts"),
				 errhint("Add the line shared_preload_libraries = 'contact_guard' to postgresql.conf (or append contact_guard to the existing list), then restart the server.")));
}

/* The policies of protect(fallback => 'rls') have it as their condition, too. */
Datum
cg_require_preload(PG_FUNCTION_ARGS)
{
	cg_shared_require();
	PG_RETURN_BOOL(true);
}

CgDatabase *
cg_shared_database(Oid oid, bool create)
{
	CgDatabase *empty = NULL;

	for (int i = 0; i <= cg_max_databases; i++)
	{
		CgDatabase *database = &cg_shared->databases[i];

		if (database->oid == oid)
			return database;
		if (!OidIsValid(database->oid) && empty == NULL && i < cg_max_databases)
			empty = database;
	}
	if (!create || empty == NULL)
		return NULL;
	clear_entry(empty);
	pg_write_barrier();
	empty->oid = oid;
	return empty;
}

bool
cg_shared_remove(CgDatabase *database, bool dropped)
{
	Oid			oid = database->oid;

	database->oid = InvalidOid;
	pg_memory_barrier();
	if (!dropped && pg_atomic_read_u32(&database->inflight) != 0)
	{
		database->oid = oid;
		return false;
	}
	clear_entry(database);
	return true;
}

CgDatabase *
cg_shared_own(void)
{
	static CgDatabase *own = NULL;

	if (own && own->oid == MyDatabaseId)
		return own;
	if (!OidIsValid(MyDatabaseId))
		return NULL;
	LWLockAcquire(cg_shared->lock, LW_SHARED);
	own = cg_shared_database(MyDatabaseId, false);
	LWLockRelease(cg_shared->lock);
	return own;
}

CgDatabase *
cg_shared_announce(void)
{
	CgDatabase *database = cg_shared_own();

	if (database)
	{
		pg_atomic_fetch_add_u32(&database->inflight, 1);
		if (database->oid == MyDatabaseId)
			return database;
		pg_atomic_fetch_sub_u32(&database->inflight, 1);
	}
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, true);
	if (database)
		pg_atomic_fetch_add_u32(&database->inflight, 1);
	LWLockRelease(cg_shared->lock);
	return database;
}

bool
cg_shared_is_behind(CgDatabase *database, XLogRecPtr position)
{
	pg_memory_barrier();
	if (pg_atomic_read_u32(&database->inflight) != 0)
		return true;
	pg_memory_barrier();
	return pg_atomic_read_u64(&database->written) > position;
}

static void
advance(pg_atomic_uint64 *position, XLogRecPtr to)
{
	uint64		now = pg_atomic_read_u64(position);

	/* If another process has moved it, "now" is what it has become. */
	while (now < to && !pg_atomic_compare_exchange_u64(position, &now, to))
		;
}

void
cg_shared_inserted(CgDatabase *database, XLogRecPtr end, uint64 bytes)
{
	uint64		all = 0;

	if (!XLogRecPtrIsInvalid(end))
	{
		advance(&database->written, end);
		all = pg_atomic_add_fetch_u64(&database->written_bytes, bytes);
	}
	pg_atomic_fetch_sub_u32(&database->inflight, 1);
	if (XLogRecPtrIsInvalid(end) || all < pg_atomic_read_u64(&database->wake_at))
		return;
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	/* Once: to wake a process that is awake costs more than the message. */
	if (database->oid == MyDatabaseId && all >= pg_atomic_read_u64(&database->wake_at))
	{
		pg_atomic_write_u64(&database->wake_at, PG_UINT64_MAX);
		cg_shared_wake(database);
	}
	LWLockRelease(cg_shared->lock);
}

CgDatabase *
cg_shared_lend(Oid oid)
{
	CgDatabase *database = &cg_shared->databases[cg_max_databases];

	if (OidIsValid(database->oid))
		return NULL;
	clear_entry(database);
	database->turned_away = true;
	pg_write_barrier();
	database->oid = oid;
	return database;
}

bool
cg_shared_has_repaid(CgDatabase *database)
{
	return database->turned_away && !XLogRecPtrIsInvalid(database->recorded) &&
		!database->wanted && !cg_shared_is_behind(database, database->recorded);
}

void
cg_shared_take_back(CgDatabase *database)
{
	cg_shared->turned_away++;
	if (database->guards != CG_GUARDS_NOTHING)
	{
		if (cg_shared->turned_away_guarded < CG_TURNED_AWAY)
			cg_shared->turned_away_oids[cg_shared->turned_away_guarded] = database->oid;
		cg_shared->turned_away_guarded++;
	}
	(void) cg_shared_remove(database, true);
}

CgGuards
cg_shared_guards_of_other(Oid oid)
{
	for (int i = 0; i < Min(cg_shared->turned_away_guarded, CG_TURNED_AWAY); i++)
	{
		if (cg_shared->turned_away_oids[i] == oid)
			return CG_GUARDS_SOMETHING;
	}
	return cg_shared->turned_away_guarded > CG_TURNED_AWAY ? CG_GUARDS_UNKNOWN : CG_GUARDS_NOTHING;
}

bool
cg_shared_has_no_room(Oid oid)
{
	bool		room = false;
	CgDatabase *database;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	database = cg_shared_database(oid, false);
	for (int i = 0; i < cg_max_databases; i++)
		room |= !OidIsValid(cg_shared->databases[i].oid);
	if (database && !database->turned_away)
		room = true;
	LWLockRelease(cg_shared->lock);
	return !room;
}

char *
cg_shared_no_launcher(void)
{
	bool		may_come;
	TimestampTz left_at = 0;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	may_come = cg_shared->launcher_may_come;
	if (cg_shared->launcher == 0)
		left_at = cg_shared->launcher_left_at;
	LWLockRelease(cg_shared->lock);
	/* In recovery it is not started yet. */
	if (left_at == 0 || RecoveryInProgress())
		return NULL;
	if (!may_come)
		return pstrdup("The server had no background worker left for contact_guard's launcher (max_worker_processes).");
	if (TimestampDifferenceExceeds(left_at, GetCurrentTimestamp(), LAUNCHER_COMES_MS))
		return psprintf("There has been no contact_guard launcher since %s.", timestamptz_to_str(left_at));
	return NULL;
}

void
cg_shared_note_guarded(void)
{
	CgDatabase *database;

	if (cg_shared == NULL)
		return;
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	database = cg_shared_database(MyDatabaseId, true);
	if (database)
		database->guards = CG_GUARDS_SOMETHING;
	LWLockRelease(cg_shared->lock);
}

void
cg_shared_wake(CgDatabase *database)
{
	if (database->recorder != 0)
		SetLatch(database->latch);
	else if (cg_shared->launcher != 0)
		SetLatch(cg_shared->launcher_latch);
}

void
cg_shared_await(CgDatabase *database, XLogRecPtr position)
{
	database->awaited = Max(database->awaited, position);
	cg_shared_wake(database);
}

bool
cg_shared_is_held(CgDatabase *database)
{
	return database->hold_until != 0 && database->hold_until > GetCurrentTimestamp();
}
