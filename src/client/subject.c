/*
 * subject.c
 *		contact-guard report: what the log says about a customer, for that customer.
 *
 * Writes report.json, report.html, records.csv, a proof for each record, and SHA256SUMS into a new folder,
 * which nobody else can read: the report is about a person.
 */
#include "subject.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of fewer persons in the period a category may tell who it was. */
#define FEW_PERSONS 3

/* The longest key of a customer in the log (CG_CUSTOMER_LENGTH of the library) */
#define KEY_LENGTH 512

static const char *parse_report_options(Subject *subject, int argc, char **argv);
static void take_option(Subject *subject, int c);
static void require_options(Subject *subject);
static const char *date_option(const char *option, const char *text);
static int	days_of(int year, int month);
static void find_due(Subject *subject);
static void count_rows(Subject *subject);
static int	compare_texts(const void *a, const void *b);
static int64_t count_distinct(const char **texts, int64_t count);
static void warn_of_few(const Subject *subject);
static void propose_hold(const Subject *subject);
static void write_files(Subject *subject);
static void remove_folder(const char *why);

static const char *made_folder;
static void put_sum(CgBytes *sums, const char *name, const void *data, size_t length);

int
run_report(int argc, char **argv)
{
	static Subject subject = {.language = "en", .timezone = "UTC", .since_given = "-infinity", .until_given = "infinity"};
	const char *conninfo = parse_report_options(&subject, argc, argv);

	/* Before anything is asked, and recorded: a folder that is there may have another report. */
	if (mkdir(subject.folder, 0700) != 0)
		fail(EXIT_UNCHECKED, "could not create \"%s\": %s", subject.folder, strerror(errno));
	made_folder = subject.folder;
	before_failure = remove_folder;
	subject.conn = server_connect(conninfo);
	subject_begin(&subject);
	subject_read(&subject);
	count_rows(&subject);
	subject_prove(&subject);
	PQfinish(subject.conn);
	before_failure = NULL;
	write_files(&subject);
	warn_of_few(&subject);
	printf("%s: %lld consultations, %lld records proved; the report is in \"", subject.reference,
		   (long long) subject.sums.consultations, (long long) subject.proofs);
	text_print(stdout, subject.folder, strlen(subject.folder), "");
	printf("\"\n");
	propose_hold(&subject);
	return EXIT_GOOD;
}

/* Nothing stands in it yet, unless a proof does. */
static void
remove_folder(const char *why)
{
	(void) why;
	(void) rmdir(made_folder);
}

static const char *
parse_report_options(Subject *subject, int argc, char **argv)
{
	static const struct option names[] = {
		{"customer", required_argument, NULL, 'C'}, {"since", required_argument, NULL, 's'}, {"until", required_argument, NULL, 'u'},
		{"reference", required_argument, NULL, 'r'}, {"received", required_argument, NULL, 'R'}, {"language", required_argument, NULL, 'l'},
		{"timezone", required_argument, NULL, 'z'}, {"out", required_argument, NULL, 'o'}, {"categories", required_argument, NULL, 'c'},
		{"controller", required_argument, NULL, 'W'}, {"authority", required_argument, NULL, 'A'},
		{"name-readers", required_argument, NULL, 'n'}, {"vkey", required_argument, NULL, 'k'}, {"policy", required_argument, NULL, 'p'},
		SERVER_OPTIONS, {0}
	};
	const char *conninfo = NULL;
	int			c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
	{
		if (c == '?')
			exit(EXIT_UNCHECKED);
		if (!server_option(c, optarg))
			take_option(subject, c);
	}
	if (optind < argc)
		conninfo = argv[optind++];
	if (optind < argc)
		fail(EXIT_UNCHECKED, "report has one argument, the connection string");
	require_options(subject);
	return conninfo;
}

static void
take_option(Subject *subject, int c)
{
	if (c == 'C' && subject->ncustomers == MOST_CUSTOMERS)
		fail(EXIT_UNCHECKED, "report takes at most %d keys of a customer", MOST_CUSTOMERS);
	if (c == 'C' && strlen(optarg) > KEY_LENGTH)
		fail(EXIT_UNCHECKED, "a key of more than %d bytes stands shortened in the log: give it as contact_guard.customer_of_record() shows it",
			 KEY_LENGTH);
	if (c == 'C')
		subject->customers[subject->ncustomers++] = optarg;
	else if (c == 's')
		subject->since_given = optarg;
	else if (c == 'u')
		subject->until_given = optarg;
	else if (c == 'r')
		subject->reference = optarg;
	else if (c == 'R')
		subject->received = date_option("--received", optarg);
	else if (c == 'l')
		subject->language = optarg;
	else if (c == 'z')
		subject->timezone = optarg;
	else if (c == 'o')
		subject->folder = optarg;
	else if (c == 'c')
		dictionary_read(&subject->dictionary, optarg);
	else if (c == 'W')
		subject->controller = optarg;
	else if (c == 'A')
		subject->authority = optarg;
	else if (c == 'n')
		subject->decision = optarg;
	else if (c == 'k')
		keys_add(&subject->keys, optarg);
	else if (c == 'p')
		policy_read(&subject->policy, &subject->keys, optarg);
}

static void
require_options(Subject *subject)
{
	if (subject->ncustomers == 0 || subject->reference == NULL || subject->folder == NULL)
		fail(EXIT_UNCHECKED, "report needs --customer KEY, --reference TEXT and --out DIR");
	subject->words = words_of(subject->language);
	if (subject->words == NULL)
		fail(EXIT_UNCHECKED, "option --language: en or fr, not \"%s\"", subject->language);
	for (int i = 0; i < subject->ncustomers; i++)
		for (int j = 0; j < i; j++)
			if (strcmp(subject->customers[i], subject->customers[j]) == 0)
				fail(EXIT_UNCHECKED, "option --customer: \"%s\" is given twice", subject->customers[i]);
	find_due(subject);
}

static int
days_of(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool		leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static const char *
date_option(const char *option, const char *text)
{
	int			year;
	int			month;
	int			day;
	char		again[32];

	if (sscanf(text, "%4d-%2d-%2d", &year, &month, &day) == 3 && year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= days_of(year, month))
	{
		snprintf(again, sizeof(again), "%04d-%02d-%02d", year, month, day);
		if (strcmp(again, text) == 0)
			return text;
	}
	fail(EXIT_UNCHECKED, "option %s: not a day as 2026-11-20: \"%s\"", option, text);
}

/*
 * A month ends on the day of the next month that has the same number, or on the last day of that
 * month if it has no such day (Regulation 1182/71, article 3(2)(c)).  That the day may be a
 * holiday, and the time then longer, is not counted on.
 */
static void
find_due(Subject *subject)
{
	int			year;
	int			month;
	int			day;

	if (subject->received == NULL || sscanf(subject->received, "%d-%d-%d", &year, &month, &day) != 3)
		return;
	year += month == 12;
	month = month % 12 + 1;
	if (day > days_of(year, month))
		day = days_of(year, month);
	snprintf(subject->due, sizeof(subject->due), "%04d-%02d-%02d", year, month, day);
}

bool
subject_has_appointment(const SubjectRow *row)
{
	return row->number == CG_EVENT_SHOWN && row->intervention != NULL && row->purpose != NULL;
}

bool
subject_is_consultation(const SubjectRow *row)
{
	return row->kind == SUBJECT_NAMED && (row->number == CG_EVENT_SHOWN || row->number == CG_EVENT_LOOKUP);
}

/* The direction stands behind the column and the channel. */
bool
subject_is_inward(const SubjectRow *row)
{
	const CgLeafText *last = row->ncolumns > 1 ? &row->columns[row->ncolumns - 1] : NULL;

	return last && last->length == 2 && memcmp(last->data, "in", 2) == 0;
}

void
subject_proof_name(const SubjectRow *row, char *name, size_t room)
{
	snprintf(name, room, "proofs/%lld.tlog-proof", (long long) row->seq);
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static int64_t
count_distinct(const char **texts, int64_t count)
{
	int64_t		distinct = 0;

	if (count > 0)
		qsort(texts, (size_t) count, sizeof(char *), compare_texts);
	for (int64_t i = 0; i < count; i++)
		distinct += i == 0 || strcmp(texts[i], texts[i - 1]) != 0;
	return distinct;
}

static void
count_rows(Subject *subject)
{
	SubjectSums *sums = &subject->sums;
	const char **days = allocate((size_t) subject->count * sizeof(char *));

	for (int64_t i = 0; i < subject->count; i++)
	{
		const SubjectRow *row = &subject->rows[i];

		if (row->kind == SUBJECT_NAMED && row->number == CG_EVENT_WITHHELD)
			sums->withheld++;
		if (row->kind == SUBJECT_NAMED && row->number == CG_EVENT_CONTACT)
		{
			sums->contacts++;
			sums->called += !subject_is_inward(row);
		}
		sums->possible += row->kind == SUBJECT_UNNAMED;
		if (!subject_is_consultation(row))
			continue;
		days[sums->consultations++] = row->at.date;
		sums->with_appointment += subject_has_appointment(row);
		sums->nameless += row->tag == NULL;
	}
	sums->days = count_distinct(days, sums->consultations);
	for (int i = 0; i < subject->nreaders; i++)
		sums->readers += subject->readers[i].consulted;
	free(days);
}

/* The officer decides whether to leave the category out; the customer must not be told why. */
static void
warn_of_few(const Subject *subject)
{
	for (int i = 0; i < subject->nreaders; i++)
	{
		const char *category = subject->readers[i].category;
		int			persons[2] = {0};
		bool		first = true;
		int			least;

		for (int j = 0; category != NULL && j < subject->nreaders; j++)
		{
			bool		same = subject->readers[j].category != NULL && strcmp(subject->readers[j].category, category) == 0;

			if (same)
				persons[subject->readers[j].named]++;
			first = first && !(same && j < i);
		}
		/* One person may be in both. */
		least = persons[0] > persons[1] ? persons[0] : persons[1];
		if (category != NULL && first && least < FEW_PERSONS)
			say("the report has %d reader%s of category \"%s\": whoever knows who was there may tell who it was", least, least == 1 ? "" : "s",
				category);
	}
}

/* A purge between the question and its end would take away what the report is about. */
static void
propose_hold(const Subject *subject)
{
	printf("An admin of contact_guard keeps the records that it is about until this case is closed:\n");
	for (int i = 0; i < subject->ncustomers; i++)
	{
		printf("  SELECT contact_guard.hold('");
		for (const char *at = subject->customers[i]; *at != '\0'; at += strcspn(at, "'") + (at[strcspn(at, "'")] != '\0'))
		{
			size_t		plain = strcspn(at, "'");

			text_print(stdout, at, plain, "\\");
			fputs(at[plain] == '\0' ? "" : "''", stdout);
		}
		printf("', '%s');\n", subject->reference);
	}
}

static void
put_sum(CgBytes *sums, const char *name, const void *data, size_t length)
{
	uint8_t		hash[CG_HASH_LENGTH];
	char		digits[3];

	if (cg_hasher_digest(&hasher, data, length, "", 0, hash) != CG_MERKLE_OK)
		fail(EXIT_UNCHECKED, "libcrypto could not compute SHA-256");
	for (int i = 0; i < CG_HASH_LENGTH; i++)
	{
		snprintf(digits, sizeof(digits), "%02x", hash[i]);
		cg_bytes_put_text(sums, digits);
	}
	cg_bytes_put_text(sums, "  ");
	cg_bytes_put_text(sums, name);
	cg_bytes_put_uint8(sums, '\n');
}

static void
write_files(Subject *subject)
{
	static const struct
	{
		const char *name;
		void		(*put) (const Subject *subject, CgBytes *out);
	}			reports[] = {{"report.html", subject_put_html}, {"report.json", subject_put_json}, {"records.csv", subject_put_csv}};
	CgBytes		sums = {0};

	for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++)
	{
		CgBytes		report = {0};

		reports[i].put(subject, &report);
		if (report.failed)
			fail(EXIT_UNCHECKED, "out of memory");
		put_sum(&sums, reports[i].name, report.data, report.length);
		file_write_later(file_path(subject->folder, reports[i].name), report.data, report.length);
		cg_bytes_free(&report);
	}
	for (int64_t i = 0; i < subject->count; i++)
	{
		char		name[64];
		size_t		length;
		char	   *data;

		if (!subject->rows[i].proved)
			continue;
		subject_proof_name(&subject->rows[i], name, sizeof(name));
		data = file_read(file_path(subject->folder, name), &length);
		put_sum(&sums, name, data, length);
		free(data);
	}
	if (sums.failed)
		fail(EXIT_UNCHECKED, "out of memory");
	file_write_later(file_path(subject->folder, "SHA256SUMS"), sums.data, sums.length);
	file_sync_all(subject->folder);
}
