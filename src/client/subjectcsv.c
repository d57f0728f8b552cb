/*
 * subjectcsv.c
 *		The rows of a customer's report as a table for a spreadsheet: all of them, where the page
 *		has the first ones of each section.
 *
 * Spreadsheets of French systems take semicolons, and know UTF-8 by the mark at the beginning.
 * They compute what begins like a formula; much of the text is from people whom nobody trusts, so
 * such a field begins with an apostrophe.
 */
#include <string.h>

#include "subjectsay.h"

#define MARK "\xEF\xBB\xBF"

static void put_csv_text(const Subject *subject, CgBytes *out, const char *text);
static void put_csv_number(const Subject *subject, CgBytes *out, int64_t number);
static void put_csv_row(const Subject *subject, CgBytes *out, const SubjectRow *row);

static void
put_csv_text(const Subject *subject, CgBytes *out, const char *text)
{
	size_t		length = text == NULL ? 0 : strlen(text);

	/* The end of a row stands in front of its first field. */
	if (out->length > strlen(MARK) && out->data[out->length - 1] != '\n')
		cg_bytes_put_uint8(out, strcmp(subject->words->language, "fr") == 0 ? ';' : ',');
	cg_bytes_put_uint8(out, '"');
	if (length > 0 && strchr("=+-@", text[0]) != NULL)
		cg_bytes_put_uint8(out, '\'');
	for (size_t at = 0; at < length;)
	{
		size_t		width = text_plain_width(text + at, length - at);
		char		code[8];

		if (text[at] == '"')
			cg_bytes_put_uint8(out, '"');
		if (width > 0)
			cg_bytes_put(out, text + at, width);
		else
		{
			snprintf(code, sizeof(code), "\\x%02x", (unsigned char) text[at]);
			cg_bytes_put_text(out, code);
			width = 1;
		}
		at += width;
	}
	cg_bytes_put_uint8(out, '"');
}

static void
put_csv_number(const Subject *subject, CgBytes *out, int64_t number)
{
	char		text[24];

	snprintf(text, sizeof(text), "%lld", (long long) number);
	put_csv_text(subject, out, text);
}

static void
put_csv_row(const Subject *subject, CgBytes *out, const SubjectRow *row)
{
	CgBytes		columns = {0};
	CgBytes		reader = {0};

	subject_say_columns(subject, &columns, row);
	subject_say_reader(subject, &reader, row);
	put_csv_text(subject, out, subject_section_title(subject, subject_section(row)));
	put_csv_text(subject, out, row->at.date);
	put_csv_text(subject, out, row->at.clock);
	put_csv_text(subject, out, row->at.utc);
	put_csv_text(subject, out, row->last.utc);
	put_csv_number(subject, out, row->times);
	put_csv_text(subject, out, (char *) columns.data);
	put_csv_text(subject, out, (char *) reader.data);
	put_csv_text(subject, out, subject_say_detail(subject, row));
	put_csv_text(subject, out, row->intervention);
	put_csv_text(subject, out, row->kind == SUBJECT_NAMED ? row->customer : NULL);
	if (row->proved)
		put_csv_number(subject, out, row->seq);
	else
		put_csv_text(subject, out, NULL);
	cg_bytes_put_text(out, "\r\n");
	cg_bytes_free(&columns);
	cg_bytes_free(&reader);
}

void
subject_put_csv(const Subject *subject, CgBytes *out)
{
	const Words *words = subject->words;
	const char *headings[] = {
		words->section_column, words->day_column, words->time_column, "UTC", words->to_utc_column, words->times_column, words->what_column,
		words->who_column, words->detail_column, words->appointment_column, words->customer, words->number_column
	};

	cg_bytes_put_text(out, MARK);
	for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++)
		put_csv_text(subject, out, headings[i]);
	cg_bytes_put_text(out, "\r\n");
	for (int64_t i = 0; i < subject->count; i++)
		if (subject_section(&subject->rows[i]) != SECTIONS)
			put_csv_row(subject, out, &subject->rows[i]);
}
