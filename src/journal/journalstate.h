/*
 * journalstate.h
 *		The row that says whose journal this is and how far it is.
 */
#ifndef CG_JOURNALSTATE_H
#define CG_JOURNALSTATE_H

#include "access/xlogdefs.h"

#include "journal/record.h"

/* One row of contact_guard.journal_state, with the key of its epoch. */
typedef struct CgJournalState
{
	uint64		system_identifier;
	Oid			database;
	int32		epoch;
	bool		epoch_recorded;
	uint8		key[CG_KEY_LENGTH];
	XLogRecPtr	position;		/* Invalid: nothing is recorded yet */
	int64		log_size;
	int64		rejected;
	int64		gaps;			/* that nobody has acknowledged */
	char		origin[256];	/* of checkpoints; "" before the first */
	int			origin_number;	/* 1, and one more with each new_epoch() */
	uint8		previous_key[CG_KEY_LENGTH];	/* of the epoch before, for messages ... */
	XLogRecPtr	previous_end;	/* ... that begin before this; Invalid: none are expected */
} CgJournalState;

/* Reads that row by the latest commit; false if there is none, or no key to it. */
extern bool cg_journalstate_read(CgJournalState *state);

/* The keys that sign checkpoints, by the same row: one a line, palloc'd; or NULL. */
extern char *cg_journalstate_read_verification_keys(void);

/* Is the row this database's, or did it come with a copy or a restore? */
extern bool cg_journalstate_is_own(const CgJournalState *state);

#endif							/* CG_JOURNALSTATE_H */
