/*
 * subjecttables.h
 *		Parts that the page of a customer's report and its tables share.
 */
#ifndef CG_SUBJECTTABLES_H
#define CG_SUBJECTTABLES_H

#include "subject.h"

/* A date in words, and the time of the day unless clock is NULL; as plain text, to be escaped. */
extern void subject_put_date(const Subject *subject, CgBytes *out, const char *date, const char *clock);

/* Begins a row of a table: its day as the heading of the row, and its times. */
extern void subject_put_row_time(const Subject *subject, CgBytes *out, const SubjectTime *time);

#endif							/* CG_SUBJECTTABLES_H */
