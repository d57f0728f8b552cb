/*
 * journalstate.h
 *		The row that names the journal's database and the position that is recorded.
 */
#ifndef CG_JOURNALSTATE_H
#define CG_JOURNALSTATE_H

#include "access/xlogdefs.h"

#include "journal/record.h"

/*
 * How many keys a journal can have whose messages wait to be recorded.  Each start of the
 * server adds one, and a recorder that has caught up removes all but two.
 */
#define CG_SEALS_MAX 32

/* One row of contact_guard.journal_key: a key, and which messages it seals. */
typedef struct CgSeal
{
	int32		number;			/* a later key has a higher one */
	int32		epoch;
	int64		run;			/* of the server that made it: cg_shared->run */
	uint8		key[CG_KEY_LENGTH];
	XLogRecPtr	begins_at;		/* Invalid: it is the first key of its epoch */
	XLogRecPtr	ends_at;		/* Invalid: where the next key begins */
} CgSeal;

/* One row of contact_guard.journal_state, with the keys. */
typedef struct CgJournalState
{
	uint64		system_identifier;
	Oid			database;
	int32		epoch;
	bool		epoch_recorded;
	uint8		key[CG_KEY_LENGTH]; /* the epoch's first: of statements and pseudonyms */
	XLogRecPtr	position;		/* Invalid: nothing is recorded yet */
	int64		log_size;
	int64		rejected;
	int64		gaps;			/* that nobody has acknowledged */
	char		origin[256];	/* of checkpoints; "" before the first */
	int			origin_number;	/* 1, and one more with each new name */
	char		origin_mark[16];	/* of the failover that gave it a name last; "": none */
	int			nseals;
	CgSeal		seals[CG_SEALS_MAX];	/* in the order of their numbers */
} CgJournalState;

/* Reads that row as the latest commit left it.  False if the row or its key is missing. */
extern bool cg_journalstate_read(CgJournalState *state);

/* The verification keys of checkpoints, from the same row: one a line, palloc'd; or NULL. */
extern char *cg_journalstate_read_verification_keys(void);

/* The key that seals new messages: the newest of the epoch.  NULL if there is none. */
extern const CgSeal *cg_journalstate_seal(const CgJournalState *state);

/* The key that seals what begins at this place of WAL, or else the newest.  NULL if there is none. */
extern const CgSeal *cg_journalstate_seal_at(const CgJournalState *state, XLogRecPtr place);

/* Was it made in this run of the server?  Else no session may seal with it. */
extern bool cg_journalstate_is_sealed(const CgJournalState *state);

/*
 * The key that has sealed a message of this epoch which begins at start.  NULL: no such
 * message is authentic.  Each place in WAL has one key, so a key that an old backup shows
 * seals nothing any more.
 */
extern const uint8 *cg_journalstate_key_at(const CgJournalState *state, uint32 epoch, XLogRecPtr start);

/* Does the row name this database?  It does not after a copy or a restore elsewhere. */
extern bool cg_journalstate_is_own(const CgJournalState *state);

#endif							/* CG_JOURNALSTATE_H */
