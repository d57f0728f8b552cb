/*
 * drained.c
 *		pg_upgrade leaves WAL behind: before it, no record may wait there.
 *
 * pg_upgrade starts the old server in binary upgrade mode, where no recorder runs, and
 * dumps the definitions of each database.  A database whose access log is behind its
 * journal must not be dumped: the new server would get the log, but not what is missing
 * in it.  An error ends pg_upgrade before it has changed anything, and the old server can
 * store the records after an ordinary start.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "commands/dbcommands.h"
#include "miscadmin.h"

#include "base/objects.h"
#include "journal/journalstate.h"
#include "log/drained.h"
#include "log/walreader.h"

static bool has_waiting_message(XLogRecPtr position);

/* Is there WAL of this database behind that position, or has such WAL gone? */
static bool
has_waiting_message(XLogRecPtr position)
{
	CgWalReader *reader;
	CgWalMessage message;
	XLogRecPtr	flushed = GetFlushRecPtr(NULL);
	bool		found = false;

	if (position < cg_walreader_oldest())
		return true;
	reader = cg_walreader_open(position);
	while (!found && cg_walreader_next(reader, flushed, &message))
		found = message.database == MyDatabaseId;
	cg_walreader_close(reader);
	return found;
}

void
cg_drained_require(void)
{
	static bool looked = false;
	CgJournalState state;

	if (looked || !OidIsValid(cg_objects_schema()))
		return;
	/* A journal that came with a copy begins when a recorder finds it. */
	if (cg_journalstate_read(&state) && cg_journalstate_is_own(&state) &&
		!XLogRecPtrIsInvalid(state.position) && has_waiting_message(state.position))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("database \"%s\" cannot be upgraded: WAL has records of reads that are not in its access log",
						get_database_name(MyDatabaseId)),
				 errdetail("The access log is complete up to %X/%X. pg_upgrade does not copy WAL, and the records would be lost.",
						   LSN_FORMAT_ARGS(state.position)),
				 errhint("Start the old server as usual, call contact_guard.sync() in this database, stop the server, and run pg_upgrade again.")));
	looked = true;
}
