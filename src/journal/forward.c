/*
 * forward.c
 *		A session of a standby asks the primary, and sends its records there.
 *
 * A standby cannot write WAL, and it lags: by its own tables a window would be open that has
 * been closed.  So the primary says who may see what, and the record is in the primary's WAL,
 * flushed, and acknowledged by its synchronous standbys, before the value leaves this server.
 *
 * The journal's key seals what is said (forwardseal.h).  The login that the connection uses may
 * call one function of the primary, and without the key it can do nothing by that.
 *
 * A record counts once.  The session's name in messages is that of the process of the primary
 * that serves its connection, with one more bit, so no session of any other server has it.  As in
 * a session of the primary, messages are counted.  If the connection breaks before the answer,
 * the same bytes are sent again by the next connection, under the old name: the recorder takes a
 * number of a session once.  For that the message names a position of the primary's WAL, as all
 * messages do; beyond CG_RECORD_REACH from there it is refused.  So the recorder may forget the
 * name of a connection that has ended.
 *
 * Records of withheld reads alone are not flushed at once.  A crash of the primary may lose them,
 * as it may lose its own.  If the message behind them was sent again then, they would be missing
 * before it, and that would be a gap.  So that message is sent once.
 *
 * If there is no answer in time the records are lost: nobody knows whether the primary has them.
 * Then their values must not leave.  Whoever has asked gets an error, and the door drops what
 * it holds (door.c).  The next message has another connection and another name, so that no
 * number is missing.
 */
#include "postgres.h"

#include <unistd.h>

#include "access/xact.h"
#include "access/xlog.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/postmaster.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/guc.h"
#include "base/primarylink.h"
#include "journal/forward.h"
#include "journal/forwardseal.h"
#include "journal/journal.h"

/* After a failure further requests fail at once for so long. */
#define FORWARD_REST_MS 1000
#define NEW_KEY_NAP_MS 50
#define WHY_LENGTH 600

/* The session's name on the connection with that number. */
static struct
{
	uint64		link;
	int64		backend_start;
	uint32		backend_pid;
	uint64		counter;
	uint32		epoch;
	bool		soft;			/* its last message may not be flushed yet */
}			named;

static uint64 session = 0;		/* a random number */
static uint64 primary_texts = 0;
static uint64 primary_position = 0;
static TimestampTz failed_at = 0;
static bool has_lost = false;
static char why[WHY_LENGTH] = "";
static MemoryContext work = NULL;	/* of one request */

static bool give_in(const char *reason);
static void begin_request(void);
static bool take_new_key(TimestampTz give_up);
static bool is_passing(int state);
static bool hear(StringInfo raw, const uint8 *mac, CgForwardAnswer *answer);
static StringInfo exchange(char kind, const StringInfoData *body, bool once, CgForwardAnswer *answer, bool *uncertain);
static bool take_name(void);
static void put_forwarded(StringInfo body, uint64 position, const char *items, size_t length);

bool
cg_forward_is_on(void)
{
	return cg_standby_reads == CG_STANDBY_FORWARD && RecoveryInProgress();
}

/* Returns false. */
static bool
give_in(const char *reason)
{
	if (reason != why)
		strlcpy(why, reason, sizeof(why));
	failed_at = GetCurrentTimestamp();
	return false;
}

static void
begin_request(void)
{
	if (work == NULL)
		work = AllocSetContextCreate(TopMemoryContext, "contact_guard request", ALLOCSET_DEFAULT_SIZES);
	else
		MemoryContextReset(work);
	if (session == 0 && !pg_strong_random(&session, sizeof(session)))
		elog(ERROR, "could not generate a random number");
}

/*
 * The primary has a new key since it was started.  It comes with WAL, and is read from a table,
 * so only a transaction can wait for it.
 */
static bool
take_new_key(TimestampTz give_up)
{
	if (!IsTransactionState() || GetCurrentTimestamp() >= give_up)
		return false;
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, NEW_KEY_NAP_MS, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	cg_journal_reload();
	return true;
}

/* Does the error mean that this server is no primary, or not for long? */
static bool
is_passing(int state)
{
	return ERRCODE_TO_CATEGORY(state) == MAKE_SQLSTATE('5', '7', '0', '0', '0') ||
		ERRCODE_TO_CATEGORY(state) == MAKE_SQLSTATE('0', '8', '0', '0', '0') ||
		state == ERRCODE_READ_ONLY_SQL_TRANSACTION;
}

/* Reads and checks an answer, and remembers what it says about the primary. */
static bool
hear(StringInfo raw, const uint8 *mac, CgForwardAnswer *answer)
{
	const CgSeal *seal = cg_journalstate_seal(cg_journal_own());

	if (seal == NULL || !cg_forwardseal_is_answer(raw, seal->key, mac))
		return false;
	*answer = cg_forwardseal_read_answer(raw);
	if (named.link != cg_primarylink_number())
	{
		named.link = cg_primarylink_number();
		named.backend_start = answer->backend_start;
		named.backend_pid = answer->backend_pid | CG_FORWARD_PID;
		named.counter = 0;
		named.epoch = cg_journal_own()->epoch;
		named.soft = false;
	}
	primary_position = answer->position;
	/* Texts of statements may have been purged with those that this session has sent. */
	if (answer->texts != primary_texts)
		cg_journal_send_texts_again();
	primary_texts = answer->texts;
	return true;
}

/*
 * Sends a request until there is an answer; NULL if there is none in time, or an error that
 * does not pass.  once: by one connection only.  *uncertain: it was sent at least once without
 * an answer.
 */
static StringInfo
exchange(char kind, const StringInfoData *body, bool once, CgForwardAnswer *answer, bool *uncertain)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz give_up = TimestampTzPlusMilliseconds(now, cg_primary_timeout);
	StringInfo	raw = makeStringInfo();
	StringInfo	request = makeStringInfo();
	uint8		mac[CG_MESSAGEMAC_LENGTH];

	*uncertain = false;
	if (failed_at != 0 && now >= failed_at && now - failed_at < FORWARD_REST_MS * INT64CONST(1000))
		return NULL;
	/* A process that ends waits for nobody. */
	if (proc_exit_inprogress)
		give_up = TimestampTzPlusMilliseconds(now, Min(cg_primary_timeout, FORWARD_REST_MS));
	for (;;)
	{
		const CgJournalState *own = cg_journal_own();
		const CgSeal *seal = cg_journalstate_seal(own);
		CgForwardRequest head = {kind, own->system_identifier, own->database, own->epoch, 0, session};
		CgSent		sent;
		bool		key_is_old;

		if (seal == NULL || !pg_strong_random(&head.nonce, sizeof(head.nonce)))
			elog(ERROR, "no key seals a request to the primary");
		head.seal = seal->number;
		resetStringInfo(request);
		resetStringInfo(raw);
		cg_forwardseal_request(request, &head, body, seal->key, mac);
		sent = cg_primarylink_send(request, raw, give_up);
		if (sent == CG_SENT_ANSWERED && hear(raw, mac, answer))
		{
			failed_at = 0;
			return raw;
		}
		key_is_old = sent == CG_SENT_REFUSED && cg_primarylink_state() == ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
		/* Only of that error it is certain that it came before everything else. */
		*uncertain |= sent != CG_SENT_NOT && !key_is_old;
		if (sent == CG_SENT_ANSWERED)
		{
			cg_primarylink_close();
			(void) give_in("the server that answers does not have this journal's key: it is not the primary of this standby");
			return NULL;
		}
		(void) give_in(cg_primarylink_error());
		if (sent == CG_SENT_NOT)
			return NULL;
		if (key_is_old && take_new_key(give_up))
			continue;
		/* The session's name ends with the connection: has the primary counted, or not? */
		cg_primarylink_close();
		if (once || (sent == CG_SENT_REFUSED && !is_passing(cg_primarylink_state())) || GetCurrentTimestamp() >= give_up)
			return NULL;
	}
}

void
cg_forward_fail(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("%s", cg_forward_failed_message()),
			 errdetail_log("%s.", why),
			 errhint("%s", cg_forward_failed_hint())));
}

const char *
cg_forward_failed_message(void)
{
	return "guarded columns cannot be read on this standby: the primary does not answer";
}

const char *
cg_forward_failed_hint(void)
{
	return "Everything else can be read. Read guarded columns on the primary, or try again later; contact_guard.status() and the server log say what is wrong.";
}

StringInfo
cg_forward_ask(char kind, const StringInfoData *body)
{
	MemoryContext oldcontext = CurrentMemoryContext;
	CgForwardAnswer answer;
	StringInfo	result;
	bool		uncertain;

	cg_journal_require_begun();
	begin_request();
	MemoryContextSwitchTo(work);
	result = exchange(kind, body, false, &answer, &uncertain);
	MemoryContextSwitchTo(oldcontext);
	if (result == NULL)
		cg_forward_fail();
	return result;
}

char *
cg_forward_problem(void)
{
	MemoryContext oldcontext = CurrentMemoryContext;
	CgForwardAnswer answer;
	StringInfoData nothing;
	StringInfo	result;
	bool		uncertain;

	if (!cg_journal_load())
		return pstrdup("the journal of this database has not begun, or the standby has not replayed that");
	begin_request();
	failed_at = 0;
	MemoryContextSwitchTo(work);
	initStringInfo(&nothing);
	result = exchange(CG_FORWARD_HELLO, &nothing, false, &answer, &uncertain);
	MemoryContextSwitchTo(oldcontext);
	return result ? NULL : pstrdup(why);
}

/* Makes sure that this connection has a name. */
static bool
take_name(void)
{
	StringInfoData nothing;
	CgForwardAnswer answer;
	bool		uncertain;

	if (named.link != 0 && named.link == cg_primarylink_number() && named.epoch == (uint32) cg_journal_own()->epoch)
		return true;
	cg_primarylink_close();
	initStringInfo(&nothing);
	return exchange(CG_FORWARD_HELLO, &nothing, false, &answer, &uncertain) != NULL;
}

static void
put_forwarded(StringInfo body, uint64 position, const char *items, size_t length)
{
	resetStringInfo(body);
	pq_sendint64(body, (uint64) named.backend_start);
	pq_sendint32(body, named.backend_pid);
	pq_sendint64(body, named.counter + 1);
	pq_sendint64(body, position);
	pq_sendint32(body, named.epoch);
	appendBinaryStringInfo(body, items, length);
}

bool
cg_forward_write(const char *items, size_t length, bool withheld)
{
	MemoryContext oldcontext = CurrentMemoryContext;
	bool		lost_before = has_lost;
	bool		done = false;

	begin_request();
	/* An error on the way leaves it so. */
	has_lost = true;
	MemoryContextSwitchTo(work);
	while (!done && take_name())
	{
		StringInfoData body;
		uint64		link = named.link;
		CgForwardAnswer answer;
		bool		uncertain;

		initStringInfo(&body);
		put_forwarded(&body, primary_position, items, length);
		if (exchange(CG_FORWARD_RECORDS, &body, named.soft, &answer, &uncertain) == NULL)
			break;
		done = answer.status == CG_FORWARD_DONE;
		/* A position that was too old is renewed, unless an earlier attempt may have been written. */
		if (!done && uncertain)
			break;
		if (done && named.link == link)
		{
			named.counter++;
			named.soft = withheld;
		}
	}
	MemoryContextSwitchTo(oldcontext);
	has_lost = lost_before || !done;
	return done;
}

bool
cg_forward_has_lost(void)
{
	return has_lost;
}

void
cg_forward_lose(const char *reason)
{
	has_lost = true;
	(void) give_in(reason);
}

void
cg_forward_forgive(void)
{
	has_lost = false;
	cg_journal_send_texts_again();
}

const char *
cg_forward_application(void)
{
	static char name[NAMEDATALEN * 2 + 300];
	static char host[256] = "";

	if (!cg_forward_is_on())
		return application_name;
	if (host[0] == '\0' && gethostname(host, sizeof(host) - 1) != 0)
		strlcpy(host, "standby", sizeof(host));
	snprintf(name, sizeof(name), "%s on %s:%d", application_name, host, PostPortNumber);
	return name;
}
