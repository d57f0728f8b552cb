/*
 * client.h
 *		Declarations that the parts of contact-guard share.
 *
 * The program trusts nothing that a server says unless it has recomputed it from a signed
 * checkpoint.  It is one process that does one thing.  So an error ends the program, and
 * memory is freed at its end.
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

#define MAX_KEYS 128

/* The one hasher of the program; main opens it. */
extern CgHasher hasher;

/* Prints a message on stderr and ends the program with one of the codes above. */
extern void fail(int code, const char *format,...)
			__attribute__((noreturn, format(printf, 2, 3)));

/*
 * NULL, or what fail() calls first, once, with the message: for commands whose readers look
 * at stdout.  It may end the program in its own way.
 */
extern void (*before_failure) (const char *why);
extern void say(const char *format,...) __attribute__((format(printf, 1, 2)));

/* malloc and realloc; they end the program if there is no memory. */
extern void *allocate(size_t size);
extern void *reallocate(void *memory, size_t size);

/* The number in an option; ends the program if it is not a number, or less than least. */
extern int64_t parse_number(const char *option, const char *text, int64_t least);

/* The sub-commands; the first argument is the sub-command's name. */
extern int	run_keygen(int argc, char **argv);
extern int	run_verify(int argc, char **argv);
extern int	run_witness(int argc, char **argv);
extern int	run_proof(int argc, char **argv);
extern int	run_check_proof(int argc, char **argv);
extern int	run_export(int argc, char **argv);
extern int	run_pages(int argc, char **argv);
extern int	run_push(int argc, char **argv);
extern int	run_fetch_jwks(int argc, char **argv);
extern int	run_question(int argc, char **argv);
extern int	run_metrics(int argc, char **argv);
extern int	run_check(int argc, char **argv);
extern int	run_salvage(int argc, char **argv);
extern int	run_report(int argc, char **argv);

/* --- later.c --- */

/*
 * For a row whose event is unknown: appends the leaf that has this hash, with the number of
 * a later event.  False if no such number makes this hash; then out must not be used.
 */
extern bool later_encode(const CgLeaf *leaf, const uint8_t *hash, CgBytes *out);

/*
 * For a row whose leaf version is unknown: does the server give a leaf of that version
 * with this hash?
 */
extern bool later_is_leaf(PGconn *conn, const CgLeaf *leaf, const uint8_t *hash);

/* Ends the program because of such a row. */
extern void later_fail(const CgLeaf *leaf) __attribute__((noreturn));

/* --- text.c: text of others on the auditor's terminal --- */

/* Prints the text.  Characters that are neither plain nor in "unescaped" appear as bytes. */
extern void text_print(FILE *out, const char *text, size_t length, const char *unescaped);
extern bool text_is_plain(const char *text);

/* The length of the first character; 0 if it does more than show itself, or is a backslash. */
extern size_t text_plain_width(const char *text, size_t length);

/* Prints a time, in seconds since 1970, on stdout. */
extern void text_print_time(int64_t seconds);

/* Prints a message that may have several lines; a margin marks all but the first. */
extern void text_print_lines(FILE *out, const char *text);

/* --- progress.c: a bar on stderr, if that is a terminal --- */

extern void progress_show(int64_t done, int64_t total);
extern void progress_clear(void);

/* --- files.c --- */

/* The whole file, malloc'd; a zero byte, which length does not count, ends it. */
extern char *file_read(const char *path, size_t *length);
extern bool file_exists(const char *path);

/*
 * Writes a new file beside the path, makes it durable, and renames it: so no file is ever
 * partial.  Ends the program if the path is there and is not a file: a link or a device.
 */
extern void file_write(const char *path, const void *data, size_t length);

/* The same for many files, which file_sync_all() then makes durable all at once. */
extern void file_write_later(const char *path, const void *data, size_t length);
extern void file_sync_all(const char *folder);

/* folder "/" name; malloc'd. */
extern char *file_path(const char *folder, const char *name);

/*
 * The path of a full or partial tile, folder "/tile/KIND/N" as in C2SP's tlog-tiles;
 * malloc'd.  kind: a level, or "entries".
 */
extern char *file_tile_path(const char *folder, const char *kind, uint64_t n, int width);

/* Writes the file, and makes the folders that it needs.  Frees path. */
extern void file_write_below(char *path, const void *data, size_t length);

/* --- keys.c --- */

typedef struct Keys
{
	bool		given;			/* by an option */
	int			count;
	CgNoteKey	keys[MAX_KEYS];
} Keys;

/*
 * Adds a verification key, or the keys of a file, which has one in each line.  A key of an
 * unknown type is left out, and that is said.
 */
extern void keys_add(Keys *keys, const char *key_or_file);

/* No key was given.  Ends the program if one was, and there is none of a known type. */
extern bool keys_empty(const Keys *keys);
extern void keys_add_text(Keys *keys, const char *text, const char *from);

/*
 * Parses a note and its checkpoint.  Checks that one of the keys has signed it, and that it
 * is a checkpoint of that key's log.  Returns NULL, or the problem.
 */
extern const char *keys_check(const Keys *keys, const char *data, size_t length, CgNote *note,
							  CgCheckpoint *checkpoint);

/* Is the signature, by its name and number, one of this key?  It may be wrong. */
extern bool keys_has_made(const CgNoteKey *key, const CgSignature *signature);

/* --- epochs.c --- */

/* Is the new origin one that contact_guard.new_epoch() or a failover makes of the old one? */
extern bool epochs_follow(const char *old, const char *new);

/* Are these names of two servers that have each closed the same older name? */
extern bool epochs_part(const char *old, const char *new);

/* --- server.c --- */

/*
 * The options that all commands with a connection have, for getopt_long().  server_option()
 * takes such an option; false: it is another one.  --timeout: so many seconds the program
 * waits for an answer of the server.
 */
#define SERVER_OPTIONS {"timeout", required_argument, NULL, 'T'}
#define USUAL_PATIENCE 120
extern int	server_patience;
extern bool server_option(int option, const char *value);

/* Ends the program if there is no connection, but sets server_database in any case. */
extern PGconn *server_connect(const char *conninfo);

/*
 * The database that the newest connection is for, as libpq has it, whether it is reached or not.
 * NULL: libpq did not understand the connection string.
 */
extern const char *server_database;

/*
 * Runs a query with text parameters; the result is in binary.  Ends the program if the server
 * does not answer in time.  The caller checks the result's state.
 */
extern PGresult *server_execute(PGconn *conn, const char *sql, int nparams, const char *const *values);

/* Runs a command that returns nothing; ends the program if it fails. */
extern void server_command(PGconn *conn, const char *sql);

/* As PQgetResult() and PQgetCopyData(), but they end the program if nothing comes in time. */
extern PGresult *server_result(PGconn *conn);
extern int	server_copy_data(PGconn *conn, char **data);

/* The server's latest checkpoint; malloc'd. */
extern char *server_checkpoint(PGconn *conn);

/*
 * The newest notes of an origin below a size, in one column, the newest first; at most 200.
 * And one of them, malloc'd.
 */
extern PGresult *server_notes(PGconn *conn, const char *origin, int64_t below);
extern char *server_note(const PGresult *notes, int row);

/* Hands a note with cosignatures to the server.  If it does not take them, says so: false. */
extern bool server_add_cosignature(PGconn *conn, const CgBytes *note);

/* Adds the keys that the server names, and prints that this proves little. */
extern void server_keys(PGconn *conn, Keys *keys);

/* The bytea that a query returns, malloc'd; NULL if it is null. */
extern uint8_t *server_bytes(PGconn *conn, const char *sql, int64_t first, int64_t second,
							 size_t *length);

/* The hashes of a proof, which the query returns as bytea[].  Returns their number. */
extern int	server_proof(PGconn *conn, const char *sql, int64_t first, int64_t second,
						 uint8_t proof[CG_PROOF_LENGTH][CG_HASH_LENGTH]);

/*
 * The proofs that rows first to last are in the log of this size, in one column; and one of
 * them, as server_proof() returns it.
 */
extern PGresult *server_inclusion_proofs(PGconn *conn, int64_t first, int64_t last, uint64_t size);
extern int	server_inclusion_proof(const PGresult *proofs, int64_t row,
								   uint8_t proof[CG_PROOF_LENGTH][CG_HASH_LENGTH]);

/* Ends the program if result is not in the expected state. */
extern void server_require(PGconn *conn, PGresult *result, ExecStatusType status);

/* --- binary.c: PostgreSQL's binary values, which may be malformed --- */

typedef struct Cursor
{
	const uint8_t *at;
	const uint8_t *end;
	bool		bad;			/* the value ended early; later reads return 0 */
} Cursor;

/* Reads from these bytes.  A value that is NULL has none, and no address behind it. */
static inline Cursor
cursor_of(const void *data, size_t length)
{
	Cursor		cursor = {data, data, data == NULL && length > 0};

	if (data != NULL)
		cursor.end = cursor.at + length;
	return cursor;
}

/* Inline, because a row has about a hundred of these. */
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

/* Reads a length and so many bytes; data is NULL if the value is NULL. */
extern CgLeafText take_value(Cursor *cursor);

/* Reads a one-dimensional array; enlarges *items as needed.  Returns the number of items. */
/*
 * A time of PostgreSQL as a leaf has it.  INT64_MAX is infinity, and a time that does not fit;
 * INT64_MIN is -infinity.
 */
extern int64_t time_since_1970(int64_t since_2000);

extern int	take_array(Cursor *cursor, CgLeafText **items, int *room);

/* --- rows.c: the log, row by row --- */

typedef struct Rows Rows;

/*
 * Asks for the rows first <= seq <= last; the server begins to send them at once.  The
 * connection is busy until the end was read.
 */
extern Rows *rows_begin(PGconn *conn, int64_t first, int64_t last);

/* Reads the next row, which is valid until the next call.  At the end frees rows: false. */
extern bool rows_next(Rows *rows, CgLeaf *leaf);

/* The text of that row's statement, whose hash the leaf has. */
extern CgLeafText rows_query(const Rows *rows);

/* --- tiles.c: the stored tree, checked against a checkpoint --- */

typedef struct Tiles Tiles;

/*
 * Opens the tree of the checkpoint's size.  *good: its right edge makes the checkpoint's
 * root.  If it does not, tiles can still be read, to find rows that differ.
 */
extern Tiles *tiles_open(PGconn *conn, const CgCheckpoint *checkpoint, bool *good);
extern void tiles_close(Tiles *tiles);

/* Fetches tiles of level 0 in advance, in one query. */
extern void tiles_prefetch(Tiles *tiles, uint64_t first, uint64_t last);

/*
 * The hashes that a tile has at that size; NULL if the server does not have the tile.
 * *good: the checkpoint's root is made of this tile.
 */
extern const uint8_t *tiles_get(Tiles *tiles, int level, uint64_t n, int *width, bool *good);

/* Is the root made of these 256 hashes, whatever tile is stored? */
extern bool tiles_match(Tiles *tiles, int level, uint64_t n, const uint8_t *hashes);

/* Computes the root at an earlier size.  False if a tile that it needs is missing or wrong. */
extern bool tiles_root(Tiles *tiles, uint64_t size, uint8_t root[CG_HASH_LENGTH]);

#endif							/* CG_CLIENT_H */
