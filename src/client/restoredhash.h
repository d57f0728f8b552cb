/*
 * restoredhash.h
 *		The hash of contact_guard.restored_log, computed from its rows: what the SQL of
 *		src/common/restored.h computes in a database of encoding UTF8 or SQL_ASCII.
 */
#ifndef CG_RESTOREDHASH_H
#define CG_RESTOREDHASH_H

#include "client.h"

typedef struct RestoredRow
{
	CgLeafText	origin;
	CgLeaf		leaf;			/* without salts, commitments and the session's origin */
	CgLeafText	event;
	CgLeafText	secrets[5];		/* salts and commitments of customer and actor, and the execution's salt, as stored */
	int64_t		integers[8];	/* the leaf's pointers point here */
} RestoredRow;

typedef struct RestoredHash
{
	uint8_t    *hashes;			/* of the rows, in order */
	int64_t		count;
	int64_t		room;
	CgBytes		origin;			/* of the row before, and its seq */
	int64_t		seq;
	int64_t		run;			/* the first of the rows that have these */
} RestoredHash;

/* Adds a row.  Rows come in the order of their origins (by bytes) and seqs. */
extern void restored_add(RestoredHash *hash, const RestoredRow *row);

/* The hash of all rows; frees what hash has. */
extern void restored_end(RestoredHash *hash, uint8_t result[CG_HASH_LENGTH]);

#endif							/* CG_RESTOREDHASH_H */
