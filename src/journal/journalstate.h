/*
 * journalstate.h
 *		The row that names the journal's database and the position that is recorded.
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
	uint8		previous_key[CG_KEY_LENGTH];	/* of the epoch before */
	XLogRecPtr	previous_end;	/* its messages begin before this; Invalid: none are expected */
} CgJournalState;

/* Reads that row as the latest commit left it.  False if the row or its key is missing. */
extern bool cg_journalstate_read(CgJournalState *state);

/* The verification keys of checkpoints, from the same row: one a line, palloc'd; or NULL. */
extern char *cg_journalstate_read_verification_keys(void);

/* Does the row name this database?  It does not after a copy or a restore elsewhere. */
extern bool cg_journalstate_is_own(const CgJournalState *state);

#endif							/* CG_JOURNALSTATE_H */
