/*
 * subjectsay.c
 *		What a customer's report says of a row, in words of its language.
 *
 * Which section a record stands in follows from its event (common/event.h).  An event that has no
 * section of its own, also one that this program does not know, stands among the other records
 * under its name: so nothing that names the customer is left out.
 */
#include "subjectsay.h"

#include <string.h>

static const char *word_of_section(const Subject *subject, Section section, int which);
static const char *event_text(const Subject *subject, const SubjectRow *row);
static const char *reason_text(const Subject *subject, const SubjectRow *row);
static const char *purpose_text(const Subject *subject, const SubjectRow *row);

Section
subject_section(const SubjectRow *row)
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
		case CG_EVENT_SEARCHED:
			return SECTION_SEARCHED;
		case CG_EVENT_REPORT:
		case CG_EVENT_DISCLOSURE:
			return SECTION_REPORTS;
		default:
			return SECTION_OTHER_EVENTS;
	}
}

/* The title of each section, and the text below it */
static const char *
word_of_section(const Subject *subject, Section section, int which)
{
	const Words *words = subject->words;
	const char *titles[SECTIONS][2] = {
		{words->appointments, words->appointments_text}, {words->others_title, words->others_text},
		{words->relay, words->relay_text}, {words->withheld, words->withheld_text}, {words->searched, words->searched_text}, {words->searches, words->searches_text},
		{words->bulk, words->bulk_text}, {words->mass, words->mass_text}, {words->reports, words->reports_text},
		{words->other_events, words->other_events_text}
	};

	return titles[section][which];
}

const char *
subject_section_title(const Subject *subject, Section section)
{
	return word_of_section(subject, section, 0);
}

const char *
subject_section_text(const Subject *subject, Section section)
{
	return word_of_section(subject, section, 1);
}

void
subject_say_columns(const Subject *subject, CgBytes *out, const SubjectRow *row)
{
	for (int i = 0; i < row->ncolumns; i++)
	{
		char		name[256];

		snprintf(name, sizeof(name), "%.*s", (int) row->columns[i].length, row->columns[i].data);
		cg_bytes_put_text(out, i == 0 ? "" : ", ");
		cg_bytes_put_text(out, dictionary_say(&subject->dictionary, name));
	}
	cg_bytes_put_uint8(out, 0);
	if (out->failed)
		fail(EXIT_UNCHECKED, "out of memory");
}

void
subject_say_reader(const Subject *subject, CgBytes *out, const SubjectRow *row)
{
	const char *category = dictionary_say(&subject->dictionary, row->category);

	if (row->reader == NULL)
		cg_bytes_put_text(out, subject->words->nobody);
	else
	{
		cg_bytes_put_text(out, category == NULL ? subject->words->reader : category);
		cg_bytes_put_text(out, " ");
		cg_bytes_put_text(out, row->reader->letter);
	}
	if (row->reader != NULL && row->reader->name != NULL)
	{
		cg_bytes_put_text(out, " (");
		cg_bytes_put_text(out, row->reader->name);
		cg_bytes_put_text(out, ")");
	}
	cg_bytes_put_uint8(out, 0);
	if (out->failed)
		fail(EXIT_UNCHECKED, "out of memory");
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
		{"named without a token", words->no_identity}, {"inserted by the reader", words->own}
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
			return subject_is_inward(row) ? words->contact_in_event : words->contact_event;
		case CG_EVENT_CONTACT_END:
			return row->reason && strncmp(row->reason, "not ", 4) == 0 ? words->contact_missed_event : words->contact_end_event;
		case CG_EVENT_CONTACT_REFUSED:
			return subject_is_inward(row) ? words->contact_refused_in_event : words->contact_refused_event;
		case CG_EVENT_POLICY:
			return words->policy_event;
		case CG_EVENT_AUDIT_READ:	/* of same_value(): no other one names a customer */
			return words->compared_event;
		case CG_EVENT_WINDOW:
			return words->window_event;
		case CG_EVENT_REPORT:
			return words->report_event;
		case CG_EVENT_DISCLOSURE:
			return words->disclosure_event;
		default:
			return dictionary_say(&subject->dictionary, row->event);
	}
}

const char *
subject_say_detail(const Subject *subject, const SubjectRow *row)
{
	switch (subject_section(row))
	{
		case SECTION_WITHHELD:
		case SECTION_MASS:
			return reason_text(subject, row);
		case SECTION_RELAY:
		case SECTION_REPORTS:
		case SECTION_OTHER_EVENTS:
			return event_text(subject, row);
		default:
			return row->purpose == NULL && row->reason != NULL ? reason_text(subject, row) : purpose_text(subject, row);
	}
}
