/*
 * subjecttables.c
 *		The tables of a customer's report in HTML.
 */
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "subjectsay.h"
#include "subjecttables.h"

/* More rows stand in records.csv and report.json alone. */
#define MOST_ROWS 2000
/* Of what is much the same for everybody, and may be ten thousands of rows in a large company */
#define MOST_UNNAMED 100

static bool is_of_unnamed(Section section);
static void put_section(const Subject *subject, CgBytes *out, Section section, const char *title, const char *text);
static bool begins_appointment(const SubjectRow *row, const char **intervention);
static char *appointment_caption(const Subject *subject, const SubjectRow *row);
static void put_what_and_who(const Subject *subject, CgBytes *out, const SubjectRow *row);
static void put_named_row(const Subject *subject, CgBytes *out, const SubjectRow *row, Section section);
static void put_unnamed_row(const Subject *subject, CgBytes *out, const SubjectRow *row, Section section);
static void put_span_end(const Subject *subject, CgBytes *out, const SubjectTime *time, const char *element);
static int	compare_rows(const void *a, const void *b);

void
subject_put_tables(const Subject *subject, CgBytes *out)
{
	for (int section = 0; section < SECTIONS; section++)
		put_section(subject, out, (Section) section, subject_section_title(subject, (Section) section), subject_section_text(subject, (Section) section));
}

/* By appointment, and then by time */
static int
compare_rows(const void *a, const void *b)
{
	const SubjectRow *one = *(const SubjectRow *const *) a;
	const SubjectRow *two = *(const SubjectRow *const *) b;
	int			order = subject_has_appointment(one) && subject_has_appointment(two) ? strcmp(one->intervention, two->intervention) : 0;

	if (order == 0)
		order = (one->microseconds > two->microseconds) - (one->microseconds < two->microseconds);
	return order != 0 ? order : (one->seq > two->seq) - (one->seq < two->seq);
}

static bool
begins_appointment(const SubjectRow *row, const char **intervention)
{
	bool		begins = *intervention == NULL || strcmp(*intervention, row->intervention) != 0;

	*intervention = row->intervention;
	return begins;
}

/* As text, malloc'd.  The window is that of the first record: the log keeps it, not the CRM. */
static char *
appointment_caption(const Subject *subject, const SubjectRow *row)
{
	CgBytes		from = {0};
	CgBytes		until = {0};
	char	   *caption = NULL;
	size_t		length;
	FILE	   *out = open_memstream(&caption, &length);

	if (out == NULL)
		fail(EXIT_UNCHECKED, "out of memory");
	fprintf(out, subject->words->appointment, row->intervention);
	if (row->opens.date != NULL && row->closes.date != NULL)
	{
		subject_put_date(subject, &from, row->opens.date, row->opens.clock);
		subject_put_date(subject, &until, row->closes.date, row->closes.clock);
		cg_bytes_put_uint8(&from, 0);
		cg_bytes_put_uint8(&until, 0);
		if (from.failed || until.failed)
			fail(EXIT_UNCHECKED, "out of memory");
		fprintf(out, subject->words->window, (char *) from.data, (char *) until.data);
		cg_bytes_free(&from);
		cg_bytes_free(&until);
	}
	if (fclose(out) != 0)
		fail(EXIT_UNCHECKED, "out of memory");
	return caption;
}

static bool
is_of_unnamed(Section section)
{
	return section == SECTION_SEARCHES || section == SECTION_BULK || section == SECTION_MASS;
}

static void
put_section(const Subject *subject, CgBytes *out, Section section, const char *title, const char *text)
{
	const Words *words = subject->words;
	bool		unnamed = is_of_unnamed(section);
	const char *last = section == SECTION_WITHHELD ? words->reason_column : section >= SECTION_REPORTS || section == SECTION_RELAY ? words->event_column : words->purpose_column;
	const char *named_headings[] = {words->day_column, words->time_column, words->what_column, words->who_column, last, NULL};
	const char *unnamed_headings[] = {words->from_column, words->to_column, words->times_column, words->what_column, words->who_column,
	section != SECTION_MASS ? words->purpose_column : NULL, NULL};
	const SubjectRow **rows = allocate((size_t) subject->count * sizeof(SubjectRow *));
	int64_t		count = 0;
	int64_t		most = unnamed ? MOST_UNNAMED : MOST_ROWS;
	const char *intervention = NULL;

	for (int64_t i = 0; i < subject->count; i++)
		if (subject_section(&subject->rows[i]) == section)
			rows[count++] = &subject->rows[i];
	if (count > 0)
	{
		qsort(rows, (size_t) count, sizeof(SubjectRow *), compare_rows);
		html_put(out, "<h2>%s</h2>\n<p>%s</p>\n", title, text);
		for (int64_t i = 0; i < count && i < most; i++)
		{
			if (section == SECTION_APPOINTMENTS && begins_appointment(rows[i], &intervention))
			{
				char	   *caption = appointment_caption(subject, rows[i]);

				if (i > 0)
					html_end_table(out);
				html_begin_table(out, caption, named_headings);
				free(caption);
			}
			else if (i == 0)
				html_begin_table(out, title, unnamed ? unnamed_headings : named_headings);
			(unnamed ? put_unnamed_row : put_named_row) (subject, out, rows[i], section);
		}
		html_end_table(out);
		if (count > most)
		{
			char		shown[24];
			char		all[24];

			snprintf(shown, sizeof(shown), "%lld", (long long) most);
			snprintf(all, sizeof(all), "%lld", (long long) count);
			html_put(out, "<p>");
			html_put(out, words->more, shown, all);
			html_put(out, "</p>\n");
		}
	}
	free(rows);
}

void
subject_put_date(const Subject *subject, CgBytes *out, const char *date, const char *clock)
{
	int			year;
	int			month;
	int			day;
	char		text[96];
	bool		french = strcmp(subject->words->language, "fr") == 0;

	if (date == NULL || sscanf(date, "%d-%d-%d", &year, &month, &day) != 3 || month < 1 || month > 12)
		snprintf(text, sizeof(text), "%s", date == NULL ? "" : date);
	else
		snprintf(text, sizeof(text), "%d%s %s %d", day, french && day == 1 ? "er" : "", subject->words->months[month - 1], year);
	cg_bytes_put_text(out, text);
	if (clock != NULL)
	{
		cg_bytes_put_text(out, french ? " à " : ", ");
		cg_bytes_put_text(out, clock);
	}
}

static void
put_span_end(const Subject *subject, CgBytes *out, const SubjectTime *time, const char *element)
{
	char		utc[32];

	snprintf(utc, sizeof(utc), "%.10s %.8s UTC", time->utc, time->utc + 11);
	html_put(out, "<%s", element);
	html_put(out, strcmp(element, "th") == 0 ? " scope=\"row\">" : ">");
	subject_put_date(subject, out, time->date, time->clock);
	html_put(out, "<br><small>%s</small></%s>", utc, element);
}

/* 2026-11-26T17:04:05.123456Z is shown as 17:04:05 UTC, with its day where that is another one. */
void
subject_put_row_time(const Subject *subject, CgBytes *out, const SubjectTime *time)
{
	char		utc[32];
	bool		same_day = strncmp(time->utc, time->date, 10) == 0;

	snprintf(utc, sizeof(utc), "%.*s %.8s UTC", same_day ? 0 : 10, time->utc, time->utc + 11);
	html_put(out, "<tr><th scope=\"row\">");
	subject_put_date(subject, out, time->date, NULL);
	html_put(out, "</th><td>%s<br><small>%s</small></td>", time->clock, utc + (same_day ? 1 : 0));
}

/* The cells of what was read, and by whom */
static void
put_what_and_who(const Subject *subject, CgBytes *out, const SubjectRow *row)
{
	CgBytes		columns = {0};
	CgBytes		reader = {0};

	subject_say_columns(subject, &columns, row);
	subject_say_reader(subject, &reader, row);
	html_put(out, "<td>%s</td><td>%s</td>", (char *) columns.data, (char *) reader.data);
	cg_bytes_free(&columns);
	cg_bytes_free(&reader);
}

static void
put_named_row(const Subject *subject, CgBytes *out, const SubjectRow *row, Section section)
{
	(void) section;
	subject_put_row_time(subject, out, &row->at);
	put_what_and_who(subject, out, row);
	html_put(out, "<td>%s", subject_say_detail(subject, row));
	if (row->proved)
		html_put(out, " <small>[%lld]</small>", (long long) row->seq);
	html_put(out, "</td></tr>\n");
}

static void
put_unnamed_row(const Subject *subject, CgBytes *out, const SubjectRow *row, Section section)
{
	html_put(out, "<tr>");
	put_span_end(subject, out, &row->at, "th");
	put_span_end(subject, out, row->last.utc == NULL ? &row->at : &row->last, "td");
	html_put(out, "<td class=\"number\">%lld</td>", (long long) row->times);
	put_what_and_who(subject, out, row);
	if (section != SECTION_MASS)
		html_put(out, "<td>%s</td>", subject_say_detail(subject, row));
	html_put(out, "</tr>\n");
}
