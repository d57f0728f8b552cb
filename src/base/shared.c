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
		cg_shared->lock = &(GetNamedLWLockTranche(TRANCHE))->lock;
		ConditionVariableInit(&cg_shared->progress);
		pg_atomic_init_u64(&cg_shared->latest, 0);
		if (!pg_strong_random(&cg_shared->run, sizeof(cg_shared->run)))
			elog(FATAL, "could not generate a random number");
		cg_shared->launcher_may_come = cg_shared_launcher_may_come;
		cg_shared->launcher_left_at = GetCurrentTimestamp();
	}
	LWLockRelease(AddinShmemInitLock);
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
	memset(empty, 0, sizeof(CgDatabase));
	empty->oid = oid;
	return empty;
}

CgDatabase *
cg_shared_lend(Oid oid)
{
	CgDatabase *database = &cg_shared->databases[cg_max_databases];

	if (OidIsValid(database->oid))
		return NULL;
	memset(database, 0, sizeof(CgDatabase));
	database->oid = oid;
	database->turned_away = true;
	return database;
}

bool
cg_shared_has_repaid(CgDatabase *database)
{
	return database->turned_away && !XLogRecPtrIsInvalid(database->recorded) &&
		database->inflight == 0 && !database->wanted && database->written <= database->recorded;
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
	memset(database, 0, sizeof(CgDatabase));
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
