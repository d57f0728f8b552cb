/*
 * shared.h
 *		Shared memory: how far each database's journal is written and recorded.
 *
 * cg_shared is NULL if the library was not preloaded.  Recovery needs nothing of this: the
 * recorded position is in each database's journal_state, and after any start a recorder
 * reads it there (census.c).
 *
 * Locking: every field below is read and written under cg_shared->lock; a write needs
 * exclusive mode.  No process holds the lock while it inserts or flushes WAL, or while it
 * waits for anything else.
 *
 * A session that writes a message takes no lock.  It moves the atomic fields, in this order:
 *
 *	1. inflight goes up; if the entry is not this database's any more, it goes down
 *	   again, and the lock is taken after all; if rotations is odd, it goes down again, and
 *	   the session waits;
 *	2. the message is inserted into WAL;
 *	3. written and written_bytes go up;
 *	4. inflight goes down;
 *	5. wake_at is read.
 *
 * Each step is a full barrier.  So whoever reads, in this order, the position up to which
 * WAL is flushed, inflight and written, and finds inflight 0, knows: a message that is
 * behind "written" begins after that position.  Nobody may pass WAL on another ground.
 * Whoever takes an entry away clears its oid before he reads inflight.  Whoever goes to
 * sleep sets wake_at before he reads written.  Whoever makes rotations odd does so before he
 * reads inflight.  All of them need a barrier in between.
 */
#ifndef CG_SHARED_H
#define CG_SHARED_H

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"
#include "port/atomics.h"
#include "storage/condition_variable.h"
#include "storage/latch.h"
#include "storage/lwlock.h"

#include "common/jwks.h"

#define CG_TURNED_AWAY 256
#define CG_ERROR_LENGTH 200
#define CG_SEAL_LENGTH 32		/* bytes of a key that seals messages */

/* After CG_GUARDS_SOMETHING the value does not change until the server's restart. */
typedef enum CgGuards
{
	CG_GUARDS_UNKNOWN,
	CG_GUARDS_NOTHING,
	CG_GUARDS_SOMETHING
} CgGuards;

/*
 * Calls of rotate_journal_key(), which are counted, and what the recorder has made of them.
 * See log/rotation.c.
 */
typedef struct CgRotation
{
	uint64		asked;			/* how many calls there were */
	uint64		done;			/* the last of them that the recorder has followed */
	uint64		told;			/* the last of them whose key has a record of the recorder's */
	bool		waits;			/* no new key has room before messages are stored */
	XLogRecPtr	begins_at;		/* of the newest key */
	XLogRecPtr	before;			/* all messages that an earlier key has sealed end before this */
} CgRotation;

/*
 * The journal of one database.  Any message that is not yet recorded begins at or after
 * "recorded".  The slot never passes that position, and does not move while the position
 * of one database is unknown.
 */
typedef struct CgDatabase
{
	Oid			oid;			/* InvalidOid: the entry is free */
	/* Never set, only moved up and down: a session may find out late that it has no right to. */
	pg_atomic_uint32 inflight;	/* number of messages being inserted: announced
								 * before the insertion, or the slot could pass them */
	pg_atomic_uint64 written;	/* end of the newest message */
	pg_atomic_uint64 written_bytes; /* length of messages, since the server's start */
	pg_atomic_uint64 recorded_bytes;	/* moved under the lock, read without it */
	pg_atomic_uint64 wake_at;	/* a message wakes the recorder if written_bytes has reached
								 * this: while it gathers messages, most do not.  Then
								 * it is awake, and no other message wakes it */
	pg_atomic_uint64 rotations; /* of the key of this entry's journals in this run of the
								 * server, twice; odd: the next one is under way, and
								 * nobody may seal.  See journal/sealing.c for this
								 * and the following fields */
	/* From here on a free entry is zero. */
	int32		seal_number;	/* of the key that the last rotation made */
	uint8		seal_of[CG_SEAL_LENGTH];	/* the first key of its epoch */
	uint8		seal_key[CG_SEAL_LENGTH];
	CgRotation	rotation;
	XLogRecPtr	recorded;		/* the position in journal_state: messages before it
								 * are in the log.  Invalid: not known yet */
	XLogRecPtr	sealed;			/* up to here the log itself says that WAL is recorded: the
								 * slot keeps what is behind it.  Invalid: not known yet */
	TimestampTz sealed_at;		/* when it said so last */
	XLogRecPtr	commit;			/* end of that position's commit: before it is flushed,
								 * a crash takes it back, and needs the messages again */
	XLogRecPtr	awaited;		/* somebody waits until messages before this are recorded */
	bool		turned_away;	/* the entry is lent: see cg_shared_lend */
	bool		wanted;			/* a recorder is needed even without messages, or has
								 * not yet read the WAL that was there at its start */
	CgGuards	guards;			/* has the database guarded columns? */
	TimestampTz started_at;		/* of the recorder */
	bool		leave;			/* the recorder must end, to free its worker */
	pid_t		recorder;		/* 0: none */
	Latch	   *latch;			/* of the recorder */
	TimestampTz retry_at;		/* no recorder is started before this time */
	int			failures;		/* how many recorders in a row ended by an error */
	TimestampTz hold_until;		/* a command needs the database without other sessions */
	char		error[CG_ERROR_LENGTH]; /* why the last recorder ended, or "" */
	int			error_code;		/* the SQLSTATE of that, as ereport has it; 0: not known */
	TimestampTz error_at;
	bool		sign_again;		/* the reason why no checkpoint is signed may have gone */
	char		unsigned_because[CG_ERROR_LENGTH];	/* why no checkpoint is signed, or "" */
	XLogRecPtr	alone_until;	/* up to here each message has its own transaction: one
								 * of them cannot be stored */
	XLogRecPtr	suspect;		/* that message; the next recorder passes over it */
	int			suspect_code;	/* the SQLSTATE, as ereport has it */
	uint64		texts;			/* counts purges of statements: cached texts may be gone;
								 * a session looks at it without the lock */
	TimestampTz last_record_at; /* 0: none since the server's start */
	TimestampTz clock_told;		/* the log says that the clock must catch up to it */
	uint64		identity_told;	/* the generation of identity keys that the log names; 0: none */
	TimestampTz due_at;			/* when a recorder has something to do; 0: never */
} CgDatabase;

/* What a worker of a standby has found in one database: see log/standby.c. */
typedef struct CgVisit
{
	Oid			database;		/* the one that is looked into, or InvalidOid */
	bool		answered;
	bool		has_journal;
	XLogRecPtr	position;		/* the slot must not pass it */
} CgVisit;

/*
 * The file of contact_guard.identity_keys as it was when it was last good: see identitykeys.h.
 * The text is written by the launcher, and by the postmaster before there are sessions.
 */
typedef struct CgIdentityFile
{
	pg_atomic_uint64 generation;	/* of the text; a session looks at it without the lock */
	int			length;			/* 0: there are no keys */
	char		trouble[CG_ERROR_LENGTH];	/* why the file was not taken, or "" */
	char		text[CG_JWKS_FILE_LENGTH];
} CgIdentityFile;

typedef struct CgShared
{
	LWLock	   *lock;
	int64		run;			/* of the server, from its start or recovery on: a random
								 * number that does not change */
	ConditionVariable progress; /* a "recorded", an "error" or slot_ready changed */
	pid_t		launcher;		/* 0: none */
	bool		launcher_may_come;	/* there is a background worker for it */
	TimestampTz launcher_left_at;	/* or when the server started, if none has come */
	Latch	   *launcher_latch;
	bool		announced;		/* WAL says that the library is loaded: see log/start.c */
	bool		census_taken;	/* true: a database without an entry has no journal */
	bool		slot_wanted;	/* a database has a journal, so a slot is needed */
	bool		slot_ready;		/* WAL is being kept for the recorders */
	pg_atomic_uint64 latest;	/* see clock.h; without the lock */
	XLogRecPtr	slot_position;	/* where the WAL begins that is kept */
	char		slot_trouble[CG_ERROR_LENGTH];	/* why the slot of a standby does not move, or "" */
	CgVisit		visit;
	char		error[CG_ERROR_LENGTH]; /* why the launcher has no slot, or "" */
	char		unsigned_because[CG_ERROR_LENGTH];	/* what keycheck.c has found, or "" */
	int			turned_away;	/* databases with a journal and without an entry */
	int			turned_away_guarded;	/* those of them that guard something */
	Oid			turned_away_oids[CG_TURNED_AWAY];	/* the first of these */
	CgIdentityFile identity;
	/* cg_max_databases, and one to lend */
	CgDatabase	databases[FLEXIBLE_ARRAY_MEMBER];
} CgShared;

extern CgShared *cg_shared;

/* Has the postmaster a background worker for the launcher?  Set by cg_launcher_init. */
extern bool cg_shared_launcher_may_come;

extern void cg_shared_init(void);

/* ERROR object_not_in_prerequisite_state unless the library was preloaded. */
extern void cg_shared_require(void);

/*
 * The entry of a database.  With create it is made if there is none.  NULL if there is
 * none, or none is free.  The caller holds the lock, in exclusive mode for create.
 */
extern CgDatabase *cg_shared_database(Oid oid, bool create);

/*
 * If there are more databases with a journal than entries, the launcher lends one more entry
 * to each of the others, one after the other, so that a recorder stores what WAL has of it.
 * Sessions of such a database cannot read guarded columns.  NULL if it is lent already.  The caller holds the lock in exclusive mode.
 */
extern CgDatabase *cg_shared_lend(Oid oid);

/* Is all that WAL has of this database, which has borrowed its entry, recorded?  Likewise. */
extern bool cg_shared_has_repaid(CgDatabase *database);

/* Takes back what was lent, and counts the database.  The caller holds the lock, too. */
extern void cg_shared_take_back(CgDatabase *database);

/* Has a database without an entry guarded columns?  The caller holds the lock. */
extern CgGuards cg_shared_guards_of_other(Oid oid);

/* Is no entry left for this database?  Takes the lock. */
extern bool cg_shared_has_no_room(Oid oid);

/*
 * Why no launcher will come soon, as a palloc'd sentence; NULL if there is one, or if it
 * may come at any moment.
 */
extern char *cg_shared_no_launcher(void);

/*
 * Frees the entry of a database.  False, and nothing done, if a message is being inserted,
 * unless the database does not exist any more.  The caller holds the lock in exclusive mode.
 */
extern bool cg_shared_remove(CgDatabase *database, bool dropped);

/* The entry of this session's database, or NULL.  The caller does not hold the lock. */
extern CgDatabase *cg_shared_own(void);

/*
 * Steps 1, and 3 to 5, of writing a message.  The first returns NULL if no entry is free.
 * Between them the entry is not taken away.  end Invalid: nothing was inserted.
 */
extern CgDatabase *cg_shared_announce(void);
extern void cg_shared_inserted(CgDatabase *database, XLogRecPtr end, uint64 bytes);

/*
 * Is a message being inserted, or is one behind this position?  Reads in the order that is
 * given above.
 */
extern bool cg_shared_is_behind(CgDatabase *database, XLogRecPtr position);

/* Notes that a policy is set in this database. */
extern void cg_shared_note_guarded(void);

/*
 * Notes that somebody waits until messages before a position are recorded, and wakes the
 * recorder.  They must be flushed.  The caller holds the lock in exclusive mode.
 */
extern void cg_shared_await(CgDatabase *database, XLogRecPtr position);

/*
 * Wakes the recorder of a database, or the launcher if it has no recorder.  The caller
 * holds the lock.
 */
extern void cg_shared_wake(CgDatabase *database);

/*
 * Does a command need the database without other sessions?  Then its recorder must end, and
 * none may start.  The caller holds the lock.
 */
extern bool cg_shared_is_held(CgDatabase *database);

#endif							/* CG_SHARED_H */
