/*
 * answer.c
 *		contact-guard who-read, reads-by, withheld, after-close: the auditor's questions.
 *
 * Each verifies the whole log first, as verify does, and answers from the rows that are
 * proved.  Then the server's function is asked the same in the same snapshot, and must answer
 * what all rows make, proved or not.  So a function or view that was replaced shows.
 */
#include "verify.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* A key in the log is no longer: src/journal/record.h. */
#define CUSTOMER_LENGTH 512

#define SHOWN_DIFFERENCES 20

static char *make_question_sql(const Question *question, const char **values, int *nvalues);
static char *time_text(int64_t time);
static void read_answer(Verify *verify, const PGresult *result, Lines *lines);
static void compare_answers(Verify *verify, Lines *wanted, Lines *got);
static void differ(Verify *verify, const char *line, bool got);
static int	compare_lines(const void *a, const void *b);

int
run_question(int argc, char **argv)
{
	static const struct option names[] = {
		{"customer", required_argument, NULL, 'C'}, {"actor", required_argument, NULL, 'A'},
		{"since", required_argument, NULL, 's'}, {"until", required_argument, NULL, 'u'}, VERIFY_OPTIONS, {0}
	};
	static Options options = {.to = -1};
	static Question question = {.since = INT64_MIN, .until = INT64_MAX};
	const char *option;
	int			c;

	question.kind = question_kind(argv[0]);
	option = question.kind->option;
	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
	{
		if (option != NULL && (c == 'C' || c == 'A') && strcmp(option, c == 'C' ? "customer" : "actor") == 0)
			question.subject = optarg;
		else if (c == 's')
			question.since = cell_parse_time("--since", optarg);
		else if (c == 'u')
			question.until = cell_parse_time("--until", optarg);
		else if (c == 'C' || c == 'A')
			fail(EXIT_UNCHECKED, "%s does not have the option --%s", argv[0], c == 'C' ? "customer" : "actor");
		else if (!verify_option(&options, c, optarg))
			return EXIT_UNCHECKED;
	}
	if (optind < argc)
		options.conninfo = argv[optind++];
	if (optind < argc)
		fail(EXIT_UNCHECKED, "%s has one argument, the connection string", argv[0]);
	if (option != NULL && question.subject == NULL)
		fail(EXIT_UNCHECKED, "%s needs --%s", argv[0], option);
	if (question.kind->asked == ASKED_WHO_READ && strlen(question.subject) > CUSTOMER_LENGTH)
		fail(EXIT_UNCHECKED, "a key of more than %d bytes stands shortened in the log: give it as contact_guard.customer_of_record() shows it",
			 CUSTOMER_LENGTH);
	return verify_log(&options, &question);
}

void
answer_compare(Verify *verify)
{
	const char *values[3];
	int			nvalues;
	char	   *sql = make_question_sql(verify->question, values, &nvalues);
	PGresult   *result = server_execute(verify->stream, sql, nvalues, values);
	Lines		wanted = {0};
	Lines		got = {0};

	if (PQresultStatus(result) == PGRES_TUPLES_OK)
	{
		read_answer(verify, result, &got);
		question_answer(verify->question, false, false, &wanted);
		compare_answers(verify, &wanted, &got);
		lines_free(&wanted);
		lines_free(&got);
	}
	else
	{
		/* The answer from rows is good all the same. */
		say("the server's own answer could not be compared: %s", PQerrorMessage(verify->stream));
		verify->uncompared = true;
	}
	PQclear(result);
	free(sql);
	free((char *) values[nvalues - 2]);
	free((char *) values[nvalues - 1]);
}

/* The query of the server's function, malloc'd, and its values, of which the last two are malloc'd. */
static char *
make_question_sql(const Question *question, const char **values, int *nvalues)
{
	char	   *sql = NULL;
	size_t		length;
	FILE	   *out = open_memstream(&sql, &length);
	int			n = 0;

	if (out == NULL)
		fail(EXIT_UNCHECKED, "out of memory");
	for (int i = 0; i < question->kind->ncolumns; i++)
		fprintf(out, "%s%s", i == 0 ? "SELECT " : ", ", question->kind->columns[i].name);
	fprintf(out, " FROM contact_guard.%s(", question->kind->function);
	if (question->kind->option != NULL)
	{
		values[n++] = question->subject;
		fprintf(out, "$1::pg_catalog.text, ");
	}
	values[n++] = time_text(question->since);
	values[n++] = time_text(question->until);
	fprintf(out, "$%d::pg_catalog.timestamptz, $%d::pg_catalog.timestamptz)", n - 1, n);
	if (fclose(out) != 0)
		fail(EXIT_UNCHECKED, "out of memory");
	*nvalues = n;
	return sql;
}

/* For the server; malloc'd. */
static char *
time_text(int64_t time)
{
	char	   *text = NULL;
	size_t		length;
	FILE	   *out = open_memstream(&text, &length);

	if (out == NULL)
		fail(EXIT_UNCHECKED, "out of memory");
	if (time == INT64_MIN || time == INT64_MAX)
		fputs(time < 0 ? "-infinity" : "infinity", out);
	else
		cell_put_time(out, &time);
	if (fclose(out) != 0)
		fail(EXIT_UNCHECKED, "out of memory");
	return text;
}

static void
read_answer(Verify *verify, const PGresult *result, Lines *lines)
{
	const QuestionKind *kind = verify->question->kind;

	if (PQnfields(result) != kind->ncolumns)
		fail(EXIT_UNCHECKED, "the server's answer makes no sense: %s", kind->function);
	for (int i = 0; i < PQntuples(result); i++)
	{
		char	   *line = NULL;
		size_t		length;
		FILE	   *out = open_memstream(&line, &length);

		if (out == NULL)
			fail(EXIT_UNCHECKED, "out of memory");
		for (int column = 0; column < kind->ncolumns; column++)
		{
			CgLeafText	value = {PQgetisnull(result, i, column) ? NULL : PQgetvalue(result, i, column), (size_t) PQgetlength(result, i, column)};

			if (column > 0)
				fputc('\t', out);
			if (!cell_put_value(out, kind->columns[column].shape, value))
				fail(EXIT_UNCHECKED, "the server's answer makes no sense: %s", kind->function);
		}
		if (fclose(out) != 0)
			fail(EXIT_UNCHECKED, "out of memory");
		lines_add(lines, line);
	}
}

static void
compare_answers(Verify *verify, Lines *wanted, Lines *got)
{
	int64_t		i = 0;
	int64_t		j = 0;

	if (wanted->count > 0)
		qsort(wanted->lines, (size_t) wanted->count, sizeof(char *), compare_lines);
	if (got->count > 0)
		qsort(got->lines, (size_t) got->count, sizeof(char *), compare_lines);
	while (i < wanted->count || j < got->count)
	{
		int			order = i == wanted->count ? 1 : j == got->count ? -1 : strcmp(wanted->lines[i], got->lines[j]);

		if (order < 0)
			differ(verify, wanted->lines[i], false);
		else if (order > 0)
			differ(verify, got->lines[j], true);
		i += order <= 0;
		j += order >= 0;
	}
}

static void
differ(Verify *verify, const char *line, bool got)
{
	static int	shown;

	find(verify, -1, got ? "the server's %s() answers what the rows of the log do not make:" :
		 "the server's %s() does not answer what the rows of the log make:", verify->question->kind->function);
	if (++shown <= SHOWN_DIFFERENCES)
		printf("    | %s\n", line);
}

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

void
answer_print(Verify *verify)
{
	const Question *question = verify->question;
	bool		restored = restored_proved(verify);
	Lines		lines = {0};
	int64_t		left = question_answer(verify->question, true, restored, &lines);

	for (int64_t i = 0; i < question->count; i++)
		verify->restored_left += question->entries[i].proof == PROOF_RESTORED && !restored;
	for (int i = 0; i < question->kind->ncolumns; i++)
		printf("%s%s", i == 0 ? "" : "\t", question->kind->columns[i].name);
	printf("\n");
	for (int64_t i = 0; i < lines.count; i++)
		printf("%s\n", lines.lines[i]);
	printf("\n%lld row%s from records that are proved", (long long) lines.count, lines.count == 1 ? "" : "s");
	if (left > 0)
		printf("; %lld more record%s, which %s not proved, %s left out", (long long) left, left == 1 ? "" : "s",
			   left == 1 ? "is" : "are", left == 1 ? "is" : "are");
	printf("; this rests on the checkpoint\n");
	for (const char *at = verify->text; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n')
	{
		printf("    | ");
		text_print(stdout, at, strcspn(at, "\n"), "");
		printf("\n");
	}
	lines_free(&lines);
}
