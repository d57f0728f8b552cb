/*
 * salvage.h
 *		Records in the WAL of a server that was lost.
 */
#ifndef CG_SALVAGE_H
#define CG_SALVAGE_H

#include <inttypes.h>

#include "client.h"

#define NO_DATABASE 0			/* what the launcher of the server says: no records */

/* A message of the journal, as it stands in WAL. */
typedef struct Message
{
	uint64_t	position;		/* of WAL, where it begins */
	uint32_t	database;		/* OID, or NO_DATABASE */
	const uint8_t *data;
	size_t		length;
} Message;

/* A record in a message.  Texts are in the encoding of the database. */
typedef struct Salvaged
{
	const Message *message;
	char		session[40];
	CgLeafText	actor;
	CgLeafText	login;
	CgLeafText	client;
	CgLeafText	application;
	CgLeafText	identity;
	int64_t		statement;		/* 0: none */
	int64_t		query_id;		/* 0: none */
	int			event;
	int64_t		read_at;		/* microseconds since 1970-01-01 UTC */
	CgLeafText	relation;
	CgLeafText *columns;
	int			ncolumns;
	CgLeafText	customer;
	int64_t		count;
	CgLeafText	intervention;
	const int64_t *closed_at;	/* as read_at; NULL: none */
	CgLeafText	purpose;
	CgLeafText	reason;
	CgLeafText	technician;
	const int64_t *opens_at;	/* as closed_at; so are the others */
	const int64_t *closes_at;
	const int64_t *previous_opens_at;
	const int64_t *previous_closes_at;
} Salvaged;

/* A position of WAL, as PostgreSQL prints it. */
#define POSITION "%" PRIX32 "/%" PRIX32
#define POSITION_ARGS(position) ((uint32_t) ((position) >> 32)), ((uint32_t) (position))

/* --- salvageput.c --- */

/* Prints the names of the columns, and a record as a line of columns or of JSON. */
extern void salvage_put_names(void);
extern void salvage_put(const Salvaged *record, const char *database, bool json);

/* --- salvagecontrol.c --- */

#define MOST_GAPS 20

/* WAL that is not readable: from a position that is not a record to where WAL goes on. */
typedef struct Gap
{
	uint64_t	from;
	uint64_t	to;
} Gap;

/* Where the WAL is, and what of it was read.  Positions count bytes. */
typedef struct Wal
{
	char	   *folder;
	uint32_t	timeline;
	uint64_t	system;			/* identifier of the cluster */
	uint64_t	segment_bytes;
	uint64_t	page_bytes;
	uint64_t	last_checkpoint;	/* the control file names it: WAL reaches at least so far; 0: not known */
	uint64_t   *segments;		/* numbers of those that are there, from where reading begins, in order */
	size_t		nsegments;
	uint64_t	from;			/* the beginning of the first one */
	uint64_t	since;			/* messages that end before it are not taken */
	/* set by wal_read */
	uint64_t	last;			/* the last record; 0: there is none */
	uint64_t	end;			/* behind it */
	uint64_t	gaps;			/* behind "since" */
	Gap			gap[MOST_GAPS]; /* the first of them */
	uint32_t	page_timeline;	/* of the newest page: later ones have no smaller one */
} Wal;

/*
 * Reads pg_controldata's answer into wal: its sizes, system and last checkpoint, and the timeline
 * unless it is given.  Ends the program if that cannot be the directory of a server.  programs:
 * the folder of pg_controldata, or NULL to look for it.
 */
extern void control_read(Wal *wal, const char *folder, const char *programs);
extern bool control_parse_position(const char *text, uint64_t *position);

/* --- salvagepage.c --- */

#define PAGE_HEADER 24
#define SEGMENT_HEADER 40		/* of the first page of a segment */
#define MOST_PAGE_BYTES 65536
#define NO_POSITION UINT64_MAX

#define FLAG_CONTINUED 0x0001	/* the page begins with the rest of a record */
#define FLAG_OVERWRITTEN 0x0008 /* that rest was lost in a crash, and will never come */

/* As records are */
#define ALIGNED(position) (((position) + 7) & ~UINT64_C(7))

typedef struct PageHeader
{
	uint16_t	flags;
	uint32_t	timeline;
	uint32_t	rest;			/* bytes of the record that begins on a page before */
} PageHeader;

/* The position behind the page's header, if it is that of a page; else itself. */
extern uint64_t wal_record_start(const Wal *wal, uint64_t position);

/* The page, and its header; NULL if no page of this WAL is there.  Valid until the next call. */
extern const uint8_t *wal_page(Wal *wal, uint64_t start, PageHeader *header);

/*
 * Where the first record begins that does so on this page or behind the record that goes on on
 * it.  NO_POSITION if there is a page that is not of this WAL, to which *start is moved.
 */
extern uint64_t wal_first_start(Wal *wal, uint64_t *start);

/* Are there zeros from the position to the end of its page, or no page? */
extern bool wal_is_blank(Wal *wal, uint64_t position);

/* --- salvagewal.c --- */

/* Reads all messages of the journal, in order.  Data is NULL where one is longer than any of ours. */
extern void wal_read(Wal *wal, void (*take) (const Message *message));

/* Reads the message there once more. */
extern void wal_read_again(Wal *wal, uint64_t position, void (*take) (const Message *message));

/* --- salvagemessage.c --- */

/* What could not be read as records, and what is doubtful. */
typedef struct Left
{
	uint64_t	messages;		/* that were read */
	uint64_t	again;			/* that are there once more, as they say themselves */
	uint64_t	disordered;		/* whose number does not follow that of the one before of the session */
	uint64_t	unknown;		/* of a later version, or malformed */
} Left;

extern Left left;

/*
 * Calls take for each record of a message, unless the same message was there before, and this
 * one says so.  Nothing else that a message says makes another one count less: it may be false.
 * False: nothing was taken, because a short message has very many long records.  So that they
 * cannot fill a disk before all others are read, it must be read again as one of the last.
 */
extern bool message_read(const Message *message, bool is_last, void (*take) (const Salvaged *record));

#endif							/* CG_SALVAGE_H */
