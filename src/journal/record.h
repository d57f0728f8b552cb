/*
 * record.h
 *		The format of the journal's messages.
 *
 * All integers are big-endian.  A string is its length (uint32) and its bytes
 * in the database's encoding; length 0xFFFFFFFF is NULL.
 *
 *	message	= uint8 version (4), uint8 flags, uint32 epoch,
 *			  int64 backend start (TimestampTz), uint32 backend pid,
 *			  uint64 counter (from 1, without holes for a backend and epoch),
 *			  uint64 position (of WAL, when it was sealed; not in version 1),
 *			  32 bytes MAC, item*
 *			  A later version changes only the items, and nothing in front of them.  So
 *			  an older library, after a restart with it, can still check the MAC of a
 *			  newer message.  It keeps the bytes of that message in
 *			  contact_guard.journal_passed, with a record of event "gap".
 *	item	= uint8 kind, body
 *	'C'		= string actor, login, client, application, identity (not before version 4);
 *			  int64 statement, query_id (0: none)
 *			  the context that the records behind it share
 *	'R'		= uint8 event, int64 read_at, string relation, uint16 n, n strings
 *			  columns, string customer, int64 count, string intervention,
 *			  int64 closed_at (INT64_MIN: none), string purpose, reason;
 *			  not before version 4: uint8 parts, and of each part that it has: 1 int64
 *			  opens_at, closes_at; 2 the same of the window before; 4 string technician;
 *			  8 uint64 the transaction that it speaks of, if that must commit to make it true
 *	'S'		= uint8 event, string relation, uint16 n, n strings columns,
 *			  string purpose, reason; int64 read_at; uint8 kind, uint32 number,
 *			  uint32 length, and as many bytes: the customers (not before version 3)
 *			  a record of each of these: count 1, without an intervention.  A customer is
 *			  a varint, the microseconds since the customer before (or since read_at), and
 *			  its key: kind 'I' a varint, the difference from the key before (or from 0);
 *			  'U' 16 bytes; 'T' a varint, and as many bytes.  A varint is a number of seven
 *			  bits a byte, the lowest first, with the highest bit set in all bytes but
 *			  the last.  A difference d is the number 2d, or -2d - 1 if it is negative; a
 *			  length is itself.
 *	'Q'		= int64 query_id, string text
 *
 * MAC = HMAC-SHA-256, under the journal's key, over "contact_guard journal" and
 * a zero byte, uint64 system identifier, uint32 database OID, the message up to
 * the MAC, and the items.
 *
 * This file and record.c do not use shared memory, WAL or catalogs.
 */
#ifndef CG_RECORD_H
#define CG_RECORD_H

#include "lib/stringinfo.h"

#include "common/event.h"

#define CG_RECORD_VERSION 4
#define CG_RECORD_RELAXED 0x01	/* flag: durability was relaxed */
#define CG_RECORD_AGAIN 0x02	/* flag: the message was written before, with this counter */
#define CG_MAC_LENGTH 32
#define CG_KEY_LENGTH 32
#define CG_NO_TIME PG_INT64_MIN

/*
 * The longest key of a customer in a record, in bytes.  A longer key might not fit
 * into an index of the log, and would stop the recorder.  It is replaced by its
 * beginning, "...", and its SHA-256 in hexadecimal.
 */
#define CG_CUSTOMER_LENGTH 512

/*
 * The longest names, texts and statements in a record, in bytes.  A longer one is cut
 * between two characters.  Names and keys must fit into an index of the log.
 */
#define CG_NAME_LENGTH 512
#define CG_TEXT_LENGTH 8000
#define CG_QUERY_LENGTH (16 * 1024)

/* The largest number of columns that a record names. */
#define CG_COLUMNS_MAX 64

/* The longest message, in bytes.  The recorder skips messages that are much longer. */
#define CG_RECORD_LONGEST (1024 * 1024)

/*
 * A message names the position of WAL at which it was sealed.  If it begins more than
 * this many bytes after that position, it is a repetition.  So the recorder need not
 * remember each session for ever.
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
	uint64		position;		/* 0 in version 1, which has none */
} CgMessageHeader;

typedef struct CgRecordContext
{
	const char *actor;
	const char *login;
	const char *client;
	const char *application;
	const char *identity;		/* how the actor is known: CgActor */
	int64		statement;
	int64		query_id;
} CgRecordContext;

/* When a window opens and closes; infinity is possible.  Zeros are no window. */
typedef struct CgRecordWindow
{
	bool		known;
	int64		opens_at;
	int64		closes_at;
} CgRecordWindow;

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
	CgRecordWindow window;		/* that showed the value; of a window that moved: as it is now */
	CgRecordWindow previous_window; /* as it was */
	const char *technician;		/* whose window moved; in the journal like an actor */
	uint64		transaction;	/* it is true if this one commits; 0: in any case */
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

/* The rest of an item 'S': see recordset.c. */
typedef struct CgSetReader
{
	uint32		left;			/* customers; 0: none is being read */
	char		kind;
	size_t		end;
	int64		key;			/* the one before */
	CgRecord	like;			/* read_at: of the one before */
} CgSetReader;

typedef struct CgReader
{
	const char *data;
	size_t		length;
	size_t		at;
	bool		bad;			/* the message ended early or was malformed */
	int			version;		/* of the message */
	CgSetReader set;
} CgReader;

/* The key as it stands in records: the argument, or a shortened palloc'd text. */
extern const char *cg_record_customer(const char *key);

extern void cg_record_put_context(StringInfo out, const CgRecordContext *context);
extern void cg_record_put(StringInfo out, const CgRecord *record);
extern void cg_record_put_query(StringInfo out, int64 query_id, const char *query);

/* Appends a whole message.  key has CG_KEY_LENGTH bytes.  False if libcrypto failed. */
extern bool cg_record_seal(StringInfo out, const CgMessageHeader *header, const char *items,
						   size_t length, uint64 system_identifier, uint32 database,
						   const uint8 *key);

/* The epoch that a message names, before its MAC is checked; 0 if it is too short. */
extern uint32 cg_record_epoch(const char *message, size_t length);

/*
 * Checks a message and reads its header.  False if it is too short, has version 0, or
 * has a MAC that is not ours: then nothing in it can be trusted.  items is set for
 * cg_recordread_next, which can read it if header->version is CG_RECORD_VERSION or less.
 */
extern bool cg_record_open(const char *message, size_t length, CgMessageHeader *header,
						   CgReader *items, uint64 system_identifier, uint32 database,
						   const uint8 *key);

/*
 * How many bytes of items fit into one message of at most limit bytes.  Items are not
 * cut, and the first is always taken.  *context and *context_length: the last 'C' among
 * the taken items (length 0: none).  The next message must begin with it.
 */
extern size_t cg_recordread_cut(const char *items, size_t length, size_t limit,
							size_t *context, size_t *context_length);

/* Reads the next item.  False at the end, and with reader->bad set if it is malformed. */
extern bool cg_recordread_next(CgReader *reader, CgItem *item);

#endif							/* CG_RECORD_H */
