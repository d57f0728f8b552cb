/*
 * subjecttables.c
 *		The tables of a customer's report in HTML.
 *
 * Which table a record stands in follows from its event (common/event.h).  An event that has no
 * table of its own, also one that this program does not know, stands among the other records
 * under its name: so nothing that names the customer is left out.
 */
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "subjecttables.h"

/* More rows stand in report.json alone. */
#define MOST_ROWS 2000

typedef enum Section
{
	SECTION_APPOINTMENTS,
	SECTION_OTHERS,
	SECTION_RELAY,
	SECTION_WITHHELD,
	SECTION_SEARCHES,
	SECTION_BULK,
	SECTION_MASS,
	SECTION_REPORTS,
	SECTION_OTHER_EVENTS,
	SECTIONS
} Section;

static Section section_of(const SubjectRow *row);
static bool is_of_unnamed(Section section);
static void put_section(const Subject *subject, CgBytes *out, Section section, const char *title, const char *text);
static bool begins_appointment(const SubjectRow *row, const char **intervention);
static char *appointment_caption(const Subject *subject, const SubjectRow *row);
static const char *event_text(const Subject *subject, const SubjectRow *row);
static void put_column_names(const Subject *subject, CgBytes *out, const SubjectRow *row);
static void put_reader(const Subject *subject, CgBytes *out, const SubjectRow *row);
static void put_named_row(const Subject *subject, CgBytes *out, const SubjectRow *row, Section section);
static void put_unnamed_row(const Subject *subject, CgBytes *out, const SubjectRow *row, Section section);
static void put_span_end(const Subject *subject, CgBytes *out, const SubjectTime *time, const char *element);
static const char *reason_text(const Subject *subject, const SubjectRow *row);
static const char *purpose_text(const Subject *subject, const SubjectRow *row);
static int	compare_rows(const void *a, const void *b);

static Section
section_of(const SubjectRow *row)
{
	if (row->kind == SUBJECT_LOG)
		return SECTIONS;
	if (row->kind == SUBJECT_UNNAMED)
		return row->number == CG_EVENT_BULK ? SECTION_BULK : row->number == CG_EVENT_LOOKUP || row->number == CG_EVENT_SEARCHED ? SECTION_SEARCHES : SECTION_MASS;
	switch (row->number)
	{
		case CG_EVENT_SHOWN:
			return subject_has_appointment(row) ? SECTION_APPOINTMENTS : SECTION_OTHERS;
		case CG_EVENT_CONTACT_OFFERED:
		case CG_EVENT_CONTACT:
		case CG_EVENT_CONTACT_END:
		case CG_EVENT_CONTACT_REFUSED:
			return SECTION_RELAY;
		case CG_EVENT_WITHHELD:
			return SECTION_WITHHELD;
		case CG_EVENT_REPORT:
		case CG_EVENT_DISCLOSURE:
			return SECTION_REPORTS;
		default:
			return SECTION_OTHER_EVENTS;
	}
}

void
subject_put_tables(const Subject *subject, CgBytes *out)
{
	const Words *words = subject->words;
	const char *titles[SECTIONS][2] = {
		{words->appointments, words->appointments_text}, {words->others_title, words->others_text},
		{words->relay, words->relay_text}, {words->withheld, words->withheld_text}, {words->searches, words->searches_text}, {words->bulk, words->bulk_text},
		{words->mass, words->mass_text}, {words->reports, words->reports_text}, {words->other_events, words->other_events_text}
	};

	for (int section = 0; section < SECTIONS; section++)
		put_section(subject, out, (Section) section, titles[section][0], titles[section][1]);
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
	const char *intervention = NULL;

	for (int64_t i = 0; i < subject->count; i++)
		if (section_of(&subject->rows[i]) == section)
			rows[count++] = &subject->rows[i];
	if (count > 0)
	{
		qsort(rows, (size_t) count, sizeof(SubjectRow *), compare_rows);
		html_put(out, "<h2>%s</h2>\n<p>%s</p>\n", title, text);
		for (int64_t i = 0; i < count && i < MOST_ROWS; i++)
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
		if (count > MOST_ROWS)
		{
			char		shown[24];
			char		all[24];

			snprintf(shown, sizeof(shown), "%d", MOST_ROWS);
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

static void
put_column_names(const Subject *subject, CgBytes *out, const SubjectRow *row)
{
	html_put(out, "<td>");
	for (int i = 0; i < row->ncolumns; i++)
	{
		char		name[256];
		const char *said;

		snprintf(name, sizeof(name), "%.*s", (int) row->columns[i].length, row->columns[i].data);
		said = dictionary_say(&subject->dictionary, name);
		html_put(out, i == 0 ? "%s" : ", %s", said);
	}
	html_put(out, "</td>");
}

static void
put_reader(const Subject *subject, CgBytes *out, const SubjectRow *row)
{
	const char *category = dictionary_say(&subject->dictionary, row->category);

	html_put(out, "<td>");
	if (row->reader == NULL)
		html_put(out, "%s", subject->words->nobody);
	else
		html_put(out, "%s %s", category == NULL ? subject->words->reader : category, row->reader->letter);
	if (row->reader != NULL && row->reader->name != NULL)
		html_put(out, " (%s)", row->reader->name);
	html_put(out, "</td>");
}

/* The server gives fixed texts (journal/reason.h), and no reason in place of another one. */
static const char *
reason_text(const Subject *subject, const SubjectRow *row)
{
	const Words *words = subject->words;
	const struct
	{
		const char *reason;
		const char *text;
	}			texts[] = {
		{"no window", words->no_window}, {"window closed", words->window_closed}, {"window not open", words->window_not_open},
		{"compared", words->compared}, {"reached by relay only", words->relay_only}, {"column not in the token", words->not_covered},
		{"token", words->no_identity}, {"key of the token", words->no_identity}, {"audience or issuer of tokens", words->no_identity},
		{"named without a token", words->no_identity}
	};

	for (size_t i = 0; row->reason != NULL && i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strncmp(row->reason, texts[i].reason, strlen(texts[i].reason)) == 0)
			return texts[i].text;
	return words->not_permitted;
}

static const char *
purpose_text(const Subject *subject, const SubjectRow *row)
{
	if (row->purpose == NULL)
		return "";
	if (strcmp(row->purpose, "superuser") == 0)
		return subject->words->superuser;
	/* A token may have said for what it was. */
	return strcmp(row->purpose, "intervention") == 0 ? subject->words->intervention : dictionary_say(&subject->dictionary, row->purpose);
}

static const char *
event_text(const Subject *subject, const SubjectRow *row)
{
	const Words *words = subject->words;

	switch (row->number)
	{
		case CG_EVENT_CONTACT_OFFERED:
			return words->offered_event;
		case CG_EVENT_CONTACT:
			return words->contact_event;
		case CG_EVENT_CONTACT_END:
			return words->contact_end_event;
		case CG_EVENT_CONTACT_REFUSED:
			return words->contact_refused_event;
		case CG_EVENT_POLICY:
			return words->policy_event;
		case CG_EVENT_AUDIT_READ:	/* of same_value(): no other one names a customer */
			return words->compared_event;
		case CG_EVENT_SEARCHED:
			return words->searched_event;
		case CG_EVENT_REPORT:
			return words->report_event;
		case CG_EVENT_DISCLOSURE:
			return words->disclosure_event;
		default:
			return dictionary_say(&subject->dictionary, row->event);
	}
}

static void
put_named_row(const Subject *subject, CgBytes *out, const SubjectRow *row, Section section)
{
	subject_put_row_time(subject, out, &row->at);
	put_column_names(subject, out, row);
	put_reader(subject, out, row);
	html_put(out, "<td>%s", section == SECTION_WITHHELD ? reason_text(subject, row) :
			 section < SECTION_REPORTS && section != SECTION_RELAY ? purpose_text(subject, row) : event_text(subject, row));
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
	put_column_names(subject, out, row);
	put_reader(subject, out, row);
	if (section != SECTION_MASS)
		html_put(out, "<td>%s</td>", row->purpose == NULL && row->reason != NULL ? reason_text(subject, row) : purpose_text(subject, row));
	html_put(out, "</tr>\n");
}
