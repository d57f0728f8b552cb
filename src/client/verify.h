/*
 * verify.h
 *		Declarations that the files of contact-guard verify share.
 */
#ifndef CG_VERIFY_H
#define CG_VERIFY_H

#include "client.h"
#include "question.h"
#include "ranges.h"
#include "tlogpolicy.h"

/* The number of whole tiles that are fetched at a time */
#define CHUNK_TILES 256
#define CHUNK_ROWS (CHUNK_TILES * CG_TILE_WIDTH)

#define SHOWN_OFFS 20
#define SHOWN_HOLES 20

/* A silence is measured from the latest time of so many rows. */
#define RECENT_ROWS 8

typedef struct Options
{
	const char *conninfo;
	const char *held;			/* the file of a checkpoint that the auditor has kept */
	int64_t		from;
	int64_t		to;				/* -1: to the end */
	int64_t		max_age;		/* seconds; 0: any */
	bool		views;			/* compare the views with the tables, too */
	Keys		keys;
	Policy		policy;
} Options;

/* A record of a start that says that the server had run without the library */
typedef struct Off
{
	int64_t		seq;
	int64_t		count;			/* so often */
	bool		known;			/* from is known */
	int64_t		from;			/* microseconds since 1970, as all times of rows */
	int64_t		to;
} Off;

/* A record with which the log goes on under a new name. */
typedef struct Epoch
{
	int64_t		seq;
	bool		has_note;
	CgCheckpoint last;			/* of the old name, as the record says */
	bool		is_here;		/* the tree contains it */
} Epoch;

/* WAL of which no heartbeat says that it was recorded, and the heartbeat behind it */
typedef struct Hole
{
	int64_t		seq;
	uint64_t	from;
	uint64_t	to;
} Hole;

/* From this row on the latest time of rows is this one. */
typedef struct Step
{
	int64_t		seq;
	int64_t		latest;
} Step;

/* The record of a purge, with what is known of the rows in front of it */
typedef struct PurgeRecord
{
	int64_t		seq;
	int64_t		read_at;
	bool		dated;			/* it has the times that purge() writes: */
	int64_t		before;			/* the time before which it was */
	int64_t		month;			/* ... and the beginning of its month */
	int			first;			/* the index of its ranges in named of LOSS_ROW */
	int			end;			/* ... and of those behind them */
	bool		any;			/* as those of Purges */
	int64_t		earliest;
	int64_t		earliest_seq;
} PurgeRecord;

/* When the rows are of that were read so far */
typedef struct Purges
{
	PurgeRecord *records;		/* those that name rows */
	int			nrecords;
	bool		any;			/* rows that no hold can keep */
	int64_t		earliest;		/* the earliest time of these */
	int64_t		earliest_seq;
	Step	   *steps;			/* of all rows, an hour each or more */
	int			nsteps;
	int			room;
} Purges;

/*
 * What a row may lack: the row itself, or the values of a group (leaf.h).  A later record must
 * name the row, and each kind has its own records.
 */
typedef enum LossKind
{
	LOSS_ROW,					/* a purge */
	LOSS_CUSTOMER,				/* an erasure, as the next one */
	LOSS_ACTOR,
	LOSSES
} LossKind;

/* In a byte for each row */
#define LACKS(kind) (1 << (kind))

typedef struct Loss
{
	Ranges		lost;			/* the rows that lack it */
	Ranges		gone;			/* these and missing rows: none of them has it */
	Ranges		named;			/* by records */
	Ranges		counted;		/* records of 1.0, which name no rows: 1 to the number of rows */
	int64_t		undone;			/* records that name rows that have it */
	int64_t		undone_record;	/* the first of them, and such a row */
	int64_t		undone_row;
} Loss;

/* A record that begins a hold */
typedef struct Hold
{
	int64_t		seq;
	char	   *customer;		/* NUL-terminated, though a server may send other bytes */
	int64_t		released;		/* seq of the record that ends it; -1: it goes on */
} Hold;

typedef struct Positions
{
	bool		known;			/* end is */
	uint64_t	end;			/* of the WAL that the last heartbeat names */
	int64_t		moved;			/* records that say that the recorder's position was moved */
	int64_t		moved_seq;		/* the first of them */
	int64_t		keys;			/* records that say that a key was taken away */
	int64_t		keys_seq;		/* the first of them */
	int64_t		uncompared;		/* records that say that WAL could not be compared with the log */
	int64_t		uncompared_seq; /* the first of them */
	int64_t		nholes;
	Hole		holes[SHOWN_HOLES];
} Positions;

typedef struct Verify
{
	PGconn	   *conn;			/* for the tree */
	PGconn	   *stream;			/* for the rows */
	Keys		keys;
	CgCheckpoint checkpoint;
	Tiles	   *tiles;
	Loss		losses[LOSSES];
	uint64_t	witnessed;		/* the size of the checkpoint that meets the policy */
	int64_t		last_seq;		/* the last row that was read; -1: none */
	int64_t		last_at;		/* when it was logged, in microseconds since 1970 */
	int64_t		rows;			/* checked rows */
	int64_t		read_rows;		/* all rows that were read, in the range to be checked or outside of it */
	int64_t		erased;			/* those without some personal values */
	int64_t		later;			/* those with an event of a later version */
	int64_t		first_later;	/* seq of the first of them */
	int64_t		later_versions; /* those with an unknown leaf version */
	int64_t		first_later_version;	/* seq of the first of them */
	int			newest_version; /* the newest of these leaf versions */
	bool		restored_came;	/* a record says that restored rows came */
	char		restored[120];	/* what they were at the newest change, or "" if it does not say */
	int64_t		restored_seq;	/* seq of its record */
	char		restored_now[120];	/* what they are, or "" */
	bool		restored_computed;	/* ... by this program */
	int64_t		restored_rows;
	int64_t		restored_texts; /* those with the text of a statement */
	int64_t		offs;			/* runs of the server without the library, by records of starts; at most INT64_MAX */
	int64_t		last_off;		/* seq of the last of these records */
	int64_t		noff;			/* the number of these records, and the first of them */
	Off			off[SHOWN_OFFS];
	Positions	positions;
	Purges		purges;
	int64_t		doubted;		/* ranges of purged rows that seem to be too young */
	int64_t		doubted_purge;	/* the first record of such a range, and the range's last row */
	int64_t		doubted_row;
	int64_t		judged_first;	/* the rows to be checked */
	int64_t		judged_last;
	Hold	   *holds;
	int			nholds;
	Ranges		held;			/* the rows that holds name, by the index of the hold */
	int64_t		recent[RECENT_ROWS];	/* the times of the last adjacent rows, as a ring */
	uint64_t	nrecent;		/* the number of adjacent rows so far */
	uint64_t	back;			/* the longest step back in time between rows, in microseconds */
	int64_t		back_seq;		/* of the row that is earlier */
	uint64_t	silence;		/* the longest time between two rows, in microseconds */
	int64_t		silence_end;
	int64_t		silence_seq;	/* of the row at its end; -1: there are not two adjacent rows */
	int64_t		unsigned_rows;	/* adjacent rows behind the signed ones */
	int64_t		unsigned_at;	/* the time of the oldest of them */
	Question   *question;		/* what is asked; NULL: nothing */
	char	   *text;			/* the note of the checkpoint */
	int64_t		restored_left;	/* rows that the question asks for, and that are not proved */
	bool		uncompared;		/* the server's answer could not be compared */
	const char *not_compared;	/* why definitions were not compared; NULL: they were */
	Epoch	   *epochs;
	int			nepochs;
	int64_t		findings;
	int64_t		first_bad;		/* seq of the first finding; -1: none */
	char		first_what[200];
	/* The present chunk: the state and the hash of each row */
	uint64_t	begin;
	uint8_t		state[CHUNK_ROWS];
	uint8_t		lacks[CHUNK_ROWS];	/* LACKS() of each kind */
	uint8_t		hashes[CHUNK_ROWS * CG_HASH_LENGTH];
} Verify;

/*
 * Compares rows first to last with the tree.  Without judge, differences are not findings,
 * and only valid records of purges and erasures are taken from the rows.
 */
extern void scan_rows(Verify *verify, int64_t first, int64_t last, bool judge);

/*
 * The log as options say.  With a question, prints its answer from the proved rows.  Returns the
 * exit status.
 */
extern int	verify_log(const Options *options, Question *question);

/* Takes an option that verify and questions share; false: it is another one. */
extern bool verify_option(Options *options, int option, const char *value);
#define VERIFY_OPTIONS {"checkpoint", required_argument, NULL, 'c'}, {"vkey", required_argument, NULL, 'k'}, \
	{"policy", required_argument, NULL, 'p'}, {"max-age", required_argument, NULL, 'a'}, SERVER_OPTIONS

/* --- restored.c --- */

/*
 * Keeps what a record of the present chunk says of restored rows.  settle_restored() takes it, if
 * the record is to be trusted: a record that was not signed as it is must not explain anything.
 */
extern void note_restored(const CgLeaf *leaf);
extern void settle_restored(Verify *verify, bool (*is_trusted) (const Verify *verify, int64_t seq));

/* Reads them, in the open transaction of the stream, for the question as well. */
extern void read_restored(Verify *verify);

/* Are they those that a signed record names?  And if not, is that a finding? */
extern bool restored_proved(const Verify *verify);
extern bool restored_unexplained(const Verify *verify);

/* Says what they are, or notes the finding. */
extern void report_restored(Verify *verify);

/* Are views and functions those of the install script?  In definitions.c. */
extern void check_definitions(Verify *verify);

/* Do the views show what is in the tables?  In views.c. */
extern void check_views(Verify *verify);

/* --- answer.c --- */

/* Compares what the server's function answers, in the open transaction of the stream. */
extern void answer_compare(Verify *verify);

/* Prints the answer from proved rows, and what is not in it. */
extern void answer_print(Verify *verify);

/* Prints the report.  Returns the exit status. */
extern int	conclude(const Verify *verify, const Options *options, int64_t to);

/* --- epochs.c --- */

/* Takes a record of a new name; compares what it says was signed before; says the result. */
extern void note_epoch(Verify *verify, const CgLeaf *leaf);
extern void check_epochs(Verify *verify);
extern void report_epochs(const Verify *verify);

/* Takes a row, in the order of seq, before it is the last one; says the result.  In positions.c. */
extern void note_position(Verify *verify, const CgLeaf *leaf);
extern void report_positions(const Verify *verify);

/*
 * Takes a row; forgets a release that is not to be trusted; looks for rows that are not there
 * although a hold names them.  In holds.c.
 */
extern void note_hold(Verify *verify, const CgLeaf *leaf);
extern void distrust_release(Verify *verify, int64_t seq);
extern void check_holds(Verify *verify);

/*
 * Takes the time of a row; the record of a purge, whose ranges begin with this index of those that
 * name rows; judges the records, when those that explain nothing are known; says what is in doubt.
 * In purges.c.
 */
extern void note_row_time(Verify *verify, const CgLeaf *leaf);
extern void note_purge(Verify *verify, const CgLeaf *leaf, int first);
extern void check_purges(Verify *verify);
extern void report_purges(const Verify *verify);

/* --- losses.c --- */

/* What the row lacks: LACKS() of each kind. */
extern uint8_t row_lacks(const CgLeaf *leaf);

/* Takes what a record names; a row of the range to be checked, with what it lacks; forgets a record. */
extern void note_named(Verify *verify, const CgLeaf *leaf);
extern void note_lost(Verify *verify, int64_t seq, uint8_t lacks);
extern void distrust_named(Verify *verify, int64_t seq);

/* Is there a row that lacks what no record explains? */
extern bool losses_unexplained(Verify *verify);

/* Makes findings of such rows; says which records name rows in vain, or none. */
extern void find_losses(Verify *verify);
extern void report_losses(const Verify *verify);

/*
 * Takes the ranges of rows that a record names by the reason "WORDS, seq A to B, ...: REASON", if
 * they are before the row "before".
 */
extern void parse_ranges(Ranges *ranges, CgLeafText reason, int64_t before, int64_t owner);

/* Notes a finding.  seq -1: it does not concern one row. */
extern void find(Verify *verify, int64_t seq, const char *format,...)
			__attribute__((format(printf, 3, 4)));

#endif							/* CG_VERIFY_H */
