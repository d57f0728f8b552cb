/*
 * pages.h
 *		contact-guard pages: static HTML for the auditor.
 */
#ifndef CG_PAGES_H
#define CG_PAGES_H

#include "html.h"

/* The most customers, and actors, who have a page without being named by an option. */
#define PAGES_WHO 100
/* The most rows of a list, and the most records on the page of a customer or an actor. */
#define PAGES_LIST 500
#define PAGES_RECORDS 200

/* A day of the time line, and the period that may be asked for. */
#define PAGES_DAY INT64_C(86400)
#define PAGES_LONGEST 731		/* days */
#define PAGES_GUARD_DAYS 90

typedef struct Pages
{
	PGresult   *answer;			/* of PAGES_QUERY */
	int			rows;
	int			actors;			/* the first row of section "actor", or -1 */
	int			customers;
	const char *folder;
	int64_t		since;			/* seconds since 1970 */
	int64_t		until;
	const char *verified;		/* what contact-guard verify has printed; NULL: not given */
	CgBytes		out;			/* the page that is being written */
	int			written;
	int			total;			/* number of pages */
} Pages;

/* --- pagesframe.c: pages and tables --- */

/* The columns of PAGES_QUERY behind the section. */
enum {A = 1, B, C, D, E, F, G, H, I};

/* Is this row of that section?  And its values: NULL where they are, or as numbers. */
extern bool pages_is(const Pages *pages, int row, const char *section);
extern const char *pages_text(const Pages *pages, int row, int column);
extern int64_t pages_number(const Pages *pages, int row, int column);

/* The first row of the section, or -1; the number of its rows; the sum of a column. */
extern int	pages_first(const Pages *pages, const char *section);
extern int64_t pages_count(const Pages *pages, const char *section);
extern int64_t pages_sum(const Pages *pages, const char *section, int column);

/* Begins a page; name: its file without ".html". */
extern void pages_begin(Pages *pages, const char *name, const char *title);
extern void pages_end(Pages *pages, const char *name);

/*
 * A table of the rows of a section, or a sentence where there is none.  columns: for each
 * heading the letter of a column ("a" to "i"), in upper case if it is a number; "@" in front
 * of the letter: an actor, "#": a customer.  key: only rows whose column A is that; NULL: all.
 */
extern void pages_table(Pages *pages, const char *section, const char *key, const char *caption,
						const char *const *headings, const char *columns, const char *none);

/* The name of an actor, or the key of a customer, with a link where there is a page. */
extern void pages_put_actor(Pages *pages, const char *actor);
extern void pages_put_customer(Pages *pages, const char *customer);

/* --- pagescharts.c --- */

extern void pages_put_weeks(Pages *pages);
extern void pages_put_guard(Pages *pages);

/* --- pagesvisits.c --- */

/* The visits to a customer, and the reads, on one line for each day and actor. */
extern void pages_put_visits(Pages *pages, const char *customer);

/* --- pageswrite.c --- */

extern void pages_write_all(Pages *pages);

#endif							/* CG_PAGES_H */
