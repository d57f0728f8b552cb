/*
 * monitor.c
 *		Asks contact_guard.status(): see monitor.h.
 *
 * The views policies, permissions and interventions are not asked, because each of their
 * reads is a read of the log, on record: a check each minute would bury the others.  What
 * they count is in the security labels, which everybody can read.
 */
#include "monitor.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Before the numbers: guard, recorder, problems */
#define FIRST_NUMBER 3

#define LABELS(condition) \
	"(SELECT count(*) FROM pg_catalog.pg_seclabel WHERE provider = 'contact_guard'" \
	" AND classoid = 'pg_catalog.pg_class'::regclass AND " condition ")::text"

static const char status_sql[] =
"SELECT guard::text, recorder::text, problems, lag_bytes::text,"
" (SELECT setting::int8 * 1024 FROM pg_catalog.pg_settings WHERE name = 'contact_guard.max_backlog')::text,"
" log_size::text, epoch::text, rejected_messages::text, last_checkpoint::text,"
" floor(extract(epoch FROM last_checkpoint_at))::int8::text,"
" (SELECT pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"
" ELSE pg_current_wal_lsn() END, restart_lsn)::int8"
" FROM pg_catalog.pg_replication_slots WHERE slot_name = 'contact_guard')::text, "
LABELS("objsubid = 0 AND label::json -> 'protect' IS NOT NULL") ", "
LABELS("objsubid > 0 AND label::json #> '{protect,mask}' IS NOT NULL") ", "
LABELS("objsubid = 0 AND label::json -> 'interventions' IS NOT NULL")
" FROM contact_guard.status()";

static const char *limit_words;
static size_t limit_length;
static int	limit_status;

static void limit_over(int number);
static void take_refusal(PGconn *conn, PGresult *result, Status *status);
static CgLeafText status_text(const PGresult *result, int column);
static bool status_begins(CgLeafText text, const char *beginning);
static bool status_is(CgLeafText text, const char *other);
static Recorder judge_recorder(CgLeafText text);
static bool parse_signed(const char *text, size_t length, int64_t *number);

/*
 * libpq's connect_timeout is no end: while a server goes on to send, libpq does not look at the
 * clock, and a resolver of names or a file of keys may take any time.  So a signal ends it all.
 */
void
monitor_limit(const char *last_words, int status)
{
	struct sigaction action = {.sa_handler = limit_over};
	sigset_t	alarms;

	limit_words = last_words;
	limit_length = strlen(last_words);
	limit_status = status;
	sigemptyset(&action.sa_mask);
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	if (sigaction(SIGALRM, &action, NULL) != 0 || sigprocmask(SIG_UNBLOCK, &alarms, NULL) != 0)
		fail(EXIT_UNCHECKED, "could not limit the time");
	alarm((unsigned int) server_patience + MONITOR_GRACE);
}

void
monitor_answered(void)
{
	alarm(0);
}

/* Calls only what a signal handler may call. */
static void
limit_over(int number)
{
	ssize_t		written = write(STDOUT_FILENO, limit_words, limit_length);

	(void) number;
	(void) written;
	_exit(limit_status);
}

void
monitor_ask(PGconn *conn, Status *status)
{
	PGresult   *result = server_execute(conn, status_sql, 0, NULL);
	Cursor		cursor;
	int			room = 0;

	memset(status, 0, sizeof(*status));
	if (PQresultStatus(result) == PGRES_FATAL_ERROR)
	{
		take_refusal(conn, result, status);
		return;
	}
	server_require(conn, result, PGRES_TUPLES_OK);
	if (PQntuples(result) != 1 || PQnfields(result) != FIRST_NUMBER + NUMBERS)
		fail(EXIT_UNCHECKED, "the server's answer makes no sense: contact_guard.status()");
	status->guard_text = status_text(result, 0);
	status->recorder_text = status_text(result, 1);
	status->guard = status_is(status->guard_text, "on") ? GUARD_ON :
		status_is(status->guard_text, "withholding: this is a standby") ? GUARD_STANDBY :
		status_is(status->guard_text, "forwarding: this is a standby") ? GUARD_FORWARDS : GUARD_OFF;
	status->recorder = judge_recorder(status->recorder_text);
	if (!PQgetisnull(result, 0, 2))
	{
		cursor = cursor_of(PQgetvalue(result, 0, 2), (size_t) PQgetlength(result, 0, 2));
		status->problem_count = take_array(&cursor, &status->problems, &room);
		if (cursor.bad || cursor.at != cursor.end)
			fail(EXIT_UNCHECKED, "the server's answer makes no sense: problems of contact_guard.status()");
	}
	for (int i = 0; i < NUMBERS; i++)
	{
		CgLeafText	text = status_text(result, FIRST_NUMBER + i);

		status->known[i] = text.data != NULL;
		if (status->known[i] && !parse_signed(text.data, text.length, &status->numbers[i]))
			fail(EXIT_UNCHECKED, "the server's answer makes no sense: not a number: %.40s", text.data);
	}
}

/*
 * The two errors that say that this server has no guard, though the database has the extension:
 * the library was not loaded at the server's start, or its file is gone.
 */
static void
take_refusal(PGconn *conn, PGresult *result, Status *status)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (state == NULL || message == NULL || (strcmp(state, "55000") != 0 && strcmp(state, "58P01") != 0))
		fail(EXIT_UNCHECKED, "%s", PQerrorMessage(conn));
	snprintf(status->refused, sizeof(status->refused), "%s", message[0] != '\0' ? message : "no message");
	status->guard = GUARD_OFF;
	status->recorder = RECORDER_FAILS;
}

/* No data: NULL. */
static CgLeafText
status_text(const PGresult *result, int column)
{
	CgLeafText	text = {NULL, 0};

	if (!PQgetisnull(result, 0, column))
	{
		text.data = PQgetvalue(result, 0, column);
		text.length = (size_t) PQgetlength(result, 0, column);
	}
	return text;
}

static bool
status_begins(CgLeafText text, const char *beginning)
{
	return text.data != NULL && text.length >= strlen(beginning) &&
		memcmp(text.data, beginning, strlen(beginning)) == 0;
}

static bool
status_is(CgLeafText text, const char *other)
{
	return text.length == strlen(other) && status_begins(text, other);
}

/* Named is what is good, so that a text of a later version is not taken for it. */
static Recorder
judge_recorder(CgLeafText text)
{
	if (status_is(text, "running") || status_is(text, "idle"))
		return RECORDER_WORKS;
	if (!status_begins(text, "standby: "))
		return RECORDER_FAILS;
	/* Behind a semicolon stands why the slot does not move. */
	return status_begins(text, "standby: WAL is kept from ") && memchr(text.data, ';', text.length) == NULL ?
		RECORDER_STANDBY_KEEPS : RECORDER_STANDBY_KEEPS_NOT;
}

static bool
parse_signed(const char *text, size_t length, int64_t *number)
{
	bool		negative = length > 0 && text[0] == '-';
	uint64_t	value;

	if (!cg_bytes_parse_decimal(text + negative, length - negative, &value) || value > INT64_MAX)
		return false;
	*number = negative ? -(int64_t) value : (int64_t) value;
	return true;
}
