/*
 * client.h
 *		contact-guard: what its parts share.
 *
 * The program trusts nothing that a server says but what it has recomputed from
 * a signed checkpoint.  It is one process that does one thing: what cannot go on
 * ends it, and memory is given back at the end.
 */
#ifndef CG_CLIENT_H
#define CG_CLIENT_H

#include <stdio.h>
#include <libpq-fe.h>

#include "common/leaf.h"
#include "common/note.h"

#define EXIT_GOOD 0
#define EXIT_TAMPERED 1			/* there is evidence of tampering */
#define EXIT_UNCHECKED 2		/* it could not be checked */

#define MAX_KEYS 16

/* One for all, opened by main. */
extern CgHasher hasher;

/* Says why, on stderr, and ends the program with one of the codes above. */
extern void fail(int code, const char *format,...)
			__attribute__((noreturn, format(printf, 2, 3)));
extern void say(const char *format,...) __attribute__((format(printf, 1, 2)));

/* malloc and realloc that do not fail. */
extern void *allocate(size_t size);
extern void *reallocate(void *memory, size_t size);

/* A number of an option; fails if it is none, or smaller than least. */
extern int64_t parse_number(const char *option, const char *text, int64_t least);

/* The commands: their arguments, with the command's name as the first. */
extern int	run_keygen(int argc, char **argv);
extern int	run_verify(int argc, char **argv);
extern int	run_witness(int argc, char **argv);
extern int	run_proof(int argc, char **argv);
extern int	run_check_proof(int argc, char **argv);
extern int	run_export(int argc, char **argv);

/* --- later.c --- */

/*
 * Appends the leaf of a row whose event is unknown, if it is a leaf with that hash of
 * an event that a later version has; else false, and out has something that is none.
 */
extern bool later_encode(const CgLeaf *leaf, const uint8_t *hash, CgBytes *out);

/*
 * Is a row whose leaf is of an unknown version one whose leaf, as the server gives it,
 * is of that version and has that hash?
 */
extern bool later_is_leaf(PGconn *conn, const CgLeaf *leaf, const uint8_t *hash);

/* Ends the program because of such a row. */
extern void later_fail(const CgLeaf *leaf) __attribute__((noreturn));

/* --- text.c: what somebody else has written --- */

/* Printed, with the bytes of what is not plain but in unescaped. */
extern void text_print(FILE *out, const char *text, size_t length, const char *unescaped);
extern bool text_is_plain(const char *text);

/* --- progress.c: a bar on stderr, if that is a terminal --- */

extern void progress_show(int64_t done, int64_t total);
extern void progress_clear(void);

/* --- files.c --- */

/* The whole file, ended by a zero that length does not count; malloc'd. */
extern char *file_read(const char *path, size_t *length);
extern bool file_exists(const char *path);

/* Writes it aside, makes that durable, and renames it: it is there whole or not. */
extern void file_write(const char *path, const void *data, size_t length);

/* folder "/" name; malloc'd. */
extern char *file_path(const char *folder, const char *name);

/*
 * folder "/tile/KIND/N", or its partial one, as C2SP's tlog-tiles has it; kind: a level, or
 * "entries".  malloc'd.
 */
extern char *file_tile_path(const char *folder, const char *kind, uint64_t n, int width);

/* Writes the file, and the folders that it needs; frees path. */
extern void file_write_below(char *path, const void *data, size_t length);

/* --- keys.c --- */

typedef struct Keys
{
	int			count;
	CgNoteKey	keys[MAX_KEYS];
} Keys;

/* A verification key, or a file of them, one a line. */
extern void keys_add(Keys *keys, const char *key_or_file);
extern void keys_add_text(Keys *keys, const char *text, const char *from);

/*
 * A note taken apart and found to be signed by one of the keys, and its checkpoint
 * of that key's log.  NULL, or what is wrong with it.
 */
extern const char *keys_check(const Keys *keys, const char *data, size_t length, CgNote *note,
							  CgCheckpoint *checkpoint);

/* --- server.c --- */

extern PGconn *server_connect(const char *conninfo);

/* The latest checkpoint as the server has it; malloc'd. */
extern char *server_checkpoint(PGconn *conn);

/* Adds what the server says are its keys, and says that this proves little. */
extern void server_keys(PGconn *conn, Keys *keys);

/* A bytea; NULL if it is NULL.  malloc'd. */
extern uint8_t *server_bytes(PGconn *conn, const char *sql, int64_t first, int64_t second,
							 size_t *length);

/* A bytea[] of hashes: a proof.  Returns how many. */
extern int	server_proof(PGconn *conn, const char *sql, int64_t first, int64_t second,
						 uint8_t proof[CG_PROOF_LENGTH][CG_HASH_LENGTH]);

/* Ends the program if result is not in the expected state. */
extern void server_require(PGconn *conn, PGresult *result, ExecStatusType status);

/* --- binary.c: PostgreSQL's binary values, which may be broken --- */

typedef struct Cursor
{
	const uint8_t *at;
	const uint8_t *end;
	bool		bad;			/* it ended early; what is taken then is 0 */
} Cursor;

/* In line: a row has some hundred of these. */
static inline const uint8_t *
take(Cursor *cursor, size_t length)
{
	const uint8_t *data = cursor->at;

	if (cursor->bad || length > (size_t) (cursor->end - cursor->at))
	{
		cursor->bad = true;
		return NULL;
	}
	cursor->at += length;
	return data;
}

static inline int16_t
take_int16(Cursor *cursor)
{
	const uint8_t *data = take(cursor, 2);

	return data == NULL ? 0 : (int16_t) cg_bytes_get_uint16(data);
}

static inline int32_t
take_int32(Cursor *cursor)
{
	const uint8_t *data = take(cursor, 4);

	return data == NULL ? 0 : (int32_t) cg_bytes_get_uint32(data);
}

static inline int64_t
take_int64(Cursor *cursor)
{
	const uint8_t *data = take(cursor, 8);

	return data == NULL ? 0 : (int64_t) cg_bytes_get_uint64(data);
}

/* Length and bytes; data NULL if it is NULL. */
extern CgLeafText take_value(Cursor *cursor);

/* An array of one dimension; *items is grown as needed.  Returns how many. */
extern int	take_array(Cursor *cursor, CgLeafText **items, int *room);

/* --- rows.c: the log, row by row --- */

typedef struct Rows Rows;

/*
 * Of first <= seq <= last: the server begins at once.  The connection is busy until
 * the end was read.
 */
extern Rows *rows_begin(PGconn *conn, int64_t first, int64_t last);

/* The next row, good until the next call; false at the end, which frees rows. */
extern bool rows_next(Rows *rows, CgLeaf *leaf);

/* --- tiles.c: the stored tree, checked against a checkpoint --- */

typedef struct Tiles Tiles;

/*
 * The tree of that size.  *good: its right edge makes the checkpoint's root.  If it
 * does not, tiles are handed out nevertheless: they name rows that differ.
 */
extern Tiles *tiles_open(PGconn *conn, const CgCheckpoint *checkpoint, bool *good);
extern void tiles_close(Tiles *tiles);

/* Fetches tiles of level 0 beforehand, in one query. */
extern void tiles_prefetch(Tiles *tiles, uint64_t first, uint64_t last);

/*
 * The hashes of a tile, as many as there are at that size; NULL if the server has
 * not got it.  *good: it is the one that the checkpoint's root is made of.
 */
extern const uint8_t *tiles_get(Tiles *tiles, int level, uint64_t n, int *width, bool *good);

/* Are these 256 hashes those that the root is made of, whatever tile is stored? */
extern bool tiles_match(Tiles *tiles, int level, uint64_t n, const uint8_t *hashes);

/* The root at an earlier size.  False: not to be had from good tiles. */
extern bool tiles_root(Tiles *tiles, uint64_t size, uint8_t root[CG_HASH_LENGTH]);

#endif							/* CG_CLIENT_H */
