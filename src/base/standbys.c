/*
 * standbys.c
 *		Waits until synchronous standbys have flushed WAL.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "replication/syncrep.h"
#include "replication/walsender.h"
#include "replication/walsender_private.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "utils/timeout.h"

#include "base/standbys.h"
#include "compat.h"

static bool is_acknowledged(XLogRecPtr lsn);

/*
 * Have the standbys acknowledged, if they must?  Before it is known whether they must, they
 * must.
 */
static bool
is_acknowledged(XLogRecPtr lsn)
{
	bool		result;

	if (max_wal_senders == 0)
		return true;
	LWLockAcquire(SyncRepLock, LW_SHARED);
	if ((WalSndCtl->sync_standbys_status & SYNC_STANDBY_INIT) != 0)
		result = (WalSndCtl->sync_standbys_status & SYNC_STANDBY_DEFINED) == 0;
	else
		result = SyncRepStandbyNames == NULL || SyncRepStandbyNames[0] == '\0';
	result = result || WalSndCtl->lsn[SYNC_REP_WAIT_FLUSH] >= lsn;
	LWLockRelease(SyncRepLock);
	return result;
}

/*
 * SyncRepWaitForLSN uses the session's synchronous_commit, which the reader can set, and
 * returns normally from a cancelled wait.  So the setting is overridden during the wait,
 * and the outcome is looked up afterwards.
 *
 * It waits only once.  The error after a cancelled wait passes through the door, which
 * calls this again; another wait would be for what the user has just cancelled.  It does
 * not wait while the process ends, since nothing could interrupt that wait: SIGTERM is
 * ignored then, and a fast shutdown would hang while the standby is away.
 *
 * Most waits are at the commit, where PostgreSQL has stopped statement_timeout.  But this
 * wait belongs to the statement, so the timeout is set again.
 */
bool
cg_standbys_wait(XLogRecPtr lsn)
{
	static bool given_up = false;
	int			saved = synchronous_commit;
	bool		timed = StatementTimeout > 0 && !get_timeout_active(STATEMENT_TIMEOUT);

	if (is_acknowledged(lsn))
	{
		given_up = false;
		return true;
	}
	if (given_up || proc_exit_inprogress || ProcDiePending)
		return false;
	if (timed)
		enable_timeout_after(STATEMENT_TIMEOUT, StatementTimeout);
	HOLD_INTERRUPTS();
	synchronous_commit = SYNCHRONOUS_COMMIT_REMOTE_FLUSH;
	assign_synchronous_commit(synchronous_commit, NULL);
	SyncRepWaitForLSN(lsn, false);
	synchronous_commit = saved;
	assign_synchronous_commit(saved, NULL);
	RESUME_INTERRUPTS();
	if (timed)
		disable_timeout(STATEMENT_TIMEOUT, false);
	given_up = !is_acknowledged(lsn);
	return !given_up;
}
