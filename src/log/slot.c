/*
 * slot.c
 *		The replication slot that keeps WAL until its messages are recorded.
 *
 * The slot is a physical one.  The launcher creates it on every server that may have a
 * journal, also on a standby, so that it is there before a promotion: a restartpoint
 * decides at its beginning which WAL it will remove, so a slot that is created after a
 * promotion may come too late.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "replication/slot.h"
#include "storage/condition_variable.h"
#include "storage/lwlock.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/shared.h"
#include "compat.h"
#include "log/slot.h"
#include "log/walreader.h"

#define SLOT_NAME "contact_guard"
#define SLOT_SAVE_BYTES (1024 * 1024)	/* the slot is moved by at least so much WAL */
#define SLOT_RETRY_MS 5000

static void try_slot(bool create);
static void make_slot(void);
static void note_slot(void);

bool
cg_slot_is_wanted(void)
{
	bool		wanted;

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	wanted = cg_shared->slot_wanted;
	LWLockRelease(cg_shared->lock);
	return wanted;
}

bool
cg_slot_have(bool create, bool loud)
{
	static TimestampTz retry_at = 0;
	MemoryContext oldcontext = CurrentMemoryContext;

	if (MyReplicationSlot)
		return true;
	if (GetCurrentTimestamp() < retry_at)
		return false;
	PG_TRY();
	{
		try_slot(create);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(oldcontext);
		error = CopyErrorData();
		if (loud)
			EmitErrorReport();
		FlushErrorState();
		LWLockReleaseAll();
		ConditionVariableCancelSleep();
		if (MyReplicationSlot)
			ReplicationSlotRelease();
		LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
		strlcpy(cg_shared->error, error->message, CG_ERROR_LENGTH);
		LWLockRelease(cg_shared->lock);
		FreeErrorData(error);
		retry_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), SLOT_RETRY_MS);
	}
	PG_END_TRY();
	return MyReplicationSlot != NULL;
}

static void
try_slot(bool create)
{
	if (SearchNamedReplicationSlot(SLOT_NAME, true))
	{
		cg_compat_acquire_slot(SLOT_NAME);
		/* Its WAL may be gone by max_slot_wal_keep_size or pg_resetwal, for example. */
		if (MyReplicationSlot->data.restart_lsn < cg_walreader_oldest())
		{
			ereport(WARNING,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("replication slot \"%s\" has lost its WAL and is created again", SLOT_NAME),
					 errhint("If records are lost, contact_guard.access_log has a record of event \"gap\".")));
			ReplicationSlotRelease();
			ReplicationSlotDrop(SLOT_NAME, true);
			create = true;
		}
	}
	if (MyReplicationSlot == NULL)
	{
		if (!create)
			return;
		make_slot();
	}
	note_slot();
}

static void
note_slot(void)
{
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	cg_shared->slot_ready = true;
	cg_shared->slot_position = cg_slot_position();
	cg_shared->error[0] = '\0';
	LWLockRelease(cg_shared->lock);
	ConditionVariableBroadcast(&cg_shared->progress);
}

/*
 * Creates a slot that keeps all WAL on disk.  ReplicationSlotReserveWal would keep only
 * the WAL from the last checkpoint on.  But older WAL may have unrecorded messages if
 * the server had no slot for a while.
 */
static void
make_slot(void)
{
	CheckSlotRequirements();
	cg_compat_create_slot(SLOT_NAME);
	do
	{
		XLogRecPtr	oldest;

		/* As there: no checkpoint may decide meanwhile which WAL it removes. */
		LWLockAcquire(ReplicationSlotAllocationLock, LW_EXCLUSIVE);
		oldest = cg_walreader_oldest();
		SpinLockAcquire(&MyReplicationSlot->mutex);
		MyReplicationSlot->data.restart_lsn = oldest;
		SpinLockRelease(&MyReplicationSlot->mutex);
		ReplicationSlotsComputeRequiredLSN();
		LWLockRelease(ReplicationSlotAllocationLock);
		/* A checkpoint that was removing WAL already may have taken the oldest. */
	} while (MyReplicationSlot->data.restart_lsn < cg_walreader_oldest());
	ReplicationSlotMarkDirty();
	ReplicationSlotSave();
}

XLogRecPtr
cg_slot_position(void)
{
	return MyReplicationSlot->data.restart_lsn;
}

void
cg_slot_move(XLogRecPtr target)
{
	if (target < cg_slot_position() + SLOT_SAVE_BYTES)
		return;
	SpinLockAcquire(&MyReplicationSlot->mutex);
	MyReplicationSlot->data.restart_lsn = target;
	SpinLockRelease(&MyReplicationSlot->mutex);
	ReplicationSlotMarkDirty();
	/* Saved first: after a crash the slot on disk must not name WAL that is gone. */
	ReplicationSlotSave();
	ReplicationSlotsComputeRequiredLSN();
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	cg_shared->slot_position = target;
	LWLockRelease(cg_shared->lock);
}

void
cg_slot_drop(void)
{
	if (MyReplicationSlot == NULL)
		return;
	ReplicationSlotRelease();
	ReplicationSlotDrop(SLOT_NAME, true);
	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	cg_shared->slot_ready = false;
	cg_shared->slot_position = InvalidXLogRecPtr;
	LWLockRelease(cg_shared->lock);
}
