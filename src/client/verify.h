/*
 * verify.h
 *		contact-guard verify: what its two files share.
 */
#ifndef CG_VERIFY_H
#define CG_VERIFY_H

#include "client.h"

/* Whole tiles, fetched at a time. */
#define CHUNK_TILES 256
#define CHUNK_ROWS (CHUNK_TILES * CG_TILE_WIDTH)

typedef struct Range
{
	int64_t		first;
	int64_t		last;
	int64_t		owner;			/* seq of the purge record that names it */
} Range;

typedef struct Ranges
{
	Range	   *ranges;
	int			count;
	int			room;
} Ranges;

typedef struct Verify
{
	PGconn	   *conn;			/* for the tree */
	PGconn	   *stream;			/* for the rows */
	CgCheckpoint checkpoint;
	Tiles	   *tiles;
	Ranges		missing;
	Ranges		purged;
	Ranges		erasures;		/* of each record of one: 1 to the number of rows that it speaks of */
	int64_t		rows;			/* that were checked */
	int64_t		erased;			/* of these, without some personal values */
	int64_t		erased_groups;	/* customers and actors that are not there */
	int64_t		later;			/* of these, with an event that a later version has */
	int64_t		first_later;	/* seq */
	int64_t		later_versions; /* of these, whose leaf is of an unknown version */
	int64_t		first_later_version;	/* seq */
	int			newest_version; /* of these leaves */
	int64_t		findings;
	int64_t		first_bad;		/* seq; -1: none */
	char		first_what[200];
	/* A chunk: what came of each row, and its hash. */
	uint64_t	begin;
	uint8_t		state[CHUNK_ROWS];
	uint8_t		hashes[CHUNK_ROWS * CG_HASH_LENGTH];
} Verify;

/*
 * Compares rows first to last with the tree.  Not judged, only purge records that
 * are good are taken from them.
 */
extern void scan_rows(Verify *verify, int64_t first, int64_t last, bool judge);

/* seq -1: not about a row. */
extern void find(Verify *verify, int64_t seq, const char *format,...)
			__attribute__((format(printf, 3, 4)));

/* The first missing row that no purge record names; -1: there is none. */
extern int64_t find_unexplained(const Verify *verify);

/* How many erased values no erasure record speaks of; 0 or less: none. */
extern int64_t count_unexplained(const Verify *verify);

#endif							/* CG_VERIFY_H */
