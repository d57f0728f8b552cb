/*
 * check.c
 *		contact-guard check: one line and an exit status, as plugins of Nagios have them.
 *
 *	CONTACT_GUARD STATE - text | 'label'=value[unit];warning;critical;minimum
 *
 * A text of the server is a part of the line.  It could end the line, begin the numbers, or
 * reach a shell or a web page behind the monitoring system, so all but known characters is escaped.
 */
#include "monitor.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_ACCEPTED 64

/* A line must stay short: so many problems, and bytes of each, are told. */
#define MOST_PROBLEMS 5
#define MOST_TEXT 300

/* Clocks differ by so many seconds.  A signature from later than that is not fresh. */
#define MOST_AHEAD 60

typedef enum State
{
	STATE_OK,
	STATE_WARNING,
	STATE_CRITICAL,
	STATE_UNKNOWN
} State;

static const char *const state_names[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

/* Values above these are not good; -1: any is. */
typedef struct Limits
{
	int64_t		warning;
	int64_t		critical;
} Limits;

typedef struct Check
{
	Limits		lag;			/* bytes */
	Limits		age;			/* seconds since the last signature */
	int			accepted_count;
	const char *accepted[MOST_ACCEPTED];	/* problems that are known and accepted */
	State		state;
	CgBytes		text;			/* what is wrong, and what is right if nothing is */
} Check;

static void parse_check_options(Check *check, const char **conninfo, int argc, char **argv);
static void check_failed(const char *why) __attribute__((noreturn));
static void add_finding(Check *check, State state, const char *before, CgLeafText text);
static void put_escaped(CgBytes *out, const char *text, size_t length);
static void judge_status(Check *check, const Status *status);
static void judge_problems(Check *check, const Status *status);
static bool is_blank(CgLeafText text);
static bool is_accepted(const Check *check, CgLeafText problem);
static int64_t judge_age(Check *check, const Status *status);
static void judge_limits(Check *check, Limits limits, int64_t value, const char *what);
static void print_check(const Check *check, const Status *status, int64_t age);
static void print_number(const char *label, int64_t value, const char *unit, Limits limits);

int
run_check(int argc, char **argv)
{
	static Status status;
	Check		check = {{-1, -1}, {-1, -1}};
	const char *conninfo = NULL;
	PGconn	   *conn;
	int64_t		age;

	before_failure = check_failed;
	server_patience = MONITOR_PATIENCE;
	cg_bytes_init(&check.text);
	parse_check_options(&check, &conninfo, argc, argv);
	monitor_limit("CONTACT_GUARD UNKNOWN - no answer in time\n", STATE_UNKNOWN);
	conn = server_connect(conninfo);
	monitor_ask(conn, &status);
	monitor_answered();
	/* As the server does it: from a quarter on, readers wait for the recorder. */
	if (check.lag.warning < 0 && check.lag.critical < 0 && status.known[NUMBER_MAX_BACKLOG])
		check.lag = (Limits) {status.numbers[NUMBER_MAX_BACKLOG] / 4, status.numbers[NUMBER_MAX_BACKLOG] / 2};
	judge_status(&check, &status);
	judge_problems(&check, &status);
	if (status.known[NUMBER_LAG])
		judge_limits(&check, check.lag, status.numbers[NUMBER_LAG], "bytes of records wait to be stored");
	age = judge_age(&check, &status);
	print_check(&check, &status, age);
	PQfinish(conn);
	return (int) check.state;
}

static void
parse_check_options(Check *check, const char **conninfo, int argc, char **argv)
{
	static const struct option names[] = {
		{"warn-lag", required_argument, NULL, 'l'}, {"crit-lag", required_argument, NULL, 'L'},
		{"warn-age", required_argument, NULL, 'a'}, {"crit-age", required_argument, NULL, 'A'},
		{"accept", required_argument, NULL, 'x'}, SERVER_OPTIONS, {0}
	};
	int			c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
	{
		if (c == 'l')
			check->lag.warning = parse_number("--warn-lag", optarg, 0);
		else if (c == 'L')
			check->lag.critical = parse_number("--crit-lag", optarg, 0);
		else if (c == 'a')
			check->age.warning = parse_number("--warn-age", optarg, 0);
		else if (c == 'A')
			check->age.critical = parse_number("--crit-age", optarg, 0);
		else if (c == 'x' && check->accepted_count == MOST_ACCEPTED)
			fail(EXIT_UNCHECKED, "check accepts at most %d problems", MOST_ACCEPTED);
		else if (c == 'x')
			check->accepted[check->accepted_count++] = optarg;
		else if (!server_option(c, optarg))
			fail(EXIT_UNCHECKED, "an option of check is wrong: try contact-guard --help");
	}
	if (optind < argc)
		*conninfo = argv[optind++];
	if (optind < argc)
		fail(EXIT_UNCHECKED, "check takes at most a connection string");
}

/* The monitoring system reads stdout alone, and its own numbers of states. */
static void
check_failed(const char *why)
{
	CgBytes		line;

	monitor_answered();
	cg_bytes_init(&line);
	put_escaped(&line, why, strlen(why));
	printf("CONTACT_GUARD UNKNOWN - %.*s\n", line.failed ? 0 : (int) line.length, (const char *) line.data);
	exit(STATE_UNKNOWN);
}

static void
add_finding(Check *check, State state, const char *before, CgLeafText text)
{
	if (check->state < state)
		check->state = state;
	if (check->text.length > 0)
		cg_bytes_put(&check->text, "; ", 2);
	cg_bytes_put(&check->text, before, strlen(before));
	if (text.data != NULL)
		put_escaped(&check->text, text.data, text.length);
}

/*
 * Appends a text of others.  Named are the characters that no reader of the line takes for its own,
 * such as a shell whose command a monitoring system makes of the line.
 */
static void
put_escaped(CgBytes *out, const char *text, size_t length)
{
	static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:_-()/=+@#%";
	size_t		most = length < MOST_TEXT ? length : MOST_TEXT;

	while (most > 0 && (text[most - 1] == '\n' || text[most - 1] == ' '))
		most--;
	for (size_t at = 0; at < most;)
	{
		size_t		width = text_plain_width(text + at, length - at);
		char		escaped[8];

		if (width > 1 || (width == 1 && strchr(harmless, text[at]) != NULL))
			cg_bytes_put(out, text + at, width);
		else if (text[at] == '\n')
		{
			cg_bytes_put(out, " ", 1);
			width = strspn(text + at, "\n\t ");
			width = width < length - at ? width : length - at;
		}
		else
		{
			snprintf(escaped, sizeof(escaped), "\\x%02x", (unsigned char) text[at]);
			cg_bytes_put(out, escaped, strlen(escaped));
			width = 1;
		}
		at += width;
	}
	if (length > MOST_TEXT)
		cg_bytes_put(out, "...", 3);
}

static void
judge_status(Check *check, const Status *status)
{
	CgLeafText	refused = {status->refused, strlen(status->refused)};

	if (refused.length > 0)
	{
		add_finding(check, STATE_CRITICAL, "the guard does not work: ", refused);
		return;
	}
	if (status->guard == GUARD_OFF)
		add_finding(check, STATE_CRITICAL, "guard: ", status->guard_text);
	if (status->recorder == RECORDER_FAILS)
		add_finding(check, STATE_CRITICAL, "recorder: ", status->recorder_text);
	if (status->recorder == RECORDER_STANDBY_KEEPS_NOT)
		add_finding(check, STATE_WARNING, "recorder: ", status->recorder_text);
}

static void
judge_problems(Check *check, const Status *status)
{
	int			told = 0;
	int			left = 0;
	char		more[40];

	for (int i = 0; i < status->problem_count; i++)
	{
		if (is_accepted(check, status->problems[i]))
			continue;
		if (told++ >= MOST_PROBLEMS)
			left++;
		else if (is_blank(status->problems[i]))
			add_finding(check, STATE_CRITICAL, "a problem without a text", (CgLeafText) {NULL, 0});
		else
			add_finding(check, STATE_CRITICAL, "", status->problems[i]);
	}
	snprintf(more, sizeof(more), "%d more", left);
	if (left > 0)
		add_finding(check, STATE_CRITICAL, more, (CgLeafText) {NULL, 0});
}

/* Is nothing to be seen of it in the line? */
static bool
is_blank(CgLeafText text)
{
	for (size_t at = 0; text.data != NULL && at < text.length; at++)
		if (text.data[at] != ' ' && text.data[at] != '\n')
			return false;
	return true;
}

/* Only the whole text: a part of it might be a name that somebody else has chosen. */
static bool
is_accepted(const Check *check, CgLeafText problem)
{
	for (int i = 0; i < check->accepted_count; i++)
	{
		if (problem.data != NULL && strlen(check->accepted[i]) == problem.length &&
			memcmp(check->accepted[i], problem.data, problem.length) == 0)
			return true;
	}
	return false;
}

/* Returns how many seconds ago the newest signature was made; -1: that is not known. */
static int64_t
judge_age(Check *check, const Status *status)
{
	State		state = check->age.critical >= 0 ? STATE_CRITICAL : STATE_WARNING;
	int64_t		now = (int64_t) time(NULL);
	int64_t		signed_at = status->numbers[NUMBER_SIGNED_AT];
	int64_t		age;
	char		text[120];

	if (!status->known[NUMBER_SIGNED_AT])
	{
		if (status->refused[0] == '\0' && (check->age.warning >= 0 || check->age.critical >= 0))
			add_finding(check, state, "nothing was ever signed", (CgLeafText) {NULL, 0});
		return -1;
	}
	/* The server's number may be any. */
	age = signed_at < now - INT64_MAX ? INT64_MAX : now - signed_at;
	if (age < -MOST_AHEAD)
	{
		snprintf(text, sizeof(text), "the last signature is from %lld seconds in the future", (long long) -age);
		add_finding(check, state, text, (CgLeafText) {NULL, 0});
		return -1;
	}
	age = age < 0 ? 0 : age;
	judge_limits(check, check->age, age, "seconds have passed since the last signature");
	return age;
}

static void
judge_limits(Check *check, Limits limits, int64_t value, const char *what)
{
	char		text[120];
	bool		critical = limits.critical >= 0 && value > limits.critical;

	if (!critical && (limits.warning < 0 || value <= limits.warning))
		return;
	snprintf(text, sizeof(text), "%lld %s", (long long) value, what);
	add_finding(check, critical ? STATE_CRITICAL : STATE_WARNING, text, (CgLeafText) {NULL, 0});
}

static void
print_check(const Check *check, const Status *status, int64_t age)
{
	if (check->text.failed)
		fail(EXIT_UNCHECKED, "out of memory");
	printf("CONTACT_GUARD %s - ", state_names[check->state]);
	if (check->text.length > 0)
		printf("%.*s", (int) check->text.length, (const char *) check->text.data);
	else
		printf("%s", status->guard == GUARD_STANDBY ? "a standby, which withholds guarded values" :
			   status->guard == GUARD_FORWARDS ? "a standby, which asks the primary" : "the guard is on");
	printf(" | problems=%d;;0;0", status->problem_count);
	if (status->known[NUMBER_LAG])
		print_number("lag", status->numbers[NUMBER_LAG], "B", check->lag);
	if (age >= 0)
		print_number("signature_age", age, "s", check->age);
	if (status->known[NUMBER_ROWS])
		print_number("log_rows", status->numbers[NUMBER_ROWS], "c", (Limits) {-1, -1});
	if (status->known[NUMBER_REJECTED])
		print_number("rejected", status->numbers[NUMBER_REJECTED], "c", (Limits) {-1, -1});
	if (status->known[NUMBER_WAL_KEPT])
		print_number("wal_kept", status->numbers[NUMBER_WAL_KEPT], "B", (Limits) {-1, -1});
	printf("\n");
}

static void
print_number(const char *label, int64_t value, const char *unit, Limits limits)
{
	printf(" %s=%lld%s;", label, (long long) value, unit);
	if (limits.warning >= 0)
		printf("%lld", (long long) limits.warning);
	printf(";");
	if (limits.critical >= 0)
		printf("%lld", (long long) limits.critical);
	printf(";0");
}
