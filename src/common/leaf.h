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
 * The schema version says which fields a leaf has; the column leaf_version of the
 * log keeps it, so that each row verifies for good under its own.  Version 1 has
 *
 *	 1 seq			int8		 9 closed_at	int8, as read_at
 *	 2 read_at		int8: microseconds since 1970-01-01 UTC
 *	 3 customer		commitment	10 purpose		text
 *	 4 actor		commitment	11 reason		text
 *	 5 relation		text		12 session		text
 *	 6 columns		below		13 statement	int8
 *	 7 count		int8		14 query_id		int8
 *	 8 intervention	text		15 query		SHA-256 of its text, 32 bytes
 *
 *	columns		= the names, each uint32 length and bytes
 *	commitment	= SHA-256("contact_guard/commit/v1\n" || uint16 group ||
 *				  salt (32 bytes) || field*)
 *	group 3		= field 3 customer
 *	group 4		= fields 20 actor, 21 login, 22 client, 23 application
 *
 * Text is UTF-8 as it is stored, not normalised.  A group is erased by forgetting
 * its values and its salt: the commitment that is kept still makes the same leaf.
 * A group without values, salt and commitment is NULL (kind 0).
 *
 * docs/evidence.md specifies it for strangers, and says how a version is added.  A
 * number is never used for something else, and a version never changes.
 *
 * Pure: no PostgreSQL, no input or output.
 */
#ifndef CG_LEAF_H
#define CG_LEAF_H

#include "common/bytes.h"
#include "common/event.h"
#include "common/merkle.h"

#define CG_LEAF_HEADER "contact_guard/leaf/v1\n"
#define CG_LEAF_FIRST_VERSION 1	/* of rows that do not say which */
#define CG_LEAF_LENGTH 65535	/* at most: the entry bundles of tlog-tiles */
#define CG_SALT_LENGTH 32

#define CG_LEAF_CUSTOMER 3		/* the groups */
#define CG_LEAF_ACTOR 4

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
	CG_LEAF_MEMORY,				/* out failed: no memory, or the caller's room */
	CG_LEAF_TOO_LONG,			/* over CG_LEAF_LENGTH */
	CG_LEAF_BAD_EVENT,			/* not one of CgEvent */
	CG_LEAF_BAD_VERSION,		/* a version that is not known here */
	CG_LEAF_NO_SALT,			/* a group has values, and no salt */
	CG_LEAF_BAD_COMMITMENT,		/* both are given, and they do not agree */
	CG_LEAF_FORMAT				/* what is read is not a leaf */
} CgLeafResult;

/*
 * The newest version that is known here, and the number of fields of one: 0 if it is
 * not known.
 */
extern int	cg_leaf_newest_version(void);
extern int	cg_leaf_fields(int version);

/* For people: lower case, no period. */
extern const char *cg_leaf_message(CgLeafResult result);

/* Text; data NULL is NULL.  Not terminated by a zero. */
typedef struct CgLeafText
{
	const char *data;
	size_t		length;
} CgLeafText;

/*
 * A row.  Pointers that may be NULL stand for NULL; zero bytes are a row of NULLs,
 * which needs an event and a version to be a leaf.
 */
typedef struct CgLeaf
{
	int			version;
	int			event;			/* CgEvent */
	int64_t		seq;
	int64_t		read_at;		/* microseconds since 1970-01-01 UTC */
	CgLeafText	relation;
	const CgLeafText *columns;	/* NULL, or ncolumns of them */
	int			ncolumns;
	const int64_t *count;
	CgLeafText	intervention;
	const int64_t *closed_at;	/* as read_at */
	CgLeafText	purpose;
	CgLeafText	reason;
	CgLeafText	session;
	const int64_t *statement;
	const int64_t *query_id;
	const uint8_t *query_hash;	/* SHA-256 of the query's text, or NULL */

	/* Group 3.  Erased: the commitment without value and salt. */
	CgLeafText	customer;
	const uint8_t *customer_salt;	/* CG_SALT_LENGTH bytes */
	const uint8_t *customer_commitment; /* CG_HASH_LENGTH bytes */

	/* Group 4 */
	CgLeafText	actor;
	CgLeafText	login;
	CgLeafText	client;
	CgLeafText	application;
	const uint8_t *actor_salt;
	const uint8_t *actor_commitment;
} CgLeaf;

/*
 * Appends the leaf of the version that the row has.  A group's commitment is computed where there is a salt, and
 * compared with the one that is given, if any.
 */
extern CgLeafResult cg_leaf_encode(CgHasher *hasher, const CgLeaf *leaf, CgBytes *out);

/* What an erasure keeps, of CG_LEAF_CUSTOMER or CG_LEAF_ACTOR.  Needs the salt. */
extern CgLeafResult cg_leaf_commit(CgHasher *hasher, const CgLeaf *leaf, int group,
								   uint8_t commitment[CG_HASH_LENGTH]);

/* The fields of a group, as they stand in what its commitment is the hash of. */
extern void cg_leaf_put_group(CgBytes *out, const CgLeaf *leaf, int group);

/* The hash of group, salt and such fields. */
extern CgLeafResult cg_leaf_commit_fields(CgHasher *hasher, int group,
										  const uint8_t salt[CG_SALT_LENGTH],
										  const uint8_t *fields, size_t length,
										  uint8_t commitment[CG_HASH_LENGTH]);

/* One field as read: a pointer into the leaf. */
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
	int			version;		/* of a leaf */
	int			last;			/* number of the field before */
	int			left;			/* fields; -1: until the end */
} CgLeafReader;

/*
 * Of a leaf.  CG_LEAF_FORMAT: the header is of something else.  CG_LEAF_BAD_VERSION:
 * it is a leaf's, and fields can be read, but what they mean is not known.
 */
extern CgLeafResult cg_leaf_open(CgLeafReader *reader, const uint8_t *data, size_t length,
								 int *event);

/* Of the fields of a group. */
extern void cg_leaf_open_fields(CgLeafReader *reader, const uint8_t *data, size_t length);

/* The next field; false at the end.  It was read well if cg_leaf_closed then. */
extern bool cg_leaf_next(CgLeafReader *reader, CgLeafField *field);

/* Have all fields been read, and nothing is left over? */
extern bool cg_leaf_closed(const CgLeafReader *reader);

#endif							/* CG_LEAF_H */
