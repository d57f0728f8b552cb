/*
 * subjectread.c
 *		Asks the server for a customer's report.
 *
 * Times are shown in the customer's zone.  The server converts them, because it knows the zones
 * and refuses one that does not exist, where the C library would silently take UTC.
 */
#include "subject.h"

#include <stdlib.h>
#include <string.h>

#define UTC(time) "pg_catalog.to_char(" time " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
#define TIME(time) UTC(time) ", pg_catalog.to_char(" time ", 'YYYY-MM-DD'), pg_catalog.to_char(" time ", 'HH24:MI:SS')"

/* Nothing of an infinite time: to_char() has no text for it. */
#define FINITE(time) "CASE WHEN pg_catalog.isfinite(" time ") THEN " time " END"

#define PERIOD_QUERY \
	"SELECT " TIME(FINITE("t.since")) ", " TIME(FINITE("t.until")) ", " TIME("pg_catalog.now()") \
	" FROM (SELECT $1::pg_catalog.timestamptz AS since, $2::pg_catalog.timestamptz AS until) t"

#define ROWS_QUERY \
	"SELECT r.kind, r.seq, (EXTRACT(epoch FROM r.read_at) * 1000000)::pg_catalog.int8, " TIME("r.read_at") ", " TIME("r.last_at") ", " \
	"r.event, r.reader, r.category, r.relation, r.columns, r.purpose, r.intervention, r.reason, r.times, r.count, r.leaf, r.customer_salt, " \
	TIME(FINITE("r.opens_at")) ", " TIME(FINITE("r.closes_at")) " " \
	"FROM contact_guard.subject_report($1::pg_catalog.text, $2::pg_catalog.text, $3::pg_catalog.timestamptz, $4::pg_catalog.timestamptz, true) r"
#define ROW_FIELDS 27

static void set_report_session(Subject *subject);
static PGresult *ask_for(Subject *subject, const char *sql, int nvalues, const char *const *values, int nfields);
static const char *text_field(const PGresult *result, int row, int column);
static int64_t number_field(const PGresult *result, int row, int column, int64_t otherwise);
static SubjectTime time_fields(const PGresult *result, int row, int column);
static SubjectKind kind_field(const PGresult *result, int row);
static void take_customer_row(Subject *subject, const char *customer, const PGresult *result, int number);
static void name_all_readers(Subject *subject);
static int	compare_readers(const void *a, const void *b);
static void find_readers(Subject *subject);
static SubjectReader *reader_of(const Subject *subject, const char *tag);

static PGresult *
ask_for(Subject *subject, const char *sql, int nvalues, const char *const *values, int nfields)
{
	PGresult   *result = server_execute(subject->conn, sql, nvalues, values);

	server_require(subject->conn, result, PGRES_TUPLES_OK);
	if (PQnfields(result) != nfields)
		fail(EXIT_UNCHECKED, "the server's answer makes no sense");
	return result;
}

/* malloc'd, or NULL; a zero byte in it would end it. */
static const char *
text_field(const PGresult *result, int row, int column)
{
	char	   *text;

	if (PQgetisnull(result, row, column))
		return NULL;
	text = allocate((size_t) PQgetlength(result, row, column) + 1);
	memcpy(text, PQgetvalue(result, row, column), (size_t) PQgetlength(result, row, column));
	text[PQgetlength(result, row, column)] = '\0';
	return text;
}

static int64_t
number_field(const PGresult *result, int row, int column, int64_t otherwise)
{
	if (PQgetisnull(result, row, column))
		return otherwise;
	if (PQgetlength(result, row, column) != 8)
		fail(EXIT_UNCHECKED, "the server's answer makes no sense: not a number");
	return (int64_t) cg_bytes_get_uint64((const uint8_t *) PQgetvalue(result, row, column));
}

static SubjectTime
time_fields(const PGresult *result, int row, int column)
{
	SubjectTime time = {text_field(result, row, column), text_field(result, row, column + 1), text_field(result, row, column + 2)};

	return time;
}

static void
set_report_session(Subject *subject)
{
	PQclear(ask_for(subject, "SELECT pg_catalog.set_config('TimeZone', $1, false), pg_catalog.set_config('DateStyle', 'ISO', false), "
				"pg_catalog.set_config('default_transaction_isolation', 'read committed', false)", 1, &subject->timezone, 3));
}

void
subject_begin(Subject *subject)
{
	const char *values[2] = {subject->since_given, subject->until_given};
	PGresult   *result;

	set_report_session(subject);
	PQclear(ask_for(subject, "SELECT contact_guard.sync()", 0, NULL, 1));
	result = ask_for(subject, PERIOD_QUERY, 2, values, 9);
	if (PQntuples(result) != 1)
		fail(EXIT_UNCHECKED, "the server's answer makes no sense");
	subject->since = time_fields(result, 0, 0);
	subject->until = time_fields(result, 0, 3);
	subject->made = time_fields(result, 0, 6);
	PQclear(result);
	/* All calls have the same end, to which this report holds.  It cannot speak of times to come. */
	if (subject->until.utc == NULL || strcmp(subject->until.utc, subject->made.utc) > 0)
		subject->until = subject->made;
	subject->until_given = subject->until.utc;
}

void
subject_read(Subject *subject)
{
	server_command(subject->conn, "BEGIN ISOLATION LEVEL READ COMMITTED");
	for (int i = 0; i < subject->ncustomers; i++)
	{
		const char *values[4] = {subject->customers[i], subject->reference, subject->since_given, subject->until_given};
		PGresult   *result = ask_for(subject, ROWS_QUERY, 4, values, ROW_FIELDS);

		for (int row = 0; row < PQntuples(result); row++)
			take_customer_row(subject, subject->customers[i], result, row);
		PQclear(result);
	}
	server_command(subject->conn, "COMMIT");
	find_readers(subject);
	if (subject->decision != NULL && subject->nreaders > 0)
		name_all_readers(subject);
}

static SubjectKind
kind_field(const PGresult *result, int row)
{
	static const char *const names[] = {"named", "unnamed", "log", "since"};
	const char *name = PQgetvalue(result, row, 0);

	for (int kind = 0; kind < (int) (sizeof(names) / sizeof(names[0])); kind++)
		if (strcmp(names[kind], name) == 0)
			return (SubjectKind) kind;
	fail(EXIT_UNCHECKED, "the server's answer makes no sense: a row of an unknown kind; a newer contact-guard may know it");
}

/* What does not name the customer is the same for each of his keys, and counts once. */
static void
take_customer_row(Subject *subject, const char *customer, const PGresult *result, int number)
{
	SubjectRow	row = {.kind = kind_field(result, number), .customer = customer};
	Cursor		columns = cursor_of(PQgetvalue(result, number, 13), (size_t) PQgetlength(result, number, 13));
	CgLeafText *names = NULL;
	int			room = 0;

	if (row.kind == SUBJECT_SINCE)
		subject->records_since = time_fields(result, number, 3);
	if (row.kind == SUBJECT_SINCE || (row.kind != SUBJECT_NAMED && customer != subject->customers[0]))
		return;
	row.seq = number_field(result, number, 1, -1);
	row.microseconds = number_field(result, number, 2, 0);
	row.at = time_fields(result, number, 3);
	row.last = time_fields(result, number, 6);
	row.event = text_field(result, number, 9);
	row.number = row.event == NULL ? 0 : cg_event_number(row.event, strlen(row.event));
	row.tag = text_field(result, number, 10);
	row.category = text_field(result, number, 11);
	row.relation = text_field(result, number, 12);
	if (!PQgetisnull(result, number, 13))
	{
		row.ncolumns = take_array(&columns, &names, &room);
		if (columns.bad)
			fail(EXIT_UNCHECKED, "the server's answer makes no sense: columns");
		for (int i = 0; i < row.ncolumns; i++)
			names[i].data = names[i].data == NULL ? "" : memcpy(allocate(names[i].length), names[i].data, names[i].length);
		row.columns = names;
	}
	row.purpose = text_field(result, number, 14);
	row.intervention = text_field(result, number, 15);
	row.reason = text_field(result, number, 16);
	row.times = number_field(result, number, 17, 1);
	row.count = number_field(result, number, 18, 0);
	row.leaf = (CgLeafText) {text_field(result, number, 19), (size_t) PQgetlength(result, number, 19)};
	row.opens = time_fields(result, number, 21);
	row.closes = time_fields(result, number, 24);
	row.salt = (CgLeafText) {text_field(result, number, 20), (size_t) PQgetlength(result, number, 20)};
	if (row.event == NULL || row.at.utc == NULL || row.at.date == NULL || row.at.clock == NULL)
		fail(EXIT_UNCHECKED, "the server's answer makes no sense: a row without event or time");
	if (subject->count == subject->room)
		subject->rows = reallocate(subject->rows, (size_t) (subject->room = 2 * subject->room + 256) * sizeof(SubjectRow));
	subject->rows[subject->count++] = row;
}

static int
compare_readers(const void *a, const void *b)
{
	return strcmp(((const SubjectReader *) a)->tag, ((const SubjectReader *) b)->tag);
}

static SubjectReader *
reader_of(const Subject *subject, const char *tag)
{
	SubjectReader key = {.tag = tag};

	return tag == NULL || subject->nreaders == 0 ? NULL :
		bsearch(&key, subject->readers, (size_t) subject->nreaders, sizeof(SubjectReader), compare_readers);
}

/*
 * Letters go by the order of the pseudonyms, which the report's random key makes: so they say
 * nothing about who came first, and another report has another order.
 */
static void
find_readers(Subject *subject)
{
	int			kept = 0;

	subject->readers = allocate((size_t) subject->count * sizeof(SubjectReader));
	for (int64_t i = 0; i < subject->count; i++)
		if (subject->rows[i].tag != NULL)
			subject->readers[subject->nreaders++] = (SubjectReader) {.tag = subject->rows[i].tag, .category = subject->rows[i].category};
	if (subject->nreaders > 0)
		qsort(subject->readers, (size_t) subject->nreaders, sizeof(SubjectReader), compare_readers);
	for (int i = 0; i < subject->nreaders; i++)
		if (i == 0 || strcmp(subject->readers[i].tag, subject->readers[kept - 1].tag) != 0)
			subject->readers[kept++] = subject->readers[i];
	subject->nreaders = kept;
	for (int i = 0; i < kept; i++)
	{
		char	   *letter = subject->readers[i].letter;
		int			rest = i;
		char		reversed[8];
		int			length = 0;

		do
		{
			reversed[length++] = (char) ('A' + rest % 26);
			rest = rest / 26 - 1;
		} while (rest >= 0 && length < 6);
		for (int at = 0; at < length; at++)
			letter[at] = reversed[length - 1 - at];
	}
	for (int64_t i = 0; i < subject->count; i++)
	{
		SubjectReader *reader = reader_of(subject, subject->rows[i].tag);

		subject->rows[i].reader = reader;
		if (reader != NULL)
			reader->named |= subject->rows[i].kind == SUBJECT_NAMED;
		if (reader != NULL && subject_is_consultation(&subject->rows[i]))
			reader->consulted = true;
	}
}

/* Names are given for those who have consulted, and for nobody else. */
static void
name_all_readers(Subject *subject)
{
	CgBytes		tags = {0};
	const char *values[3] = {subject->reference, NULL, subject->decision};
	PGresult   *result;

	for (int i = 0; i < subject->nreaders; i++)
	{
		if (!subject->readers[i].consulted)
			continue;
		/* A pseudonym has only hexadecimal digits; anything else would not be one of an array. */
		if (strspn(subject->readers[i].tag, "0123456789abcdef") != strlen(subject->readers[i].tag))
			fail(EXIT_UNCHECKED, "the server's answer makes no sense: a pseudonym");
		cg_bytes_put_text(&tags, tags.length == 0 ? "{" : ",");
		cg_bytes_put_text(&tags, subject->readers[i].tag);
	}
	if (tags.length == 0)
		return;
	cg_bytes_put(&tags, "}", 2);
	if (tags.failed)
		fail(EXIT_UNCHECKED, "out of memory");
	values[1] = (const char *) tags.data;
	result = ask_for(subject, "SELECT n.reader, n.actor FROM contact_guard.name_readers($1::pg_catalog.text, $2::pg_catalog.text[], $3::pg_catalog.text) n",
				 3, values, 2);
	for (int row = 0; row < PQntuples(result); row++)
	{
		SubjectReader *reader = reader_of(subject, text_field(result, row, 0));

		if (reader != NULL)
			reader->name = text_field(result, row, 1);
	}
	PQclear(result);
	cg_bytes_free(&tags);
}
