/*
 * drivernote.c
 *		Vectors against notes, keys, checkpoints and proof files.
 */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

static bool
same(const CgBytes *bytes, const char *text)
{
	return !bytes->failed && bytes->length == strlen(text) &&
		memcmp(bytes->data, text, bytes->length) == 0;
}

static CgNoteResult
verify_text(const char *text, size_t length, const CgNoteKey *key)
{
	CgNote		note;
	CgNoteResult result = cg_note_parse(text, length, &note);

	return result == CG_NOTE_OK ? cg_notekey_verify(&note, key, NULL) : result;
}

/* No byte of the note may change, be lost or doubled, but in signatures of others. */
static void
spoil_note(const Line *line, const CgNoteKey *key, const char *text)
{
	size_t		length = strlen(text);
	char	   *bad = malloc(length + 2);
	const char *signatures = strstr(text, "\n\n") + 2;
	bool		alone = strchr(signatures, '\n') == text + length - 1;

	for (size_t i = 0; i < length; i++)
	{
		if (!alone && text + i >= signatures)
			break;
		memcpy(bad, text, length);
		bad[i] ^= 1;
		check(line, verify_text(bad, length, key) != CG_NOTE_OK, "a changed note verifies");
		memmove(bad + i, text + i + 1, length - i - 1);
		check(line, verify_text(bad, length - 1, key) != CG_NOTE_OK, "a shorter note verifies");
		memcpy(bad, text, i + 1);
		memcpy(bad + i + 1, text + i, length - i);
		check(line, verify_text(bad, length + 1, key) != CG_NOTE_OK, "a longer note verifies");
	}
	free(bad);
}

static void
run_verify(const Line *line, bool good)
{
	const char *text = line->words[2];
	CgNoteKey	key;
	CgBytes		out = {0};

	check(line, cg_notekey_parse(line->words[1], strlen(line->words[1]), &key) == CG_NOTE_OK, "the key");
	cg_notekey_put(&out, &key);
	check(line, same(&out, line->words[1]), "the key is written in another way");
	if (good)
	{
		check(line, verify_text(text, strlen(text), &key) == CG_NOTE_OK, "it does not verify");
		spoil_note(line, &key, text);
	}
	else
		check(line, verify_text(text, strlen(text), &key) == CG_NOTE_FORGED, "it is not found forged");
	key.id[0] ^= 1;
	check(line, verify_text(text, strlen(text), &key) == CG_NOTE_UNSIGNED, "signed by nobody");
	cg_bytes_free(&out);
}

static void
run_checkpoint(const Line *line)
{
	const char *text = line->words[4];
	CgCheckpoint checkpoint;
	CgBytes		out = {0};

	check(line, cg_note_parse_checkpoint(text, strlen(text), &checkpoint) == CG_NOTE_OK, "the text");
	check(line, strcmp(checkpoint.origin, line->words[1]) == 0 &&
		  checkpoint.size == strtoull(line->words[2], NULL, 10) && !checkpoint.extended, "what it says");
	cg_note_put_checkpoint(&out, &checkpoint);
	check(line, same(&out, text), "it is written in another way");
	for (size_t length = 0; length < strlen(text); length++)
		check(line, cg_note_parse_checkpoint(text, length, &checkpoint) == CG_NOTE_FORMAT, "a part of it");
	cg_bytes_free(&out);
}

static void
run_key(const Line *line)
{
	uint8_t		seed[CG_SEED_LENGTH];
	CgNoteKey	key;
	CgNoteKey	again;
	CgBytes		out = {0};

	from_hex(line->words[3], seed);
	check(line, cg_notekey_make(&key, line->words[1], (uint8_t) atoi(line->words[2]), seed) == CG_NOTE_OK,
		  "making it");
	cg_notekey_put(&out, &key);
	check(line, same(&out, line->words[4]), "another verification key");
	cg_bytes_reset(&out);
	cg_notekey_put_secret(&out, &key);
	check(line, strcmp(line->words[5], "-") == 0 || same(&out, line->words[5]), "another secret key");
	check(line, cg_notekey_parse_secret((char *) out.data, out.length, &again) == CG_NOTE_OK &&
		  memcmp(&again, &key, sizeof(key)) == 0, "it is read in another way");
	for (size_t i = 0; i < out.length; i++)
	{
		out.data[i] ^= 1;
		check(line, cg_notekey_parse_secret((char *) out.data, out.length, &again) != CG_NOTE_OK,
			  "a changed key is read");
		out.data[i] ^= 1;
	}
	cg_bytes_free(&out);
}

static void
run_sign(const Line *line, bool cosign)
{
	const char *text = line->words[line->nwords - 2];
	uint8_t		seed[CG_SEED_LENGTH];
	CgNoteKey	key;
	CgBytes		out = {0};

	if (cosign)
	{
		from_hex(line->words[2], seed);
		check(line, cg_notekey_make(&key, line->words[1], CG_KEY_COSIGNATURE, seed) == CG_NOTE_OK, "the key");
	}
	else
		check(line, cg_notekey_parse_secret(line->words[1], strlen(line->words[1]), &key) == CG_NOTE_OK,
			  "the key");
	check(line, cg_notekey_put_signature(&out, &key, text, strlen(text),
									  cosign ? strtoull(line->words[3], NULL, 10) : 0) == CG_NOTE_OK, "signing");
	check(line, same(&out, line->words[line->nwords - 1]), "another signature");
	cg_bytes_free(&out);
}

static void
run_proof(const Line *line)
{
	const char *text = line->words[4];
	CgProofFile file;
	CgCheckpoint checkpoint;
	CgNoteKey	key;
	CgNote		note;
	uint8_t		leaf[CG_HASH_LENGTH];
	CgBytes		out = {0};

	from_hex(line->words[3], leaf);
	check(line, cg_note_parse_proof(text, strlen(text), &file) == CG_NOTE_OK &&
		  file.index == strtoull(line->words[1], NULL, 10), "the file");
	check(line, cg_note_parse(file.note, file.note_length, &note) == CG_NOTE_OK &&
		  cg_notekey_parse(line->words[2], strlen(line->words[2]), &key) == CG_NOTE_OK &&
		  cg_notekey_verify(&note, &key, NULL) == CG_NOTE_OK &&
		  cg_note_parse_checkpoint(note.text, note.text_length, &checkpoint) == CG_NOTE_OK, "its checkpoint");
	check(line, cg_merkleverify_inclusion(&hasher, file.index, checkpoint.size, leaf,
										   (const uint8_t (*)[CG_HASH_LENGTH]) file.proof, file.count,
										   checkpoint.root) == CG_MERKLE_OK, "its proof");
	cg_note_put_proof(&out, &file);
	check(line, same(&out, text), "it is written in another way");
	file.extra = "ZXh0cmE=";
	file.extra_length = 8;
	cg_bytes_reset(&out);
	cg_note_put_proof(&out, &file);
	check(line, cg_note_parse_proof((char *) out.data, out.length, &file) == CG_NOTE_OK &&
		  file.extra_length == 8 && memcmp(file.extra, "ZXh0cmE=", 8) == 0, "with an extra line");
	cg_bytes_free(&out);
}

/* A line of one word that must be refused. */
static void
run_bad(const Line *line, const char *what)
{
	const char *text = line->words[1];
	size_t		length = strlen(text);
	CgNote		note;
	CgNoteKey	key;
	CgProofFile file;
	CgCheckpoint checkpoint;

	if (strcmp(what, "note") == 0)
		check(line, cg_note_parse(text, length, &note) == CG_NOTE_FORMAT, "it is read");
	else if (strcmp(what, "key") == 0)
		check(line, cg_notekey_parse(text, length, &key) != CG_NOTE_OK, "it is read");
	else if (strcmp(what, "proof") == 0)
		check(line, cg_note_parse_proof(text, length, &file) == CG_NOTE_FORMAT, "it is read");
	else if (strcmp(what, "checkpoint") == 0)
		check(line, cg_note_parse_checkpoint(text, length, &checkpoint) == CG_NOTE_FORMAT, "it is read");
	else
		check(line, false, "unknown word");
}

void
run_note(const Line *line)
{
	const char *word = line->words[0];

	if (strcmp(word, "verify") == 0)
		run_verify(line, true);
	else if (strcmp(word, "forged") == 0)
		run_verify(line, false);
	else if (strcmp(word, "checkpoint") == 0)
		run_checkpoint(line);
	else if (strcmp(word, "key") == 0)
		run_key(line);
	else if (strcmp(word, "sign") == 0)
		run_sign(line, false);
	else if (strcmp(word, "cosign") == 0)
		run_sign(line, true);
	else if (strcmp(word, "proof") == 0)
		run_proof(line);
	else if (strncmp(word, "bad-", 4) == 0)
		run_bad(line, word + 4);
	else
		check(line, false, "unknown word");
}
