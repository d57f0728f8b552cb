/*
 * door.c
 *		The door: the one place through which bytes leave for the client.
 *
 * When a session makes its first record, our methods wrap those by which PostgreSQL
 * sends protocol messages.  While a record is owed, the door holds messages; before it
 * passes the first of them on, it makes every record durable, or only writes it if it is
 * of a withheld read (journal/messages.h).
 *
 * When it is safe.  Messages come from anywhere: with client_min_messages =
 * debug2, from inside XLogFlush with WALWriteLock held, and from inside our own
 * settling.  So the door opens only if it is not open already, there is no critical
 * section, interrupts are not held off (holders of an LWLock and error recovery hold
 * them off), elog.c is not reporting a message, and the process is not ending.
 * Otherwise it goes on holding, and flush does nothing.  The next safe call, at the
 * latest the one for ReadyForQuery, sends all messages in order.
 *
 * Failure.  Code that sends a message expects no error, and least of all the code that
 * reports one.  So the door does not throw: if the records cannot be made durable it
 * drops the messages that it holds, and closes the connection.  On a standby, where the primary
 * may be away, it says so instead if the statement has failed (givenup.c).
 *
 * In one case the door throws: for a row of a stored result, or of a statement that has
 * been running for more than a second (see resume.c), whose values may not be shown any
 * more.  A DataRow, or a row of COPY, always comes from a receiver of tuples, which may
 * throw anyway (for example, an error of an output function).  And the protocol's Execute
 * of a portal with such a store passes no hook before the door.
 *
 * Memory is bounded: held messages are passed on at DOOR_HELD_MAX bytes, and a longer
 * message is never copied.
 */
#include "postgres.h"

#include "access/xact.h"
#include "lib/stringinfo.h"
#include "libpq/libpq.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"

#include "journal/forward.h"
#include "journal/journal.h"
#include "policy/quiet.h"
#include "read/door.h"
#include "read/errordetail.h"
#include "read/execution.h"
#include "read/givenup.h"
#include "read/resume.h"

#define DOOR_HELD_MAX (64 * 1024)
#define DATA_ROW 'D'
#define COPY_DATA 'd'
#define ERROR_RESPONSE 'E'
#define NOTICE_RESPONSE 'N'

static const PQcommMethods *socket_methods = NULL;	/* NULL: not installed */
static StringInfoData held;		/* messages: type byte, uint32 length, body */
static int	durable_length = 0;	/* on a standby: of what is held, so much had its records */
static bool opened = false;		/* the door passes messages on, or settles to do so */
static bool broken = false;		/* the connection is lost */
static char last_type = 0;		/* of the last message that came */

static void door_install(void);
static void door_comm_reset(void);
static int	door_flush(void);
static int	door_flush_if_writable(void);
static bool door_is_send_pending(void);
static int	door_putmessage(char type, const char *body, size_t length);
static void door_putmessage_noblock(char type, const char *body, size_t length);
static void door_exit(int code, Datum arg);
static bool is_safe(void);
static void check_row(char type, size_t length);
static int	put(char type, const char *body, size_t length);
static int	put_without_detail(const char *body, size_t length);
static int	let_out(void);
static int	flush_by(int (*method) (void));
static bool settle(void);
static void break_connection(void);
static int	pass_held(void);

static const PQcommMethods door_methods = {
	.comm_reset = door_comm_reset,
	.flush = door_flush,
	.flush_if_writable = door_flush_if_writable,
	.is_send_pending = door_is_send_pending,
	.putmessage = door_putmessage,
	.putmessage_noblock = door_putmessage_noblock,
};

void
cg_door_init(void)
{
	cg_execution_first_record = door_install;
	cg_quiet_require_door = door_install;
}

/* A background worker has nothing to wrap: its results do not go to a client. */
static void
door_install(void)
{
	MemoryContext oldcontext;

	if (socket_methods || MyProcPort == NULL || whereToSendOutput != DestRemote)
		return;
	oldcontext = MemoryContextSwitchTo(TopMemoryContext);
	initStringInfo(&held);
	enlargeStringInfo(&held, DOOR_HELD_MAX);
	MemoryContextSwitchTo(oldcontext);
	before_shmem_exit(door_exit, (Datum) 0);
	socket_methods = PqCommMethods;
	PqCommMethods = &door_methods;
}

void
cg_door_require(void)
{
	door_install();
}

static bool
is_safe(void)
{
	return !opened && CritSectionCount == 0 && InterruptHoldoffCount == 0 &&
		CurrentMemoryContext != ErrorContext && !proc_exit_inprogress;
}

/* Must messages be held now? */
static bool
is_shut(void)
{
	return held.len > 0 || cg_execution_owes();
}

static void
break_connection(void)
{
	broken = true;
	resetStringInfo(&held);
	whereToSendOutput = DestNone;
	ClientConnectionLost = true;
	InterruptPending = true;
}

/* Makes all records durable; false, with the connection broken, if it cannot. */
static bool
settle(void)
{
	MemoryContext oldcontext = CurrentMemoryContext;
	volatile bool durable = false;

	if (!cg_execution_owes())
		return true;
	PG_TRY();
	{
		durable = cg_execution_settle(CG_DUE_ANSWER);
	}
	PG_CATCH();
	{
		/* No lock was held before, so all locks are those of the failed call. */
		LWLockReleaseAll();
		MemoryContextSwitchTo(oldcontext);
		FlushErrorState();
	}
	PG_END_TRY();
	/* The statement has failed on a standby: the client gets that, and nothing else. */
	if (!durable && cg_forward_has_lost() && cg_givenup_filter(&held, durable_length))
	{
		cg_forward_forgive();
		return true;
	}
	if (!durable)
	{
		break_connection();
		ereport(LOG,
				(errcode(ERRCODE_CONNECTION_FAILURE),
				 errmsg("closing the connection because records of guarded values could not be made durable")));
	}
	return durable;
}

/* Settles and passes all held messages on.  Only to be called if is_safe(). */
static int
let_out(void)
{
	int			result = EOF;

	opened = true;
	if (settle())
		result = pass_held();
	opened = false;
	return result;
}

static int
pass_held(void)
{
	int			at = 0;
	int			result = 0;

	/* Messages that settling has sent stand after these, in order. */
	while (at < held.len && result == 0)
	{
		uint32		length;

		memcpy(&length, held.data + at + 1, sizeof(length));
		result = socket_methods->putmessage(held.data[at], held.data + at + 1 + sizeof(length), length);
		at += 1 + sizeof(length) + length;
	}
	resetStringInfo(&held);
	durable_length = 0;
	return result;
}

static int
hold(char type, const char *body, size_t length)
{
	uint32		prefix = length;

	/* An out-of-memory error here would be thrown while another error is being reported. */
	if (held.maxlen - held.len <= 1 + sizeof(prefix) + length)
	{
		char	   *larger;
		Size		size = Max(2 * (Size) held.maxlen, held.maxlen + 2 * length + 1024);

		larger = size < MaxAllocSize ?
			MemoryContextAllocExtended(TopMemoryContext, size, MCXT_ALLOC_NO_OOM) : NULL;
		if (larger == NULL)
		{
			break_connection();
			return EOF;
		}
		memcpy(larger, held.data, held.len);
		pfree(held.data);
		held.data = larger;
		held.maxlen = size;
	}
	appendStringInfoCharMacro(&held, type);
	appendBinaryStringInfo(&held, (char *) &prefix, sizeof(prefix));
	appendBinaryStringInfo(&held, body, length);
	return 0;
}

/*
 * A row of a stored result, or of a long statement, may have to be refused now.  On a standby the
 * primary may be away when rows must leave to make room.
 */
static void
check_row(char type, size_t length)
{
	bool		first = last_type != DATA_ROW;

	last_type = type;
	if ((type != DATA_ROW && type != COPY_DATA) || !is_safe() || !IsTransactionState())
		return;
	cg_resume_check_row(first);
	if (cg_journal_is_borrowed() && held.len + length >= DOOR_HELD_MAX)
		cg_execution_settle_or_fail(CG_DUE_ANSWER);
}

static int
door_putmessage(char type, const char *body, size_t length)
{
	if (broken)
		return EOF;
	check_row(type, length);
	if (type == NOTICE_RESPONSE && cg_quiet_swallows(body, length))
		return 0;
	if (type == ERROR_RESPONSE && cg_errordetail_is_telling(body, length))
		return put_without_detail(body, length);
	return put(type, body, length);
}

/* Sends a copy without the DETAIL.  If there is no memory for it, the connection breaks. */
static int
put_without_detail(const char *body, size_t length)
{
	char	   *copy = MemoryContextAllocExtended(TopMemoryContext, length, MCXT_ALLOC_NO_OOM);
	size_t		used = 0;
	size_t		at = 0;
	int			result;

	if (copy == NULL)
	{
		break_connection();
		return EOF;
	}
	while (at < length && body[at] != '\0')
	{
		size_t		field = 2 + strlen(body + at + 1);

		if (body[at] != PG_DIAG_MESSAGE_DETAIL)
		{
			memcpy(copy + used, body + at, field);
			used += field;
		}
		at += field;
	}
	copy[used++] = '\0';
	result = put(ERROR_RESPONSE, copy, used);
	pfree(copy);
	return result;
}

static int
put(char type, const char *body, size_t length)
{
	if (!opened && !is_shut())
		return socket_methods->putmessage(type, body, length);
	if (cg_journal_is_borrowed() && !opened && !cg_execution_owes())
		durable_length = held.len;
	if (length < DOOR_HELD_MAX || !is_safe())
	{
		int			result = hold(type, body, length);

		if (result == 0 && held.len >= DOOR_HELD_MAX && is_safe())
			result = let_out();
		return result;
	}
	if (let_out() == EOF)
		return EOF;
	return socket_methods->putmessage(type, body, length);
}

/* Only a walsender calls this method, and not while it runs SQL. */
static void
door_putmessage_noblock(char type, const char *body, size_t length)
{
	if (!broken && !opened && !is_shut())
		socket_methods->putmessage_noblock(type, body, length);
	else
		(void) door_putmessage(type, body, length);
}

/* Passes held messages on if that is safe, and flushes with the socket's method. */
static int
flush_by(int (*method) (void))
{
	if (broken)
		return EOF;
	if (opened)
		return 0;
	if (is_shut())
	{
		if (!is_safe())
			return 0;
		if (let_out() == EOF)
			return EOF;
	}
	return method();
}

static int
door_flush(void)
{
	return flush_by(socket_methods->flush);
}

static int
door_flush_if_writable(void)
{
	return flush_by(socket_methods->flush_if_writable);
}

static bool
door_is_send_pending(void)
{
	return !broken && (held.len > 0 || socket_methods->is_send_pending());
}

static void
door_comm_reset(void)
{
	/* The socket's own methods may have thrown an error while the door was open. */
	opened = false;
	socket_methods->comm_reset();
}

/*
 * The process ends: held messages (such as the reason for the end) are sent if the
 * records can be made durable now, which does not wait for a standby here.  No locks
 * are held.
 */
static void
door_exit(int code, Datum arg)
{
	if (broken || opened || held.len == 0)
		return;
	opened = true;
	if (settle() && pass_held() == 0)
		(void) socket_methods->flush();
	broken = true;
}
