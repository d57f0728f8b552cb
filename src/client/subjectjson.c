/*
 * subjectjson.c
 *		The customer's report as JSON: docs/subject-report.schema.json describes it.
 *
 * A character that does more than show itself (text.c) is written as \uNNNN.  So the file can be
 * looked at in a terminal.
 */
#include <stdlib.h>
#include <string.h>

#include "subject.h"

static void put_unit(CgBytes *out, unsigned unit);
static void put_quoted(CgBytes *out, const char *text, size_t length);
static void put_json_name(CgBytes *out, const char *name);
static void put_text_member(CgBytes *out, const char *name, const char *text);
static void put_number_member(CgBytes *out, const char *name, int64_t number);
static void put_json_readers(const Subject *subject, CgBytes *out);
static void put_json_event(CgBytes *out, const SubjectRow *row);
static void put_json_row(CgBytes *out, const SubjectRow *row);
static void put_json_rows(const Subject *subject, CgBytes *out, const char *name, SubjectKind kind);
static void put_json_sums(const Subject *subject, CgBytes *out);
static void put_json_log(const Subject *subject, CgBytes *out);

static void
put_unit(CgBytes *out, unsigned unit)
{
	char		text[8];

	snprintf(text, sizeof(text), "\\u%04x", unit);
	cg_bytes_put_text(out, text);
}

/* A byte that is no UTF-8, which only a database of SQL_ASCII has, becomes U+FFFD. */
static void
put_quoted(CgBytes *out, const char *text, size_t length)
{
	cg_bytes_put_uint8(out, '"');
	for (size_t at = 0; at < length;)
	{
		uint32_t	code;
		int			width = cg_note_character(text + at, length - at, &code);

		if (width == 0)
			put_unit(out, 0xFFFD);
		else if (code == '"')
			cg_bytes_put_text(out, "\\\"");
		else if (text_plain_width(text + at, length - at) > 0)
			cg_bytes_put(out, text + at, (size_t) width);
		else if (code < 0x10000)
			put_unit(out, code);
		else
		{
			put_unit(out, 0xD800 + ((code - 0x10000) >> 10));
			put_unit(out, 0xDC00 + ((code - 0x10000) & 0x3FF));
		}
		at += width == 0 ? 1 : (size_t) width;
	}
	cg_bytes_put_uint8(out, '"');
}

/* The name of a member, behind a comma unless it is the first one of its object */
static void
put_json_name(CgBytes *out, const char *name)
{
	if (out->length > 0 && out->data[out->length - 1] != '{')
		cg_bytes_put_text(out, ", ");
	put_quoted(out, name, strlen(name));
	cg_bytes_put_text(out, ": ");
}

static void
put_text_member(CgBytes *out, const char *name, const char *text)
{
	put_json_name(out, name);
	if (text == NULL)
		cg_bytes_put_text(out, "null");
	else
		put_quoted(out, text, strlen(text));
}

static void
put_number_member(CgBytes *out, const char *name, int64_t number)
{
	char		text[24];

	put_json_name(out, name);
	snprintf(text, sizeof(text), "%lld", (long long) number);
	cg_bytes_put_text(out, text);
}

/* In the order of their pseudonyms, which is that of their letters */
static void
put_json_readers(const Subject *subject, CgBytes *out)
{
	put_json_name(out, "readers");
	cg_bytes_put_text(out, "[");
	for (int i = 0; i < subject->nreaders; i++)
	{
		const SubjectReader *reader = &subject->readers[i];

		cg_bytes_put_text(out, i == 0 ? "\n{" : ",\n{");
		put_text_member(out, "reader", reader->tag);
		put_text_member(out, "letter", reader->letter);
		put_text_member(out, "category", reader->category);
		if (reader->name != NULL)
			put_text_member(out, "name", reader->name);
		cg_bytes_put_text(out, "}");
	}
	cg_bytes_put_text(out, "]");
}

/* What a record of the log says about itself */
static void
put_json_event(CgBytes *out, const SubjectRow *row)
{
	put_text_member(out, "event", row->event);
	put_text_member(out, "at", row->at.utc);
	if (row->number == CG_EVENT_PURGE)
		put_text_member(out, "before", row->last.utc);
	put_number_member(out, "count", row->count);
}

static void
put_json_row(CgBytes *out, const SubjectRow *row)
{
	bool		named = row->kind == SUBJECT_NAMED;
	char		proof[64];

	put_text_member(out, "event", row->event);
	if (named)
	{
		put_text_member(out, "at", row->at.utc);
		put_text_member(out, "customer", row->customer);
		if (row->seq >= 0)
			put_number_member(out, "seq", row->seq);
		else
			put_text_member(out, "seq", NULL);
	}
	else
	{
		put_text_member(out, "first", row->at.utc);
		put_text_member(out, "last", row->last.utc);
		put_number_member(out, "times", row->times);
	}
	put_number_member(out, "count", row->count);
	put_text_member(out, "reader", row->tag);
	put_text_member(out, "relation", row->relation);
	put_json_name(out, "columns");
	cg_bytes_put_text(out, "[");
	for (int i = 0; i < row->ncolumns; i++)
	{
		cg_bytes_put_text(out, i == 0 ? "" : ", ");
		put_quoted(out, row->columns[i].data, row->columns[i].length);
	}
	cg_bytes_put_text(out, "]");
	put_text_member(out, "purpose", row->purpose);
	put_text_member(out, "reason", row->reason);
	if (!named)
		return;
	put_text_member(out, "intervention", row->intervention);
	put_json_name(out, "window");
	if (row->opens.utc == NULL && row->closes.utc == NULL)
		cg_bytes_put_text(out, "null");
	else
	{
		cg_bytes_put_text(out, "{");
		put_text_member(out, "opens", row->opens.utc);
		put_text_member(out, "closes", row->closes.utc);
		cg_bytes_put_text(out, "}");
	}
	subject_proof_name(row, proof, sizeof(proof));
	put_text_member(out, "proof", row->proved ? proof : NULL);
}

static void
put_json_rows(const Subject *subject, CgBytes *out, const char *name, SubjectKind kind)
{
	int64_t		count = 0;

	put_json_name(out, name);
	cg_bytes_put_text(out, "[");
	for (int64_t i = 0; i < subject->count; i++)
	{
		if (subject->rows[i].kind != kind)
			continue;
		cg_bytes_put_text(out, count++ == 0 ? "\n{" : ",\n{");
		(kind == SUBJECT_LOG ? put_json_event : put_json_row) (out, &subject->rows[i]);
		cg_bytes_put_text(out, "}");
	}
	cg_bytes_put_text(out, "]");
}

static void
put_json_sums(const Subject *subject, CgBytes *out)
{
	const SubjectSums *sums = &subject->sums;

	put_json_name(out, "sums");
	cg_bytes_put_text(out, "{");
	put_number_member(out, "consultations", sums->consultations);
	put_number_member(out, "days", sums->days);
	put_number_member(out, "readers", sums->readers);
	put_number_member(out, "with_appointment", sums->with_appointment);
	put_number_member(out, "by_erased_reader", sums->nameless);
	put_number_member(out, "withheld", sums->withheld);
	put_number_member(out, "contacts", sums->contacts);
	cg_bytes_put_text(out, "}");
}

static void
put_json_log(const Subject *subject, CgBytes *out)
{
	put_json_name(out, "log");
	if (subject->note == NULL)
	{
		cg_bytes_put_text(out, "null");
		return;
	}
	cg_bytes_put_text(out, "{");
	put_text_member(out, "origin", subject->checkpoint.origin);
	put_number_member(out, "size", (int64_t) subject->checkpoint.size);
	put_text_member(out, "checkpoint", subject->note);
	cg_bytes_put_text(out, "}");
}

void
subject_put_json(const Subject *subject, CgBytes *out)
{
	cg_bytes_put_text(out, "{");
	put_text_member(out, "schema", "contact-guard/subject-report/v1");
	put_text_member(out, "reference", subject->reference);
	put_text_member(out, "controller", subject->controller);
	put_text_member(out, "language", subject->language);
	put_text_member(out, "timezone", subject->timezone);
	put_text_member(out, "received", subject->received);
	put_text_member(out, "due", subject->received == NULL ? NULL : subject->due);
	put_text_member(out, "made", subject->made.utc);
	put_text_member(out, "since", subject->since.utc);
	put_text_member(out, "until", subject->until.utc);
	put_text_member(out, "records_since", subject->records_since.utc);
	put_text_member(out, "decision", subject->decision);
	put_json_name(out, "customers");
	cg_bytes_put_text(out, "[");
	for (int i = 0; i < subject->ncustomers; i++)
	{
		cg_bytes_put_text(out, i == 0 ? "" : ", ");
		put_quoted(out, subject->customers[i], strlen(subject->customers[i]));
	}
	cg_bytes_put_text(out, "]");
	put_json_sums(subject, out);
	put_json_log(subject, out);
	put_json_readers(subject, out);
	put_json_rows(subject, out, "records", SUBJECT_NAMED);
	put_json_rows(subject, out, "possible", SUBJECT_UNNAMED);
	put_json_rows(subject, out, "log_events", SUBJECT_LOG);
	cg_bytes_put_text(out, "}\n");
}
