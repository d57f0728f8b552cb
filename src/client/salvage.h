/*
 * salvage.h
 *		Records in the WAL of a server that was lost.
 */
#ifndef CG_SALVAGE_H
#define CG_SALVAGE_H

#include <inttypes.h>

#include "client.h"

#define NO_DATABASE 0			/* what the launcher of the server says: no records */
#define UNKNOWN_DATABASE UINT32_MAX /* it could not be read */

/* A message of the journal, as it stands in WAL. */
typedef struct Message
{
	uint64_t	position;		/* of WAL, where it begins */
	uint32_t	database;		/* OID, or one of the two below */
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
} Salvaged;

/* A position of WAL, as PostgreSQL prints it. */
#define POSITION "%" PRIX32 "/%" PRIX32
#define POSITION_ARGS(position) ((uint32_t) ((position) >> 32)), ((uint32_t) (position))

/* --- salvageput.c --- */

/* Prints the names of the columns, and a record as a line of columns or of JSON. */
extern void salvage_put_names(void);
extern void salvage_put(const Salvaged *record, const char *database, bool json);

/* --- salvagewal.c --- */

/* Where the WAL is, and which of it is read. */
typedef struct Wal
{
	char	   *folder;
	char	   *program;		/* pg_waldump */
	uint32_t	timeline;
	uint64_t	from;			/* position */
	uint64_t	segment_bytes;
	uint64_t	page_bytes;
	uint64_t	last;			/* set by wal_read: the last valid record, or the last byte; 0: not known */
	bool		nothing;		/* set by wal_read: no valid record was there */
	char		why[512];		/* set by wal_read: what pg_waldump said of the end */
} Wal;

/*
 * Runs a program with these arguments, and returns the end of a pipe from which its output is
 * read, and in *child its process; errors is where its stderr goes.
 */
extern FILE *wal_run(char *const *arguments, int errors, int *child);

/* Reads all messages of the journal, in order.  Ends the program if pg_waldump cannot run. */
extern void wal_read(Wal *wal, void (*take) (const Message *message));

/* --- salvagemessage.c --- */

/* What could not be read as records. */
typedef struct Left
{
	uint64_t	messages;		/* that were read */
	uint64_t	again;			/* that are there twice */
	uint64_t	missing;		/* before a message of the same session */
	uint64_t	unknown;		/* of a later version, or malformed */
} Left;

extern Left left;

/* Calls take for each record of a message, unless the message was there before. */
extern void message_read(const Message *message, void (*take) (const Salvaged *record));

#endif							/* CG_SALVAGE_H */
