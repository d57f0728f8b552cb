/*
 * windowrecord.h
 *		Records of windows that move.
 */
#ifndef CG_WINDOWRECORD_H
#define CG_WINDOWRECORD_H

#include "journal/record.h"

/* The window of an intervention, as a verdict would see it. */
typedef struct CgWindowState
{
	char	   *id;				/* any of the strings may be NULL */
	char	   *customer;
	char	   *technician;
	int64		opens_at;		/* of use only if there is a closes_at: it may be -infinity */
	int64		closes_at;		/* likewise */
} CgWindowState;

extern void cg_windowrecord_init(void);

/*
 * Notes what the current (sub)transaction has done to a window: what it was, and what it is.
 * NULL: there was no such row, or there is none any more.  If it has moved, its record is
 * written just before the commit, without a flush: the commit's own makes it durable.
 * relation: as cg_names_relation() gives it.
 *
 * Errors as cg_journal_require() if a window opens or becomes longer; if it closes, a
 * backlog over its limit is no error.
 */
extern void cg_windowrecord_moved(const char *relation, const CgWindowState *was, const CgWindowState *is);

/*
 * Notes that windows of the relation may have moved, which are not known, and why.  Errors as
 * cg_journal_require_begun().
 */
extern void cg_windowrecord_unknown(const char *relation, const char *why);

#endif							/* CG_WINDOWRECORD_H */
