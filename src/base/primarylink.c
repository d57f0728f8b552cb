/*
 * primarylink.c
 *		The connection of a standby's session to the primary.
 *
 * contact_guard.primary_conninfo names the primary, with several hosts if any of them may
 * become it: only a server that is not in recovery is accepted.  The session waits with its
 * latch, as PostgreSQL's own clients of libpq inside the server do, so a cancel, a timeout or a
 * conflict with recovery ends the wait.  What was under way then is lost with the connection.
 *
 * Each attempt is for one host, the one that has answered last first.  libpq would try all of them,
 * but stays at one that is silent as long as its caller waits: it has a time limit for a host
 * only where it waits itself.
 */
#include "postgres.h"

#include "commands/dbcommands.h"
#include "libpq-fe.h"
#include "libpq/libpq-be.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/timestamp.h"

#include "base/guc.h"
#include "base/primarylink.h"

#define ERROR_LENGTH 512
#define STATEMENT "contact_guard_forward"
/* 15 and 16 have no transaction_timeout. */
#define SETTINGS \
	"SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name IN " \
	"('statement_timeout', 'lock_timeout', 'idle_session_timeout', 'transaction_timeout')"
#define HOST_MS 3000			/* for one host, if there are several */
#define RECONNECT_NAP_MS 100

static PGconn *connection = NULL;
static uint64 links = 0;		/* connections that were made */
static int	link_host = 0;		/* of which entry of the string's lists the last one was */
static char why[ERROR_LENGTH] = "";
static int	refused_state = 0;

static void note_link_error(const char *text);
static bool wait_for_link(int events, TimestampTz give_up);
static void swallow_notice(void *arg, const PGresult *result);
static char *entry_of(const char *value, int number);
static int	count_hosts(const PQconninfoOption *options);
static int	choose_host(const char **values);
static bool begin_link(int *hosts);
static bool poll_link(TimestampTz give_up);
static bool prepare_link(TimestampTz give_up);
static PGresult *await_link_result(TimestampTz give_up);
static CgSent take_result(PGresult *result, StringInfo answer);
static void close_at_exit(int code, Datum arg);

static void
note_link_error(const char *text)
{
	int			length;

	strlcpy(why, text ? text : "out of memory", sizeof(why));
	length = strlen(why);
	while (length > 0 && why[length - 1] == '\n')
		why[--length] = '\0';
	for (char *at = why; (at = strpbrk(at, "\n\t")) != NULL;)
		*at = ' ';
}

const char *
cg_primarylink_error(void)
{
	return why;
}

int
cg_primarylink_state(void)
{
	return refused_state;
}

uint64
cg_primarylink_number(void)
{
	return connection ? links : 0;
}

void
cg_primarylink_close(void)
{
	PGconn	   *closed = connection;

	if (closed == NULL)
		return;
	connection = NULL;
	PQfinish(closed);
	ReleaseExternalFD();
}

static void
close_at_exit(int code, Datum arg)
{
	cg_primarylink_close();
}

/* What the primary notices is not for this session's client, nor for the server's stderr. */
static void
swallow_notice(void *arg, const PGresult *result)
{
}

/* False at that time.  Throws if the session is interrupted. */
static bool
wait_for_link(int events, TimestampTz give_up)
{
	long		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), give_up);
	int			woken;

	if (left <= 0)
	{
		snprintf(why, sizeof(why), "timeout expired at \"%s\", port %s", PQhost(connection) ? PQhost(connection) : "",
				 PQport(connection) ? PQport(connection) : "");
		return false;
	}
	woken = WaitLatchOrSocket(MyLatch, events | WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
							  PQsocket(connection), left, PG_WAIT_EXTENSION);
	if ((woken & WL_LATCH_SET) != 0)
	{
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	return true;
}

/* One entry of a list, or the only one, palloc'd; NULL: there is none. */
static char *
entry_of(const char *value, int number)
{
	const char *end;

	if (strchr(value, ',') == NULL)
		return pstrdup(value);
	for (; number > 0 && value; number--)
	{
		value = strchr(value, ',');
		value = value ? value + 1 : NULL;
	}
	if (value == NULL)
		return NULL;
	end = strchr(value, ',');
	return end ? pnstrdup(value, end - value) : pstrdup(value);
}

static int
count_hosts(const PQconninfoOption *options)
{
	int			result = 1;

	for (const PQconninfoOption *option = options; option->keyword; option++)
	{
		int			count = 1;

		if (option->val == NULL || (strcmp(option->keyword, "host") != 0 && strcmp(option->keyword, "hostaddr") != 0))
			continue;
		for (const char *at = option->val; (at = strchr(at, ',')) != NULL; at++)
			count++;
		result = Max(result, count);
	}
	return result;
}

/* Sets host, hostaddr and port of the next attempt; the number of hosts, or 0 for a bad string. */
static int
choose_host(const char **values)
{
	static const char *const keywords[] = {"host", "hostaddr", "port"};
	char	   *error = NULL;
	PQconninfoOption *options = PQconninfoParse(cg_primary_conninfo, &error);
	int			hosts;

	if (options == NULL)
	{
		note_link_error(error);
		PQfreemem(error);
		return 0;
	}
	hosts = count_hosts(options);
	link_host %= hosts;
	for (const PQconninfoOption *option = options; hosts > 1 && option->keyword; option++)
		for (int i = 0; i < lengthof(keywords); i++)
			if (option->val && strcmp(option->keyword, keywords[i]) == 0)
				values[i] = entry_of(option->val, link_host);
	PQconninfoFree(options);
	return hosts;
}

/* Settings of the string come after those that are only a default, and before ours. */
static bool
begin_link(int *hosts)
{
	static bool at_exit = false;
	const char *database = MyProcPort ? MyProcPort->database_name : get_database_name(MyDatabaseId);
	const char *keywords[] = {"target_session_attrs", "application_name", "dbname", "dbname",
	"client_encoding", "host", "hostaddr", "port", NULL};
	const char *values[] = {"primary", "contact_guard standby", cg_primary_conninfo, database,
	GetDatabaseEncodingName(), NULL, NULL, NULL, NULL};

	if (cg_primary_conninfo[0] == '\0')
	{
		note_link_error("contact_guard.primary_conninfo is not set");
		return false;
	}
	*hosts = choose_host(&values[5]);
	if (*hosts == 0)
		return false;
	if (!AcquireExternalFD())
	{
		note_link_error("too many open files");
		return false;
	}
	connection = PQconnectStartParams(keywords, values, true);
	if (connection == NULL)
	{
		ReleaseExternalFD();
		note_link_error(NULL);
		return false;
	}
	links++;
	PQsetNoticeReceiver(connection, swallow_notice, NULL);
	if (!at_exit)
		on_proc_exit(close_at_exit, (Datum) 0);
	at_exit = true;
	return true;
}

static bool
poll_link(TimestampTz give_up)
{
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	while (PQstatus(connection) != CONNECTION_BAD)
	{
		if (!wait_for_link(status == PGRES_POLLING_READING ? WL_SOCKET_READABLE : WL_SOCKET_WRITEABLE, give_up))
			return false;
		status = PQconnectPoll(connection);
		if (status == PGRES_POLLING_OK)
			return true;
		if (status == PGRES_POLLING_FAILED)
			break;
	}
	note_link_error(PQerrorMessage(connection));
	return false;
}

/* The statement is parsed once.  A setting of the forwarder's role must not end a request. */
static bool
prepare_link(TimestampTz give_up)
{
	PGresult   *result;
	bool		good;

	if (PQsetnonblocking(connection, 1) != 0 || !PQsendQuery(connection, SETTINGS))
	{
		note_link_error(PQerrorMessage(connection));
		return false;
	}
	result = await_link_result(give_up);
	good = PQresultStatus(result) == PGRES_TUPLES_OK;
	PQclear(result);
	if (good && PQsendPrepare(connection, STATEMENT, "SELECT contact_guard.forward($1)", 1, NULL))
	{
		result = await_link_result(give_up);
		good = PQresultStatus(result) == PGRES_COMMAND_OK;
		if (!good && result)
			note_link_error(PQresultErrorMessage(result));
		PQclear(result);
	}
	return good;
}

bool
cg_primarylink_connect(TimestampTz give_up)
{
	int			hosts = 1;
	volatile bool good = false;

	if (connection && PQstatus(connection) == CONNECTION_OK)
		return true;
	for (int attempt = 1;; attempt++)
	{
		TimestampTz now = GetCurrentTimestamp();
		TimestampTz until;

		cg_primarylink_close();
		PG_TRY();
		{
			good = begin_link(&hosts);
			until = hosts > 1 ? Min(give_up, TimestampTzPlusMilliseconds(now, HOST_MS)) : give_up;
			good = good && poll_link(until) && prepare_link(give_up);
		}
		PG_CATCH();
		{
			cg_primarylink_close();
			PG_RE_THROW();
		}
		PG_END_TRY();
		if (good)
			return true;
		cg_primarylink_close();
		link_host = (link_host + 1) % Max(hosts, 1);
		/* A failover takes a while.  What no host of the string says will not change soon. */
		if (cg_primary_conninfo[0] == '\0' ||
			TimestampDifferenceMilliseconds(GetCurrentTimestamp(), give_up) <= RECONNECT_NAP_MS)
			return false;
		if (attempt % Max(hosts, 1) != 0)
			continue;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, RECONNECT_NAP_MS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

/* The last result, or NULL if the connection is lost or it is too late. */
static PGresult *
await_link_result(TimestampTz give_up)
{
	PGresult   *last = NULL;

	for (;;)
	{
		PGresult   *result;
		int			unsent = 0;

		while ((unsent = PQflush(connection)) > 0 || PQisBusy(connection))
		{
			if (unsent < 0 || !wait_for_link(WL_SOCKET_READABLE | (unsent > 0 ? WL_SOCKET_WRITEABLE : 0), give_up) ||
				!PQconsumeInput(connection))
			{
				if (PQstatus(connection) == CONNECTION_BAD)
					note_link_error(PQerrorMessage(connection));
				PQclear(last);
				return NULL;
			}
		}
		result = PQgetResult(connection);
		if (result == NULL)
			return last;
		PQclear(last);
		last = result;
		if (PQstatus(connection) == CONNECTION_BAD)
			return last;
	}
}

static CgSent
take_result(PGresult *result, StringInfo answer)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 && !PQgetisnull(result, 0, 0))
	{
		appendBinaryStringInfo(answer, PQgetvalue(result, 0, 0), PQgetlength(result, 0, 0));
		return CG_SENT_ANSWERED;
	}
	if (result)
		note_link_error(PQresultErrorMessage(result));
	if (state == NULL || PQstatus(connection) == CONNECTION_BAD)
		return CG_SENT_LOST;
	refused_state = MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4]);
	return CG_SENT_REFUSED;
}

CgSent
cg_primarylink_send(const StringInfoData *request, StringInfo answer, TimestampTz give_up)
{
	const char *values[1] = {request->data};
	int			lengths[1] = {request->len};
	int			formats[1] = {1};
	volatile CgSent sent = CG_SENT_LOST;

	if (!cg_primarylink_connect(give_up))
		return CG_SENT_NOT;
	PG_TRY();
	{
		if (!PQsendQueryPrepared(connection, STATEMENT, 1, values, lengths, formats, 1))
			note_link_error(PQerrorMessage(connection));
		else
		{
			PGresult   *result = await_link_result(give_up);

			sent = take_result(result, answer);
			PQclear(result);
		}
	}
	PG_CATCH();
	{
		cg_primarylink_close();
		PG_RE_THROW();
	}
	PG_END_TRY();
	if (sent == CG_SENT_LOST)
		cg_primarylink_close();
	return sent;
}
