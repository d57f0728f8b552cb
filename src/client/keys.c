/*
 * keys.c
 *		Makes and reads keys, and checks notes with them.
 */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/rand.h>

static void write_secret(const char *path, const CgNoteKey *key);
static void print_key(const CgNoteKey *key);
static void add_listed_key(Keys *keys, const char *text, size_t length, const char *from);

int
run_keygen(int argc, char **argv)
{
	static const struct option options[] = {
		{"origin", required_argument, NULL, 'n'}, {"out", required_argument, NULL, 'o'},
		{"witness", no_argument, NULL, 'w'}, {0}
	};
	const char *origin = NULL;
	const char *out = NULL;
	uint8_t		type = CG_KEY_ED25519;
	uint8_t		seed[CG_SEED_LENGTH];
	CgNoteKey	key;
	CgNoteResult result;
	int			c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
	{
		if (c == 'n')
			origin = optarg;
		else if (c == 'o')
			out = optarg;
		else if (c == 'w')
			type = CG_KEY_COSIGNATURE;
		else
			return EXIT_UNCHECKED;
	}
	if (origin == NULL || out == NULL || optind < argc)
		fail(EXIT_UNCHECKED, "keygen needs --origin NAME and --out FILE");
	if (!cg_note_name_ok(origin, strlen(origin)))
		fail(EXIT_UNCHECKED, "a name is 1 to %d bytes without blanks and \"+\": \"%s\"",
			 CG_NOTE_NAME_LENGTH, origin);
	if (RAND_priv_bytes(seed, sizeof(seed)) != 1)
		fail(EXIT_UNCHECKED, "libcrypto has no random bytes");
	result = cg_notekey_make(&key, origin, type, seed);
	if (result != CG_NOTE_OK)
		fail(EXIT_UNCHECKED, "could not make a key: %s", cg_note_message(result));
	write_secret(out, &key);
	print_key(&key);
	cg_notekey_forget(&key);
	memset(seed, 0, sizeof(seed));
	return EXIT_GOOD;
}

/* Only the owner can read the file.  An existing file is not replaced: its key would be lost. */
static void
write_secret(const char *path, const CgNoteKey *key)
{
	uint8_t		room[2 * CG_NOTE_NAME_LENGTH];
	CgBytes		text;
	int			fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);

	if (fd < 0)
		fail(EXIT_UNCHECKED, "could not create \"%s\": %s", path, strerror(errno));
	cg_bytes_init_fixed(&text, room, sizeof(room));
	cg_notekey_put_secret(&text, key);
	cg_bytes_put_text(&text, "\n");
	if (text.failed || fchmod(fd, 0600) != 0 ||
		write(fd, text.data, text.length) != (ssize_t) text.length || fsync(fd) != 0 ||
		close(fd) != 0)
		fail(EXIT_UNCHECKED, "could not write \"%s\": %s", path, strerror(errno));
	memset(room, 0, sizeof(room));
}

static void
print_key(const CgNoteKey *key)
{
	CgBytes		text;

	cg_bytes_init(&text);
	cg_notekey_put(&text, key);
	printf("%.*s\n", (int) text.length, (char *) text.data);
	cg_bytes_free(&text);
}

void
keys_add(Keys *keys, const char *key_or_file)
{
	CgNoteKey	key;
	CgNoteResult result = cg_notekey_parse(key_or_file, strlen(key_or_file), &key);
	size_t		length;

	keys->given = true;
	/* The name of a file may contain "+", but is unlikely to be a valid key. */
	if (result == CG_NOTE_OK || result == CG_NOTE_KEY_TYPE)
		keys_add_text(keys, key_or_file, "--vkey");
	else
		keys_add_text(keys, file_read(key_or_file, &length), key_or_file);
}

bool
keys_empty(const Keys *keys)
{
	if (keys->count == 0 && keys->given)
		fail(EXIT_UNCHECKED, "--vkey: there is no key of a known type");
	return keys->count == 0;
}

/* Skips a key of a later kind: signatures of unknown keys are ignored anyhow. */
static void
add_listed_key(Keys *keys, const char *text, size_t length, const char *from)
{
	CgNoteResult result;

	if (keys->count == MAX_KEYS)
		fail(EXIT_UNCHECKED, "more than %d keys", MAX_KEYS);
	result = cg_notekey_parse(text, length, &keys->keys[keys->count]);
	if (result == CG_NOTE_OK)
		keys->count++;
	else if (result == CG_NOTE_KEY_TYPE)
		say("%s: a key of a type that this contact-guard (version %s) does not know is left out: %.*s", from,
			CG_VERSION, (int) strcspn(text, "+"), text);
	else
		fail(EXIT_UNCHECKED, "%s: not a verification key: %s", from, cg_note_message(result));
}

void
keys_add_text(Keys *keys, const char *text, const char *from)
{
	while (*text != '\0')
	{
		size_t		length = strcspn(text, "\r\n");

		if (length > 0 && text[0] != '#')
			add_listed_key(keys, text, length, from);
		text += length;
		text += strspn(text, "\r\n");
	}
}

/*
 * A key's name is the origin or its beginning.  A key may serve several databases, and after
 * contact_guard.new_epoch() an origin ends in a number.
 */
static bool
is_origin_of(const CgNoteKey *key, const char *origin)
{
	size_t		length = strlen(key->name);

	return strncmp(key->name, origin, length) == 0 && (origin[length] == '\0' || origin[length] == '/');
}

const char *
keys_check(const Keys *keys, const char *data, size_t length, CgNote *note,
		   CgCheckpoint *checkpoint)
{
	bool		is_signed = false;

	if (cg_note_parse(data, length, note) != CG_NOTE_OK ||
		cg_note_parse_checkpoint(note->text, note->text_length, checkpoint) != CG_NOTE_OK)
		return "not a signed checkpoint";
	/* The origin is shown on terminals. */
	if (!text_is_plain(checkpoint->origin))
		return "its origin is not a name";
	for (int i = 0; i < keys->count; i++)
	{
		const CgNoteKey *key = &keys->keys[i];
		CgNoteResult result = cg_notekey_verify(note, key, NULL);

		if (result == CG_NOTE_OK)
			/* A witness's cosignature does not replace the log's signature. */
			is_signed = is_signed || (key->type == CG_KEY_ED25519 &&
									  is_origin_of(key, checkpoint->origin));
		else if (result != CG_NOTE_UNSIGNED)
			return "a signature is wrong";
	}
	return is_signed ? NULL : "not signed by the log's key";
}

bool
keys_has_made(const CgNoteKey *key, const CgSignature *signature)
{
	return memcmp(signature->id, key->id, CG_KEY_ID_LENGTH) == 0 &&
		signature->name_length == strlen(key->name) &&
		memcmp(signature->name, key->name, signature->name_length) == 0;
}
