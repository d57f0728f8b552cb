/*
 * shared.c
 *		Shared memory: its request, its start, and access to its entries.
 *
 * The rules of locking are in shared.h.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#include "base/shared.h"

#define TRANCHE "contact_guard"

CgShared   *cg_shared = NULL;

static shmem_request_hook_type prev_shmem_request_hook = NULL;
static shmem_startup_hook_type prev_shmem_startup_hook = NULL;

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

static void
shared_request(void)
{
	if (prev_shmem_request_hook)
		prev_shmem_request_hook();
	RequestAddinShmemSpace(MAXALIGN(sizeof(CgShared)));
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
	cg_shared = ShmemInitStruct("contact_guard", sizeof(CgShared), &found);
	if (!found)
	{
		memset(cg_shared, 0, sizeof(CgShared));
		cg_shared->lock = &(GetNamedLWLockTranche(TRANCHE))->lock;
		ConditionVariableInit(&cg_shared->progress);
		if (!pg_strong_random(&cg_shared->run, sizeof(cg_shared->run)))
			elog(FATAL, "could not generate a random number");
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

	for (int i = 0; i < CG_MAX_DATABASES; i++)
	{
		CgDatabase *database = &cg_shared->databases[i];

		if (database->oid == oid)
			return database;
		if (!OidIsValid(database->oid) && empty == NULL)
			empty = database;
	}
	if (!create || empty == NULL)
		return NULL;
	memset(empty, 0, sizeof(CgDatabase));
	empty->oid = oid;
	return empty;
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
