/*
 * record.h
 *		The format of the journal: what readers write and the recorder reads.
 *
 * All integers are big-endian.  A string is its length (uint32) and its bytes
 * in the database's encoding; length 0xFFFFFFFF is NULL.
 *
 *	message	= uint8 version (2), uint8 flags, uint32 epoch,
 *			  int64 backend start (TimestampTz), uint32 backend pid,
 *			  uint64 counter (from 1, without holes for a backend and epoch),
 *			  uint64 position (of WAL, when it was sealed; not in version 1),
 *			  32 bytes MAC, item*
 *			  A later version changes the items, and nothing in front of them: so a
 *			  library that is older than the one that wrote a message (the server was
 *			  restarted with another one) can tell that it is authentic, and keeps its
 *			  bytes in contact_guard.journal_passed, with a record of event "gap".
 *	item	= uint8 kind, body
 *	'C'		= string actor, login, client, application;
 *			  int64 statement, query_id (0: none)
 *			  what the records behind it have in common
 *	'R'		= uint8 event, int64 read_at, string relation, uint16 n, n strings
 *			  columns, string customer, int64 count, string intervention,
 *			  int64 closed_at (INT64_MIN: none), string purpose, reason
 *	'Q'		= int64 query_id, string text
 *
 * MAC = HMAC-SHA-256, under the journal's key, over "contact_guard journal" and
 * a zero byte, uint64 system identifier, uint32 database OID, the message up to
 * the MAC, and the items.
 *
 * This file and record.c know nothing of shared memory, WAL or catalogs; memory
 * comes from StringInfo.
 */
#ifndef CG_RECORD_H
#define CG_RECORD_H

#include "lib/stringinfo.h"

#include "common/event.h"

#define CG_RECORD_VERSION 2
#define CG_RECORD_RELAXED 0x01	/* flag: durability was relaxed */
#define CG_MAC_LENGTH 32
#define CG_KEY_LENGTH 32
#define CG_NO_TIME PG_INT64_MIN

/*
 * Bytes of a customer's key in a record.  A longer one would not fit into an
 * index of the log, and would stop the recorder: it becomes its beginning, "...",
 * and its SHA-256 in hexadecimal.
 */
#define CG_CUSTOMER_LENGTH 512

/*
 * Bytes of what else is put into a record; what is longer is cut, between two
 * characters.  Names and keys must fit into an index of the log.
 */
#define CG_NAME_LENGTH 512
#define CG_TEXT_LENGTH 8000
#define CG_QUERY_LENGTH (16 * 1024)

/* Columns that a record names, at most. */
#define CG_COLUMNS_MAX 64

/* Bytes of a message, at most; the recorder passes over what is much larger. */
#define CG_RECORD_LONGEST (1024 * 1024)

/*
 * A message that lies further in WAL from the position that it was sealed at is a
 * repetition: so the recorder need not remember each session for ever.
 */
#define CG_RECORD_REACH (64 * 1024 * 1024)

/* The WAL message's prefix. */
#define CG_RECORD_PREFIX "contact_guard"

typedef struct CgMessageHeader
{
	int			version;		/* set by cg_record_open */
	uint8		flags;
	uint32		epoch;
	int64		backend_start;
	uint32		backend_pid;
	uint64		counter;
	uint64		position;		/* 0: of version 1, which has none */
} CgMessageHeader;

typedef struct CgRecordContext
{
	const char *actor;
	const char *login;
	const char *client;
	const char *application;
	int64		statement;
	int64		query_id;
} CgRecordContext;

typedef struct CgRecord
{
	CgEvent		event;
	int64		read_at;
	const char *relation;
	int			ncolumns;
	const char **columns;
	const char *customer;
	int64		count;
	const char *intervention;
	int64		closed_at;
	const char *purpose;
	const char *reason;
} CgRecord;

/* One item as read; strings are palloc'd. */
typedef struct CgItem
{
	char		kind;
	CgRecordContext context;	/* 'C' */
	CgRecord	record;			/* 'R' */
	int64		query_id;		/* 'Q' */
	const char *query;
} CgItem;

typedef struct CgReader
{
	const char *data;
	size_t		length;
	size_t		at;
	bool		bad;			/* the message ended early or had no sense */
} CgReader;

/* The key as records have it: itself, or shortened and palloc'd. */
extern const char *cg_record_customer(const char *key);

extern void cg_record_put_context(StringInfo out, const CgRecordContext *context);
extern void cg_record_put(StringInfo out, const CgRecord *record);
extern void cg_record_put_query(StringInfo out, int64 query_id, const char *query);

/* Appends a whole message; key has CG_KEY_LENGTH bytes.  False: libcrypto failed. */
extern bool cg_record_seal(StringInfo out, const CgMessageHeader *header, const char *items,
						   size_t length, uint64 system_identifier, uint32 database,
						   const uint8 *key);

/*
 * Takes a message apart.  False if it is too short, of no version, or its MAC is not
 * ours; then nothing of it can be believed.  items gets what cg_record_next reads,
 * unless header->version is later than CG_RECORD_VERSION.
 */
extern bool cg_record_open(const char *message, size_t length, CgMessageHeader *header,
						   CgReader *items, uint64 system_identifier, uint32 database,
						   const uint8 *key);

/*
 * How many bytes of items, at most limit, can be a message of their own: whole
 * items.  *context and *context_length: the last 'C' among them, which the rest
 * must begin with.
 */
extern size_t cg_record_cut(const char *items, size_t length, size_t limit,
							size_t *context, size_t *context_length);

/* The next item; false at the end, and with reader->bad set if it is malformed. */
extern bool cg_record_next(CgReader *reader, CgItem *item);

#endif							/* CG_RECORD_H */
