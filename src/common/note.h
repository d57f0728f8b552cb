/*
 * note.h
 *		Signed notes, checkpoints, cosignatures and proof files, to the byte.
 *
 * https://c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof.
 *
 *	note		= text, which ends in "\n"; "\n"; signature*
 *	signature	= "— " name " " base64(key ID (4 bytes) || bytes) "\n"
 *	key ID		= first 4 bytes of SHA-256(name || "\n" || type || public key)
 *	type 0x01	: bytes = Ed25519 of the text (64)
 *	type 0x04	: bytes = uint64 seconds since 1970, Ed25519 of
 *				  "cosignature/v1\ntime " seconds "\n" text (8 + 64)
 *	verification key = name "+" key ID in hexadecimal "+" base64(type || public key)
 *	secret key	= "PRIVATE+KEY+" name "+" key ID "+" base64(type || seed)
 *	checkpoint	= origin "\n" size "\n" base64(root) "\n", and extension lines
 *	proof file	= "c2sp.org/tlog-proof@v1\n", "extra " base64 "\n" (or not),
 *				  "index " index "\n", base64(hash) "\n" *, "\n", note
 *
 * Pure: no PostgreSQL, no input or output.  Output is appended to a CgBytes, and the caller
 * checks its "failed".
 */
#ifndef CG_NOTE_H
#define CG_NOTE_H

#include "common/bytes.h"
#include "common/merkle.h"

#define CG_NOTE_NAME_LENGTH 255
#define CG_NOTE_SIGNATURES 100	/* the most signatures of a note, as in Go */
#define CG_NOTE_LENGTH 65536	/* bytes; a longer note is not read */

#define CG_KEY_ID_LENGTH 4
#define CG_SEED_LENGTH 32
#define CG_PUBLIC_KEY_LENGTH 32
#define CG_SIGNATURE_LENGTH 64

#define CG_KEY_ED25519 0x01		/* signs the text */
#define CG_KEY_COSIGNATURE 0x04 /* signs the text and the time */

typedef enum CgNoteResult
{
	CG_NOTE_OK = 0,
	CG_NOTE_CRYPTO,				/* libcrypto failed, or no memory */
	CG_NOTE_FORMAT,				/* malformed */
	CG_NOTE_KEY_ID,				/* the key's ID is not that of its name and bytes */
	CG_NOTE_KEY_TYPE,			/* a key of an unknown type */
	CG_NOTE_UNSIGNED,			/* no signature by that key */
	CG_NOTE_FORGED				/* a signature by that key is wrong */
} CgNoteResult;

/* A message for people, in lower case, without a period. */
extern const char *cg_note_message(CgNoteResult result);

/* A key.  With has_seed it can sign; then wipe it with cg_notekey_forget. */
typedef struct CgNoteKey
{
	char		name[CG_NOTE_NAME_LENGTH + 1];
	uint8_t		type;
	uint8_t		id[CG_KEY_ID_LENGTH];
	uint8_t		public_key[CG_PUBLIC_KEY_LENGTH];
	bool		has_seed;
	uint8_t		seed[CG_SEED_LENGTH];
} CgNoteKey;

/* May this be a key's name or a log's origin?  UTF-8 without white space and "+". */
extern bool cg_note_name_ok(const char *name, size_t length);

/*
 * The length in bytes of the first UTF-8 character of a text that is not empty; 0 if it is
 * invalid, or encoded in more bytes than needed.
 */
extern int	cg_note_character(const char *text, size_t length, uint32_t *code);

/* Makes a key from a seed of CG_SEED_LENGTH random bytes.  Only the seed is secret. */
extern CgNoteResult cg_notekey_make(CgNoteKey *key, const char *name, uint8_t type,
									 const uint8_t seed[CG_SEED_LENGTH]);

/* Parses a verification key or a secret key, without a newline. */
extern CgNoteResult cg_notekey_parse(const char *text, size_t length, CgNoteKey *key);
extern CgNoteResult cg_notekey_parse_secret(const char *text, size_t length, CgNoteKey *key);
extern void cg_notekey_put(CgBytes *out, const CgNoteKey *key);
extern void cg_notekey_put_secret(CgBytes *out, const CgNoteKey *key);

extern void cg_notekey_forget(CgNoteKey *key);

/* One signature of a note; the pointers point into the note */
typedef struct CgSignature
{
	const char *line;			/* with its newline */
	size_t		line_length;
	const char *name;
	size_t		name_length;
	const char *base64;
	size_t		base64_length;
	uint8_t		id[CG_KEY_ID_LENGTH];
} CgSignature;

typedef struct CgNote
{
	const char *text;			/* the signed text, with its last newline */
	size_t		text_length;
	int			nsignatures;
	CgSignature signatures[CG_NOTE_SIGNATURES];
} CgNote;

/* Parses a note; note points into data. */
extern CgNoteResult cg_note_parse(const char *data, size_t length, CgNote *note);

/*
 * Appends a note.  Its signature lines may begin with an em dash or with "--".  In the
 * result they begin with "--" if ascii, otherwise with an em dash, which some encodings do
 * not have.
 */
extern void cg_note_put_dashes(CgBytes *out, const char *data, size_t length, bool ascii);

/*
 * CG_NOTE_OK if the key has signed the note, and none of the signatures by this key is
 * wrong.  seconds, unless NULL, gets the latest time of a cosignature (0 for a plain
 * signature).
 */
extern CgNoteResult cg_notekey_verify(const CgNote *note, const CgNoteKey *key, uint64_t *seconds);

/*
 * Appends a signature line for the text, by a key that can sign.  Only keys of type
 * CG_KEY_COSIGNATURE use seconds.  A note is its text, "\n" and such lines.
 */
extern CgNoteResult cg_notekey_put_signature(CgBytes *out, const CgNoteKey *key, const char *text,
										  size_t length, uint64_t seconds);

/* The contents of a checkpoint */
typedef struct CgCheckpoint
{
	char		origin[CG_NOTE_NAME_LENGTH + 1];
	uint64_t	size;
	uint8_t		root[CG_HASH_LENGTH];
	bool		extended;		/* it has lines of an unknown meaning */
} CgCheckpoint;

/* Parses the text of a note as a checkpoint. */
extern CgNoteResult cg_note_parse_checkpoint(const char *text, size_t length,
											 CgCheckpoint *checkpoint);
extern void cg_note_put_checkpoint(CgBytes *out, const CgCheckpoint *checkpoint);

/* A proof file.  It proves that a leaf is in the log to a reader who has only the file. */
typedef struct CgProofFile
{
	const char *extra;			/* base64, not authenticated; NULL: no such line */
	size_t		extra_length;
	uint64_t	index;
	int			count;
	uint8_t		proof[CG_PROOF_LENGTH][CG_HASH_LENGTH];
	const char *note;			/* the signed checkpoint */
	size_t		note_length;
} CgProofFile;

/* Parses a proof file; file points into data.  The note is not parsed. */
extern CgNoteResult cg_note_parse_proof(const char *data, size_t length, CgProofFile *file);
extern void cg_note_put_proof(CgBytes *out, const CgProofFile *file);

#endif							/* CG_NOTE_H */
