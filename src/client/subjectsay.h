/*
 * subjectsay.h
 *		What a customer's report says of a row, in words of its language: for the page and the table.
 *
 * All of it is plain text, which the writer escapes.
 */
#ifndef CG_SUBJECTSAY_H
#define CG_SUBJECTSAY_H

#include "subject.h"

typedef enum Section
{
	SECTION_APPOINTMENTS,
	SECTION_OTHERS,
	SECTION_RELAY,
	SECTION_WITHHELD,
	SECTION_SEARCHED,
	SECTION_SEARCHES,
	SECTION_BULK,
	SECTION_MASS,
	SECTION_REPORTS,
	SECTION_OTHER_EVENTS,
	SECTIONS
} Section;

/* The table that a row stands in; SECTIONS: in none of them, but among what may be missing. */
extern Section subject_section(const SubjectRow *row);
extern const char *subject_section_title(const Subject *subject, Section section);
extern const char *subject_section_text(const Subject *subject, Section section);

/* What was read, and by whom; ends with a zero byte. */
extern void subject_say_columns(const Subject *subject, CgBytes *out, const SubjectRow *row);
extern void subject_say_reader(const Subject *subject, CgBytes *out, const SubjectRow *row);

/* For what purpose, or why nothing was shown, or what happened: which of them, is the section's. */
extern const char *subject_say_detail(const Subject *subject, const SubjectRow *row);

#endif							/* CG_SUBJECTSAY_H */
