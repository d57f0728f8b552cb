/*
 * survey.h
 *		What a purge would remove from the log.
 */
#ifndef CG_SURVEY_H
#define CG_SURVEY_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

/* One partition of the log. */
typedef struct CgMonth
{
	Oid			relid;
	int64		rows;
	int64		last_seq;
	List	   *ranges;			/* of CgRange (ranges.h): what goes */
	int64		held;			/* rows that stay */
	char	   *held_seqs;		/* their numbers, as the text of an int8[]; NULL: none */
} CgMonth;

typedef struct CgSurvey
{
	char	   *holds;			/* the customers on hold, as one text */
	List	   *months;			/* of CgMonth */
	Datum		unused_texts;	/* int8[]: statements without used_in that no other row needs */
} CgSurvey;

/*
 * Looks at the partitions that end at or before a time, with locks that nobody minds, and
 * that are released again.  What it says may be out of date as soon as it returns: see
 * cg_survey_month.
 */
extern CgSurvey *cg_survey_ahead(TimestampTz before);

/*
 * Looks again, under the locks of a purge (AccessExclusiveLock on the log and on its months,
 * ShareRowExclusiveLock on contact_guard.held), with the active snapshot, at what has
 * changed.  Returns the survey itself if the holds are the same.
 */
extern CgSurvey *cg_survey_check(CgSurvey *survey, TimestampTz before);

/* The month as it is now, under these locks. */
extern CgMonth *cg_survey_month(const CgSurvey *survey, Oid relid);

/* The partitions of the log that end at or before a time, oldest first. */
extern List *cg_survey_months_before(TimestampTz before);

#endif							/* CG_SURVEY_H */
