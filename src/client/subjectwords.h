/*
 * subjectwords.h
 *		The words of a customer's report, in each language.
 *
 * A text with a format is markup for html_put(); the comment names its arguments.  All others
 * are plain text, which the writer escapes.
 */
#ifndef CG_SUBJECTWORDS_H
#define CG_SUBJECTWORDS_H

#include <stdint.h>

typedef struct Words
{
	const char *language;
	const char *authority;		/* unless another one is given */
	const char *title;			/* reference */
	const char *reference;
	const char *controller;
	const char *controller_unnamed;
	const char *customer;
	const char *received;
	const char *due;
	const char *made;
	const char *period;
	const char *period_text;	/* since, until, zone */
	const char *period_open;	/* until, zone */
	const char *records_since;	/* date */
	const char *records_later;
	const char *summary;
	const char *none;
	const char *consulted_once;
	const char *consulted;		/* consultations, days: as text */
	const char *consulted_by;	/* persons */
	const char *once_with;
	const char *all_with;
	const char *none_with;
	const char *others_once;
	const char *others;			/* how many were not with an open appointment */
	const char *nameless;		/* how many */
	const char *withheld_sum[2];	/* one, several: how many */
	const char *contacts_sum[2];
	const char *possible_sum;	/* there is something that may have included the customer */
	const char *day[2];
	const char *person[2];
	const char *who;			/* how readers are named */
	const char *who_unnamed;	/* in records that name no customer */
	const char *names;			/* decision */
	const char *appointments;
	const char *appointments_text;
	const char *appointment;	/* its number */
	const char *window;			/* from, until */
	const char *others_title;
	const char *others_text;
	const char *relay;
	const char *relay_text;
	const char *offered_event;
	const char *contact_event;
	const char *contact_in_event;	/* the customer has called */
	const char *contact_end_event;
	const char *contact_missed_event;
	const char *contact_refused_event;
	const char *contact_refused_in_event;
	const char *withheld;
	const char *withheld_text;
	const char *searched;
	const char *searched_text;
	const char *searches;
	const char *searches_text;
	const char *bulk;
	const char *bulk_text;
	const char *mass;
	const char *mass_text;
	const char *reports;
	const char *reports_text;
	const char *other_events;
	const char *other_events_text;
	const char *gaps;
	const char *gaps_text;
	const char *no_gaps;
	const char *gap;
	const char *erasure;
	const char *purge;			/* date */
	const char *rights;
	const char *rights_text;	/* authority */
	const char *check;
	const char *check_text;		/* proofs, origin, size */
	const char *check_partly;	/* rows without a proof */
	const char *check_none;
	const char *check_absence;
	const char *code;			/* size and root hash */
	const char *code_label;
	const char *more;			/* rows shown, rows there are */
	const char *nobody;			/* a reader without a name */
	const char *reader;			/* a reader without a category */
	const char *day_column;
	const char *time_column;
	const char *what_column;
	const char *who_column;
	const char *purpose_column;
	const char *reason_column;
	const char *from_column;
	const char *to_column;
	const char *times_column;
	const char *event_column;
	const char *section_column;
	const char *to_utc_column;
	const char *detail_column;
	const char *appointment_column;
	const char *number_column;
	const char *no_window;
	const char *window_closed;
	const char *window_not_open;
	const char *compared;
	const char *relay_only;
	const char *no_identity;	/* what named the reader does not count any more */
	const char *not_covered;	/* by his token */
	const char *not_permitted;	/* another reason */
	const char *own;			/* shown to whom has just written it */
	const char *intervention;	/* the purpose of an appointment */
	const char *superuser;		/* that of a superuser */
	const char *policy_event;
	const char *compared_event;
	const char *window_event;
	const char *report_event;
	const char *disclosure_event;
	const char *months[12];
} Words;

/* NULL: there are no words of this language. */
extern const Words *words_of(const char *language);

/* What the page calls categories, columns and purposes: lines WORD,TEXT of a file. */
typedef struct Dictionary
{
	int			count;
	char	  **words;
	char	  **texts;
} Dictionary;

extern void dictionary_read(Dictionary *dictionary, const char *path);

/* The text of the word, or the word; NULL for NULL. */
extern const char *dictionary_say(const Dictionary *dictionary, const char *word);

#endif							/* CG_SUBJECTWORDS_H */
