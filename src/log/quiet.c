/*
 * quiet.c
 *		An idle server says in WAL that a stretch of WAL has no message of a database.
 *
 * A base backup has the WAL from its first checkpoint on.  If the stored position lies before
 * it, and the backup is started without an archive, nobody could tell whether the WAL in
 * between had messages.  So the launcher renews stored positions behind each checkpoint.  On
 * an idle server with archive_timeout it must not: the renewal is WAL, which ends the segment,
 * which makes the next checkpoint, and so on for ever.  There it writes this record instead.
 * PostgreSQL counts it as unimportant: it ends no segment and makes no checkpoint.
 *
 * The record names a database and two positions, and says that no message of this database
 * begins between them.  The launcher reads up to where WAL is flushed, and then, as shared.h
 * demands, that no message is being inserted and none is announced behind the stored position.
 * So any message that it does not know begins behind the flushed WAL.  It says so only of a
 * database whose recorder has read all WAL that was there at the start of the server.
 *
 * The record counts wherever it is read, since it speaks of the WAL before it: WAL that leads
 * to it has no other past.  Like the launcher's other messages (start.c) it names no database
 * in its head, so no session can write one.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "access/xloginsert.h"
#include "miscadmin.h"
#include "replication/message.h"
#include "storage/lwlock.h"

#include "base/guc.h"
#include "base/shared.h"
#include "journal/record.h"
#include "log/quiet.h"
#include "log/walreader.h"

#define TEXT_LENGTH 80

static bool is_quiet(int place, XLogRecPtr target, Oid *oid, XLogRecPtr *from);

/*
 * False if the database is at work.  True with an invalid OID if nothing has to be said: its
 * position is not old, or there is no database.
 */
static bool
is_quiet(int place, XLogRecPtr target, Oid *oid, XLogRecPtr *from)
{
	CgDatabase *database = &cg_shared->databases[place];
	bool		result = true;

	*oid = InvalidOid;
	LWLockAcquire(cg_shared->lock, LW_SHARED);
	if (OidIsValid(database->oid) && database->recorded < target)
	{
		*oid = database->oid;
		*from = database->recorded;
		result = !XLogRecPtrIsInvalid(*from) && !database->wanted && !cg_shared_is_behind(database, *from);
	}
	LWLockRelease(cg_shared->lock);
	return result;
}

/* LogLogicalMessage() names the database, and cannot mark its record as unimportant. */
XLogRecPtr
cg_quiet_write(const char *text)
{
	xl_logical_message head = {
		.dbId = InvalidOid, .transactional = false, .prefix_size = sizeof(CG_RECORD_PREFIX),
		.message_size = strlen(text)
	};
	char		prefix[] = CG_RECORD_PREFIX;

	XLogBeginInsert();
	XLogRegisterData((char *) &head, SizeOfLogicalMessage);
	XLogRegisterData(prefix, sizeof(prefix));
	XLogRegisterData(unconstify(char *, text), head.message_size);
	XLogSetRecordFlags(XLOG_MARK_UNIMPORTANT);
	return XLogInsert(RM_LOGICALMSG_ID, XLOG_LOGICAL_MESSAGE);
}

void
cg_quiet_announce(XLogRecPtr target)
{
	static XLogRecPtr announced = InvalidXLogRecPtr;
	XLogRecPtr	written = InvalidXLogRecPtr;
	XLogRecPtr	flushed = GetFlushRecPtr(NULL);
	bool		all = true;

	if (target <= announced)
		return;
	for (int place = 0; place <= cg_max_databases; place++)
	{
		char		text[TEXT_LENGTH];
		Oid			oid;
		XLogRecPtr	from;

		if (!is_quiet(place, target, &oid, &from))
			all = false;
		else if (OidIsValid(oid))
		{
			snprintf(text, sizeof(text), "quiet 1 %u %X/%X %X/%X", oid, LSN_FORMAT_ARGS(from), LSN_FORMAT_ARGS(flushed));
			written = cg_quiet_write(text);
		}
	}
	if (!XLogRecPtrIsInvalid(written))
		XLogFlush(written);
	/* Otherwise it says so again in the next turn, also of those that it has named. */
	if (all)
		announced = target;
}

bool
cg_quiet_covers(XLogRecPtr position, XLogRecPtr oldest)
{
	CgWalReader *reader = cg_walreader_open(oldest);
	XLogRecPtr	flushed = GetFlushRecPtr(NULL);
	CgWalMessage message;
	bool		found = false;

	while (!found && cg_walreader_next(reader, flushed, &message))
	{
		char		text[TEXT_LENGTH];
		Oid			oid;
		uint32		from[2];
		uint32		to[2];

		if (message.kind != CG_WAL_MESSAGE || OidIsValid(message.database) || message.data == NULL ||
			message.length >= TEXT_LENGTH)
			continue;
		memcpy(text, message.data, message.length);
		text[message.length] = '\0';
		found = sscanf(text, "quiet 1 %u %X/%X %X/%X", &oid, &from[0], &from[1], &to[0], &to[1]) == 5 &&
			oid == MyDatabaseId && ((XLogRecPtr) from[0] << 32 | from[1]) <= position &&
			((XLogRecPtr) to[0] << 32 | to[1]) >= oldest;
	}
	cg_walreader_close(reader);
	return found;
}
