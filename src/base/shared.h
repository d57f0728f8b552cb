/*
 * shared.h
 *		Shared memory: how far each database's journal is written and recorded.
 *
 * cg_shared is NULL where the library was not preloaded.  Nothing that is
 * needed to recover lives here: what is recorded is in each database's
 * journal_state, and after any start a recorder looks there (census.c).
 *
 * Locking: every field below is read and written under cg_shared->lock, in
 * exclusive mode to write.  Nobody holds the lock while inserting or flushing
 * WAL, or while waiting for anything else.
 */
#ifndef CG_SHARED_H
#define CG_SHARED_H

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"
#include "storage/condition_variable.h"
#include "storage/latch.h"
#include "storage/lwlock.h"

#define CG_MAX_DATABASES 256
#define CG_ERROR_LENGTH 200

/* Once something was guarded it stays so until the server's restart. */
typedef enum CgGuards
{
	CG_GUARDS_UNKNOWN,
	CG_GUARDS_NOTHING,
	CG_GUARDS_SOMETHING
} CgGuards;

/*
 * The journal of one database.  Any message that is not yet recorded begins at
 * or after "recorded"; the slot never passes it, nor moves while one is unknown.
 */
typedef struct CgDatabase
{
	Oid			oid;			/* InvalidOid: free */
	int			inflight;		/* messages being inserted: announced before
								 * the insertion, or the slot could pass them */
	XLogRecPtr	written;		/* end of the newest message */
	XLogRecPtr	recorded;		/* the position in journal_state: all before it is
								 * in the log.  Invalid: nobody has looked yet */
	XLogRecPtr	commit;			/* end of that commit: until it is flushed, a
								 * crash takes it back and needs the messages */
	uint64		written_bytes;	/* of messages, since the server's start */
	uint64		recorded_bytes;
	bool		wanted;			/* a recorder is wanted, even without messages,
								 * or has not read all that it found yet */
	CgGuards	guards;			/* has the database guarded columns? */
	TimestampTz started_at;		/* the recorder */
	bool		leave;			/* it is asked to leave a worker to another database's */
	pid_t		recorder;		/* 0: none */
	Latch	   *latch;			/* the recorder's */
	TimestampTz retry_at;		/* do not start a recorder before */
	int			failures;		/* recorders that ended by an error, in a row */
	TimestampTz hold_until;		/* a command needs the database without other sessions */
	char		error[CG_ERROR_LENGTH]; /* why the last recorder ended, or "" */
	char		unsigned_because[CG_ERROR_LENGTH];	/* why no checkpoint is signed, or "" */
	XLogRecPtr	alone_until;	/* a message a transaction up to there: what is in
								 * one of them cannot be stored */
	XLogRecPtr	suspect;		/* the message that it is: seen again, it is passed */
	int			suspect_code;	/* the SQLSTATE, as ereport has it */
	uint64		texts;			/* statements have been purged: cached ones may be gone */
	TimestampTz last_record_at; /* 0: not known since the server's start */
	TimestampTz due_at;			/* a recorder has something to do then; 0: never */
} CgDatabase;

typedef struct CgShared
{
	LWLock	   *lock;
	ConditionVariable progress; /* a "recorded", an "error" or slot_ready moved */
	pid_t		launcher;		/* 0: none */
	Latch	   *launcher_latch;
	bool		census_taken;	/* a database without an entry has no journal */
	bool		slot_wanted;	/* some database has a journal */
	bool		slot_ready;		/* WAL is being kept for the recorders */
	char		error[CG_ERROR_LENGTH]; /* why the launcher has no slot, or "" */
	CgDatabase	databases[CG_MAX_DATABASES];
} CgShared;

extern CgShared *cg_shared;

extern void cg_shared_init(void);

/* ERROR object_not_in_prerequisite_state, with the line to add, unless preloaded. */
extern void cg_shared_require(void);

/*
 * The entry of a database.  The lock must be held, in exclusive mode if create.
 * NULL if there is none and (not create, or the table is full).
 */
extern CgDatabase *cg_shared_database(Oid oid, bool create);

/* A policy is being set in this database. */
extern void cg_shared_note_guarded(void);

/* Wakes the recorder of a database, or the launcher if it has none.  Lock held. */
extern void cg_shared_wake(CgDatabase *database);

/* May a recorder of this database be running or start now?  Lock held. */
extern bool cg_shared_is_held(CgDatabase *database);

#endif							/* CG_SHARED_H */
