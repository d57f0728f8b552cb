/*
 * leaf.h
 *		A row of the access log as a leaf of the tree.
 *
 * All integers are big-endian.
 *
 *	leaf	= "contact_guard/leaf/v1\n", uint8 event, uint16 schema version,
 *			  uint16 number of fields, field*
 *	field	= uint16 number (ascending), uint8 kind, body
 *	kind	: 0 NULL, no body; 1 value and 2 commitment: uint32 length, bytes
 *
 * The schema version says which fields a leaf has.  The column leaf_version of the log keeps
 * it, so that each row can always be verified under its own version.  Version 1 has 1 to 15;
 * version 2 has 1 to 10, 16 to 19 and 26:
 *
 *	 1 seq			int8		 9 closed_at	int8, as read_at
 *	 2 read_at		int8: microseconds since 1970-01-01 UTC
 *	 3 customer		commitment	10 purpose		text
 *	 4 actor		commitment	11 reason		text
 *	 5 relation		text		12 session		text
 *	 6 columns		below		13 statement	int8
 *	 7 count		int8		14 query_id		int8
 *	 8 intervention	text		15 query		SHA-256 of its text, 32 bytes
 *	16 opens_at, 17 closes_at, 18 previous_opens_at, 19 previous_closes_at: as read_at
 *	26 execution	commitment
 *
 *	time		= infinity, and a time behind the greatest int8, is the greatest int8; -infinity
 *				  is the smallest
 *	columns		= the names, each uint32 length and bytes
 *	commitment	= SHA-256("contact_guard/commit/v1\n" || uint16 group ||
 *				  salt (32 bytes) || field*)
 *	group 3		= field 3 customer
 *	group 4		= fields 20 actor, 21 login, 22 client, 23 application, and in version 2
 *				  24 identity, 25 technician
 *	group 26	= in version 2: fields 11 reason, 12 session, 13 statement, 14 query_id, 15 query,
 *				  which lead to the reader; who proves a read need not show them
 *
 * Text is UTF-8 as it is stored, not normalised.  To erase a group, its values and its salt
 * are removed, and the commitment is kept: with it the leaf is the same.  A group without
 * values, salt and commitment is NULL (kind 0).
 *
 * docs/evidence.md specifies this for other implementations, and says how a version is
 * added.  A number is never used for another field, and a version never changes.
 *
 * Pure: no PostgreSQL, no input or output.
 */
#ifndef CG_LEAF_H
#define CG_LEAF_H

#include "common/bytes.h"
#include "common/event.h"
#include "common/merkle.h"

#define CG_LEAF_HEADER "contact_guard/leaf/v1\n"
#define CG_LEAF_FIRST_VERSION 1	/* the version of rows that do not name one */
#define CG_LEAF_LENGTH 65535	/* the longest leaf in an entry bundle of tlog-tiles */
#define CG_SALT_LENGTH 32

#define CG_LEAF_CUSTOMER 3		/* the groups */
#define CG_LEAF_ACTOR 4
#define CG_LEAF_EXECUTION 26	/* not in version 1; it is never erased */

typedef enum CgLeafKind
{
	CG_LEAF_NULL = 0,
	CG_LEAF_VALUE,
	CG_LEAF_COMMITMENT
} CgLeafKind;

typedef enum CgLeafResult
{
	CG_LEAF_OK = 0,
	CG_LEAF_CRYPTO,				/* libcrypto failed */
	CG_LEAF_MEMORY,				/* out failed: no memory, or a fixed buffer is full */
	CG_LEAF_TOO_LONG,			/* longer than CG_LEAF_LENGTH */
	CG_LEAF_BAD_EVENT,			/* not one of CgEvent */
	CG_LEAF_BAD_VERSION,		/* a version that is not known here */
	CG_LEAF_NO_SALT,			/* a group has values but no salt */
	CG_LEAF_NOT_SEALED,			/* a value that leaves of the row's version do not have */
	CG_LEAF_BAD_COMMITMENT,		/* the given commitment is not that of the values */
	CG_LEAF_FORMAT				/* the bytes are not a leaf */
} CgLeafResult;

/*
 * The newest version that is known here; and the number of fields of a version, 0 if it is
 * not known.
 */
extern int	cg_leaf_newest_version(void);
extern int	cg_leaf_fields(int version);

/* A message for people, in lower case, without a period. */
extern const char *cg_leaf_message(CgLeafResult result);

/* A text; if data is NULL it is NULL.  No zero byte ends it. */
typedef struct CgLeafText
{
	const char *data;
	size_t		length;
} CgLeafText;

/*
 * A row.  A pointer NULL means that the value is NULL.  A struct of zero bytes is a row of
 * NULLs, which needs an event and a version to become a leaf.
 */
typedef struct CgLeaf
{
	int			version;
	int			event;			/* CgEvent */
	int64_t		seq;
	int64_t		read_at;		/* microseconds since 1970-01-01 UTC */
	CgLeafText	relation;
	const CgLeafText *columns;	/* ncolumns texts, or NULL */
	int			ncolumns;
	const int64_t *count;
	CgLeafText	intervention;
	const int64_t *closed_at;	/* as read_at; so are all times */
	CgLeafText	purpose;
	CgLeafText	reason;
	CgLeafText	session;
	const int64_t *statement;
	const int64_t *query_id;
	const uint8_t *query_hash;	/* SHA-256 of the query's text, or NULL */
	const int64_t *opens_at;	/* the window; not in version 1, as all below that say 2 */
	const int64_t *closes_at;	/* 2 */
	const int64_t *previous_opens_at;	/* 2 */
	const int64_t *previous_closes_at;	/* 2 */

	/* Group 3.  If it is erased, only the commitment is set. */
	CgLeafText	customer;
	const uint8_t *customer_salt;	/* CG_SALT_LENGTH bytes */
	const uint8_t *customer_commitment; /* CG_HASH_LENGTH bytes */

	/* Group 4 */
	CgLeafText	actor;
	CgLeafText	login;
	CgLeafText	client;
	CgLeafText	application;
	CgLeafText	identity;		/* 2 */
	CgLeafText	technician;		/* 2 */
	const uint8_t *actor_salt;
	const uint8_t *actor_commitment;

	/* Group 26: reason, session, statement, query_id, query_hash */
	const uint8_t *execution_salt;
} CgLeaf;

/*
 * Appends the row's leaf, in the row's version.  If a group has a salt, its commitment is
 * computed, and is compared with the given one if there is one.
 */
extern CgLeafResult cg_leaf_encode(CgHasher *hasher, const CgLeaf *leaf, CgBytes *out);

/* The commitment of a group, which an erasure keeps.  Needs the group's salt and a known version. */
extern CgLeafResult cg_leaf_commit(CgHasher *hasher, const CgLeaf *leaf, int group,
								   uint8_t commitment[CG_HASH_LENGTH]);

/* Appends the fields of a group, in the form that its commitment hashes.  Needs a known version. */
extern void cg_leaf_put_group(CgBytes *out, const CgLeaf *leaf, int group);

/* The group's salt, or NULL. */
extern const uint8_t *cg_leaf_salt(const CgLeaf *leaf, int group);

/* Has a known version this group? */
extern bool cg_leaf_has_group(int version, int group);

/* The commitment: the hash of group, salt and such fields. */
extern CgLeafResult cg_leaf_commit_fields(CgHasher *hasher, int group,
										  const uint8_t salt[CG_SALT_LENGTH],
										  const uint8_t *fields, size_t length,
										  uint8_t commitment[CG_HASH_LENGTH]);

/* A field that was read; it points into the leaf */
typedef struct CgLeafField
{
	int			number;
	CgLeafKind	kind;
	const uint8_t *data;
	size_t		length;
} CgLeafField;

typedef struct CgLeafReader
{
	const uint8_t *data;
	size_t		length;
	size_t		at;
	int			version;		/* of the leaf */
	int			last;			/* the number of the field before */
	int			left;			/* how many fields are left; -1: until the end */
} CgLeafReader;

/*
 * Begins to read a leaf.  CG_LEAF_FORMAT: the header is not that of a leaf.
 * CG_LEAF_BAD_VERSION: it is a leaf, and its fields can be read, but their meaning is not
 * known.
 */
extern CgLeafResult cg_leafreader_open(CgLeafReader *reader, const uint8_t *data, size_t length,
								 int *event);

/* Begins to read the fields of a group. */
extern void cg_leafreader_open_fields(CgLeafReader *reader, const uint8_t *data, size_t length);

/* Reads the next field; false at the end.  Then call cg_leafreader_closed. */
extern bool cg_leafreader_next(CgLeafReader *reader, CgLeafField *field);

/* Were all fields well formed, and is nothing left behind them? */
extern bool cg_leafreader_closed(const CgLeafReader *reader);

#endif							/* CG_LEAF_H */
