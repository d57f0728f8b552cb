/*
 * subjecthtml.c
 *		The customer's report as one HTML page: its first page and its last words.
 *
 * Its reader is a person who has never heard of this program: so each part says in a sentence
 * what it is about, and what is empty says so.
 */
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "qr.h"
#include "subject.h"
#include "subjecttables.h"

static const char style[] = "thead th{overflow-wrap:normal}.code{break-inside:avoid;overflow:hidden}.code svg{float:left;width:38mm;height:38mm;margin:0 1rem 0 0}";

static void put_head(const Subject *subject, CgBytes *out);
static void put_summary(const Subject *subject, CgBytes *out);
static void put_counted(CgBytes *out, const char *const forms[2], int64_t number);
static void put_summed(CgBytes *out, const char *const forms[2], int64_t number);
static void put_closing(const Subject *subject, CgBytes *out);
static void put_log_events(const Subject *subject, CgBytes *out);
static void put_code(const Subject *subject, CgBytes *out);

void
subject_put_html(const Subject *subject, CgBytes *out)
{
	HtmlPage	page = {subject->words->language, subject->words->title, style, NULL};

	html_begin(out, &page);
	put_head(subject, out);
	put_summary(subject, out);
	subject_put_tables(subject, out);
	put_log_events(subject, out);
	put_closing(subject, out);
	html_end(out);
}

static void
put_head(const Subject *subject, CgBytes *out)
{
	const Words *words = subject->words;

	html_put(out, "<h1>%s</h1>\n<dl>\n<dt>%s</dt><dd>%s</dd>\n<dt>%s</dt><dd>%s</dd>\n", words->title, words->reference, subject->reference,
			 words->controller, subject->controller == NULL ? words->controller_unnamed : subject->controller);
	html_put(out, "<dt>%s</dt><dd>", words->customer);
	for (int i = 0; i < subject->ncustomers; i++)
		html_put(out, i == 0 ? "%s" : ", %s", subject->customers[i]);
	html_put(out, "</dd>\n");
	if (subject->received != NULL)
	{
		html_put(out, "<dt>%s</dt><dd>", words->received);
		subject_put_date(subject, out, subject->received, NULL);
		html_put(out, "</dd>\n<dt>%s</dt><dd>", words->due);
		subject_put_date(subject, out, subject->due, NULL);
		html_put(out, "</dd>\n");
	}
	html_put(out, "<dt>%s</dt><dd>", words->made);
	subject_put_date(subject, out, subject->made.date, subject->made.clock);
	html_put(out, "</dd>\n<dt>%s</dt><dd>", words->period);
	if (subject->since.utc != NULL)
	{
		CgBytes		since = {0};
		CgBytes		until = {0};

		subject_put_date(subject, &since, subject->since.date, subject->since.clock);
		subject_put_date(subject, &until, subject->until.date, subject->until.clock);
		cg_bytes_put_uint8(&since, 0);
		cg_bytes_put_uint8(&until, 0);
		html_put(out, words->period_text, (char *) since.data, (char *) until.data, subject->timezone);
	}
	else
	{
		CgBytes		until = {0};

		subject_put_date(subject, &until, subject->until.date, subject->until.clock);
		cg_bytes_put_uint8(&until, 0);
		html_put(out, words->period_open, (char *) until.data, subject->timezone);
	}
	html_put(out, "</dd>\n</dl>\n");
	if (subject->records_since.date != NULL)
	{
		CgBytes		since = {0};

		subject_put_date(subject, &since, subject->records_since.date, NULL);
		cg_bytes_put_uint8(&since, 0);
		html_put(out, "<p>");
		html_put(out, words->records_since, (char *) since.data);
		if (subject->since.utc == NULL || strcmp(subject->since.utc, subject->records_since.utc) < 0)
			html_put(out, " %s", words->records_later);
		html_put(out, "</p>\n");
	}
}

/* A number with its noun */
static void
put_counted(CgBytes *out, const char *const forms[2], int64_t number)
{
	char		text[24];

	snprintf(text, sizeof(text), "%lld", (long long) number);
	html_put(out, forms[number != 1], text);
}

static void
put_summed(CgBytes *out, const char *const forms[2], int64_t number)
{
	if (number == 0)
		return;
	html_put(out, "\n<p>");
	put_counted(out, forms, number);
	html_put(out, "</p>");
}

static void
put_summary(const Subject *subject, CgBytes *out)
{
	const Words *words = subject->words;
	const SubjectSums *sums = &subject->sums;
	int64_t		others = sums->consultations - sums->with_appointment;
	char		number[24];

	html_put(out, "<h2>%s</h2>\n<div class=\"note\"><p>", words->summary);
	if (sums->consultations == 0)
		html_put(out, "%s", words->none);
	else if (sums->consultations == 1)
		html_put(out, "%s %s", words->consulted_once, others == 0 ? words->once_with : words->none_with);
	else
	{
		CgBytes		days = {0};
		CgBytes		persons = {0};

		put_counted(&days, words->day, sums->days);
		put_counted(&persons, words->person, sums->readers);
		cg_bytes_put_uint8(&days, 0);
		cg_bytes_put_uint8(&persons, 0);
		snprintf(number, sizeof(number), "%lld", (long long) sums->consultations);
		html_put(out, words->consulted, number, (char *) days.data);
		/* Nobody is left to be counted if all names were erased. */
		if (sums->readers > 0)
			html_put(out, words->consulted_by, (char *) persons.data);
		snprintf(number, sizeof(number), "%lld", (long long) others);
		html_put(out, ". ");
		if (others <= 1)
			html_put(out, "%s", others == 0 ? words->all_with : words->others_once);
		else
			html_put(out, words->others, number);
	}
	html_put(out, "</p>");
	snprintf(number, sizeof(number), "%lld", (long long) sums->nameless);
	if (sums->nameless > 0)
	{
		html_put(out, "\n<p>");
		html_put(out, words->nameless, number);
		html_put(out, "</p>");
	}
	put_summed(out, words->withheld_sum, sums->withheld);
	put_summed(out, words->contacts_sum, sums->called);
	if (sums->possible > 0)
		html_put(out, "\n<p>%s</p>", words->possible_sum);
	html_put(out, "</div>\n<p>%s", words->who);
	if (sums->possible > 0)
		html_put(out, " %s", words->who_unnamed);
	html_put(out, "</p>\n");
	if (subject->decision != NULL)
	{
		html_put(out, "<p>");
		html_put(out, words->names, subject->decision);
		html_put(out, "</p>\n");
	}
}

/* Gaps, erasures and purges: what the log says about itself. */
static void
put_log_events(const Subject *subject, CgBytes *out)
{
	const Words *words = subject->words;
	const char *headings[] = {words->day_column, words->time_column, words->event_column, NULL};
	int64_t		shown = 0;

	html_put(out, "<h2>%s</h2>\n<p>%s</p>\n", words->gaps, words->gaps_text);
	for (int64_t i = 0; i < subject->count; i++)
	{
		const SubjectRow *row = &subject->rows[i];

		if (row->kind != SUBJECT_LOG)
			continue;
		if (shown++ == 0)
			html_begin_table(out, words->gaps, headings);
		subject_put_row_time(subject, out, &row->at);
		html_put(out, "<td>");
		if (row->number == CG_EVENT_PURGE && row->last.date != NULL)
		{
			CgBytes		before = {0};

			subject_put_date(subject, &before, row->last.date, NULL);
			cg_bytes_put_uint8(&before, 0);
			html_put(out, words->purge, (char *) before.data);
		}
		else
			html_put(out, "%s", row->number == CG_EVENT_GAP ? words->gap : row->number == CG_EVENT_ERASURE ? words->erasure : row->event);
		html_put(out, "</td></tr>\n");
	}
	if (shown > 0)
		html_end_table(out);
	else
		html_put(out, "<p>%s</p>\n", words->no_gaps);
}

/* For paper: the size and the root hash of the checkpoint, as a picture and as text. */
static void
put_code(const Subject *subject, CgBytes *out)
{
	CgBytes		text = {0};
	QrCode		code;
	char		size[24];
	bool		made;

	snprintf(size, sizeof(size), "%llu ", (unsigned long long) subject->checkpoint.size);
	cg_bytes_put_text(&text, size);
	cg_bytes_put_base64(&text, subject->checkpoint.root, CG_HASH_LENGTH);
	cg_bytes_put_uint8(&text, 0);
	if (text.failed)
		fail(EXIT_UNCHECKED, "out of memory");
	made = qr_make((char *) text.data, text.length - 1, &code);
	html_put(out, "<div class=\"code\">");
	if (made)
	{
		/* With the margin that readers ask for */
		html_put(out, "<svg viewBox=\"-4 -4 %d %d\" role=\"img\" aria-label=\"%s\"><path d=\"", QR_SIDE + 8, QR_SIDE + 8, subject->words->code_label);
		for (int row = 0; row < QR_SIDE; row++)
			for (int column = 0; column < QR_SIDE; column++)
				if (code.dark[row][column])
					html_put(out, "M%d %dh1v1h-1z", column, row);
		html_put(out, "\"/></svg>");
	}
	html_put(out, "<p>");
	html_put(out, subject->words->code, (char *) text.data);
	html_put(out, "</p></div>\n");
	cg_bytes_free(&text);
}

static void
put_closing(const Subject *subject, CgBytes *out)
{
	const Words *words = subject->words;
	char		proofs[24];
	char		size[24];
	int64_t		unproved = 0;

	html_put(out, "<h2>%s</h2>\n<p>", words->rights);
	html_put(out, words->rights_text, subject->authority == NULL ? words->authority : subject->authority);
	html_put(out, "</p>\n<h2>%s</h2>\n", words->check);
	if (subject->note == NULL)
	{
		html_put(out, "<p>%s</p>\n", words->check_none);
		return;
	}
	for (int64_t i = 0; i < subject->count; i++)
		unproved += subject->rows[i].kind == SUBJECT_NAMED && !subject->rows[i].proved;
	snprintf(proofs, sizeof(proofs), "%lld", (long long) subject->proofs);
	snprintf(size, sizeof(size), "%llu", (unsigned long long) subject->checkpoint.size);
	html_put(out, "<p>");
	html_put(out, words->check_text, proofs, subject->checkpoint.origin, size);
	html_put(out, "</p>\n");
	if (unproved > 0)
	{
		snprintf(proofs, sizeof(proofs), "%lld", (long long) unproved);
		html_put(out, "<p>");
		html_put(out, words->check_partly, proofs);
		html_put(out, "</p>\n");
	}
	html_put(out, "<p>%s</p>\n", words->check_absence);
	put_code(subject, out);
}
