/*
 * witness.c
 *		contact-guard witness: remembers what the log has signed.
 *
 * Its folder contains:
 *	checkpoint			the latest consistent note, cosigned if we have a key
 *	verification_keys	the log's keys, as first seen or given, once they have proved right
 *	grown				the latest size, and when it was first seen (seconds since 1970)
 *	fork-TIME-*			two notes that contradict each other, and the proof that failed
 *
 * A note is durable in the folder before it is cosigned: a witness that forgets a note
 * could sign both sides of a fork.
 */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#define RENAMED "the log has a new name, and not all that was seen under the old one: a failover or a restore has lost records, or somebody has removed them; see its records of event epoch and failover"

#define PARTED "two servers go on with this log, each under a name of its own: after a failover both were promoted"

/* The longest signature line of ours */
#define OWN_LINE_LENGTH (CG_NOTE_NAME_LENGTH + 128)

/* A round ends after so many seconds, since a server may accept a connection and not answer. */
#define ROUND_SECONDS 120

typedef struct Witness
{
	const char *conninfo;
	const char *folder;
	const char *key_file;
	int64_t		every;			/* seconds; 0: once */
	int64_t		max_age;		/* the log must have grown within so many seconds; 0: any time */
	Keys		keys;
	CgNoteKey	key;
} Witness;

/* A note, as text and parsed */
typedef struct Seen
{
	char	   *text;
	size_t		length;
	CgNote		note;
	CgCheckpoint checkpoint;
} Seen;

static void parse_witness_options(Witness *witness, int argc, char **argv);
static void lock_folder(const char *folder);
static void read_witness_key(Witness *witness);
static int	watch(const Witness *witness);
static int	run_once(Witness *witness);
static void learn_keys(Witness *witness, PGconn *conn);
static void keep_keys(const Witness *witness);
static int	check_growth(const Witness *witness, const CgCheckpoint *checkpoint);
static bool read_held(const Witness *witness, Seen *held);
static void check_consistency(const Witness *witness, PGconn *conn, const Seen *held, const Seen *seen);
static void refuse_checkpoint(const Witness *witness, const Seen *held, const Seen *seen, const CgBytes *proof,
				   const char *why) __attribute__((noreturn));
static void cosign(const Witness *witness, const Seen *seen, CgBytes *out);

int
run_witness(int argc, char **argv)
{
	static Witness witness;

	parse_witness_options(&witness, argc, argv);
	lock_folder(witness.folder);
	if (witness.key_file != NULL)
		read_witness_key(&witness);
	return witness.every > 0 ? watch(&witness) : run_once(&witness);
}

static void
parse_witness_options(Witness *witness, int argc, char **argv)
{
	static const struct option names[] = {
		{"state", required_argument, NULL, 's'}, {"key", required_argument, NULL, 'k'},
		{"every", required_argument, NULL, 'e'}, {"vkey", required_argument, NULL, 'v'},
		{"max-age", required_argument, NULL, 'a'}, SERVER_OPTIONS, {0}
	};
	int			c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
	{
		if (c == 's')
			witness->folder = optarg;
		else if (c == 'k')
			witness->key_file = optarg;
		else if (c == 'e')
			witness->every = parse_number("--every", optarg, 1);
		else if (c == 'v')
			keys_add(&witness->keys, optarg);
		else if (c == 'a')
			witness->max_age = parse_number("--max-age", optarg, 1);
		else if (!server_option(c, optarg))
			exit(EXIT_UNCHECKED);
	}
	if (optind < argc)
		witness->conninfo = argv[optind++];
	if (witness->folder == NULL || optind < argc)
		fail(EXIT_UNCHECKED, "witness needs --state DIR, and at most a connection string");
	if (mkdir(witness->folder, 0755) != 0 && errno != EEXIST)
		fail(EXIT_UNCHECKED, "could not create \"%s\": %s", witness->folder, strerror(errno));
}

/*
 * Locks the folder until the program ends: two witnesses in one folder could cosign two
 * sides of a fork.
 */
static void
lock_folder(const char *folder)
{
	int			fd = open(folder, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		fail(EXIT_UNCHECKED, "could not open \"%s\": %s", folder, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		fail(EXIT_UNCHECKED, "another witness works in \"%s\"", folder);
}

static void
read_witness_key(Witness *witness)
{
	size_t		length;
	char	   *text = file_read(witness->key_file, &length);
	CgNoteKey	key;
	CgNoteResult result = cg_notekey_parse_secret(text, strcspn(text, "\r\n"), &key);

	/* A key in Go's format has the type for notes, but here it makes cosignatures. */
	if (result == CG_NOTE_OK)
		result = cg_notekey_make(&witness->key, key.name, CG_KEY_COSIGNATURE, key.seed);
	if (result != CG_NOTE_OK)
		fail(EXIT_UNCHECKED, "\"%s\": not a secret key: %s", witness->key_file, cg_note_message(result));
	cg_notekey_forget(&key);
	OPENSSL_cleanse(text, length);
	free(text);
}

/*
 * Each round is a process of its own.  If a lost connection or a wrong answer of the server
 * ends it, the next round begins anew.  Evidence of tampering ends the program.
 */
static int
watch(const Witness *witness)
{
	for (;;)
	{
		int			status = 0;
		pid_t		child;

		fflush(stdout);
		child = fork();
		if (child == 0)
		{
			Witness		copy = *witness;
			int			code;

			(void) alarm(ROUND_SECONDS);
			code = run_once(&copy);
			exit(fflush(stdout) == 0 ? code : EXIT_UNCHECKED);
		}
		if (child < 0 || (waitpid(child, &status, 0) < 0 && errno != EINTR))
			fail(EXIT_UNCHECKED, "could not start a round: %s", strerror(errno));
		if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_TAMPERED)
			return EXIT_TAMPERED;
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
			say("no answer within %d s", ROUND_SECONDS);
		else if (WIFSIGNALED(status))
			say("a round was ended by signal %d", WTERMSIG(status));
		sleep((unsigned) (witness->every < 86400 ? witness->every : 86400));
	}
}

static int
run_once(Witness *witness)
{
	PGconn	   *conn = server_connect(witness->conninfo);
	char	   *path = file_path(witness->folder, "checkpoint");
	static Seen held;
	static Seen seen;
	const char *wrong;
	CgBytes		note;
	bool		first;
	int			code;

	learn_keys(witness, conn);
	first = !read_held(witness, &held);
	seen.text = server_checkpoint(conn);
	seen.length = strlen(seen.text);
	wrong = keys_check(&witness->keys, seen.text, seen.length, &seen.note, &seen.checkpoint);
	if (wrong != NULL)
		refuse_checkpoint(witness, first ? NULL : &held, &seen, NULL, wrong);
	if (!first)
		check_consistency(witness, conn, &held, &seen);

	cg_bytes_init(&note);
	cosign(witness, &seen, &note);
	file_write(path, note.data, note.length);
	keep_keys(witness);
	code = check_growth(witness, &seen.checkpoint);
	printf("%s: %llu rows, %s", seen.checkpoint.origin, (unsigned long long) seen.checkpoint.size,
		   first ? "the first that was seen" : "consistent with those seen before");
	if (!first && strcmp(held.checkpoint.origin, seen.checkpoint.origin) != 0)
		printf(" as %s: the log has a new name", held.checkpoint.origin);
	printf("\n");
	if (witness->key.has_seed && !server_add_cosignature(conn, &note))
		code = EXIT_UNCHECKED;
	cg_bytes_free(&note);
	free(path);
	PQfinish(conn);
	return code;
}

/*
 * The keys of the log: from --vkey; otherwise from the folder; in the first round from the
 * server.
 */
static void
learn_keys(Witness *witness, PGconn *conn)
{
	char	   *path = file_path(witness->folder, "verification_keys");

	if (keys_empty(&witness->keys) && file_exists(path))
		keys_add(&witness->keys, path);
	else if (keys_empty(&witness->keys))
		server_keys(conn, &witness->keys);
	free(path);
}

/* Only keys that have signed a checkpoint here: a wrong --vkey must not stay. */
static void
keep_keys(const Witness *witness)
{
	char	   *path = file_path(witness->folder, "verification_keys");
	CgBytes		text;

	cg_bytes_init(&text);
	for (int i = 0; i < witness->keys.count; i++)
	{
		cg_notekey_put(&text, &witness->keys.keys[i]);
		cg_bytes_put_text(&text, "\n");
	}
	if (text.failed)
		fail(EXIT_UNCHECKED, "out of memory");
	file_write(path, text.data, text.length);
	cg_bytes_free(&text);
	free(path);
}

/*
 * A log that is alive grows, by a heartbeat if by nothing else.  What the server says of its
 * time is not asked: the clock is ours.
 */
static int
check_growth(const Witness *witness, const CgCheckpoint *checkpoint)
{
	char	   *path = file_path(witness->folder, "grown");
	char		line[64];
	long long	now = (long long) time(NULL);
	unsigned long long size = 0;
	long long	since = 0;
	size_t		length;
	char	   *known = file_exists(path) ? file_read(path, &length) : NULL;

	if (known == NULL || sscanf(known, "%20llu %20lld", &size, &since) != 2 || size != checkpoint->size || since > now)
	{
		since = now;
		snprintf(line, sizeof(line), "%llu %lld\n", (unsigned long long) checkpoint->size, now);
		file_write(path, line, strlen(line));
	}
	free(known);
	free(path);
	if (witness->max_age == 0 || now - since <= witness->max_age)
		return EXIT_GOOD;
	say("the log has not grown for %lld s, which is more than %lld s: no record was signed, or the new ones are hidden",
		now - since, (long long) witness->max_age);
	return EXIT_UNCHECKED;
}

static bool
read_held(const Witness *witness, Seen *held)
{
	char	   *path = file_path(witness->folder, "checkpoint");
	const char *wrong;

	if (!file_exists(path))
		return false;
	held->text = file_read(path, &held->length);
	wrong = keys_check(&witness->keys, held->text, held->length, &held->note, &held->checkpoint);
	/* The program does not remove its own note: a witness must not forget. */
	if (wrong != NULL)
		fail(EXIT_UNCHECKED, "\"%s\": %s", path, wrong);
	free(path);
	return true;
}

static void
check_consistency(const Witness *witness, PGconn *conn, const Seen *held, const Seen *seen)
{
	static uint8_t proof[CG_PROOF_LENGTH][CG_HASH_LENGTH];
	const CgCheckpoint *old = &held->checkpoint;
	const CgCheckpoint *new = &seen->checkpoint;
	int			count = 0;
	CgBytes		text;

	bool		renamed = strcmp(old->origin, new->origin) != 0;

	/* A log that has a new name after a failover, and all that was seen, is no other log. */
	if (renamed && !epochs_follow(old->origin, new->origin))
		refuse_checkpoint(witness, held, seen, NULL, epochs_part(old->origin, new->origin) ? PARTED : "it is another log");
	if (new->size < old->size)
		refuse_checkpoint(witness, held, seen, NULL, renamed ? RENAMED : "the log has become shorter");
	if (new->size > old->size && old->size > 0)
		count = server_proof(conn, "SELECT contact_guard.consistency_proof($1::bigint, $2::bigint)",
							 (int64_t) old->size, (int64_t) new->size, proof);
	if (cg_merkleverify_consistency(&hasher, old->size, new->size, old->root, new->root,
									 (const uint8_t (*)[CG_HASH_LENGTH]) proof, count) == CG_MERKLE_OK)
		return;
	cg_bytes_init(&text);
	for (int i = 0; i < count; i++)
	{
		cg_bytes_put_base64(&text, proof[i], CG_HASH_LENGTH);
		cg_bytes_put_text(&text, "\n");
	}
	refuse_checkpoint(witness, held, seen, &text, renamed ? RENAMED : new->size == old->size ?
		   "two trees of the same size" : "the log is not a continuation of what was seen before");
}

/* Keeps both notes as they were signed, because they are the evidence. */
static void
refuse_checkpoint(const Witness *witness, const Seen *held, const Seen *seen, const CgBytes *proof,
	   const char *why)
{
	char		name[64];
	long long	now = (long long) time(NULL);
	char	   *kept = NULL;

	if (held != NULL)
	{
		sprintf(name, "fork-%lld-held", now);
		file_write(file_path(witness->folder, name), held->text, held->length);
	}
	if (proof != NULL)
	{
		sprintf(name, "fork-%lld-proof", now);
		file_write(file_path(witness->folder, name), proof->data, proof->length);
	}
	sprintf(name, "fork-%lld-seen", now);
	kept = file_path(witness->folder, name);
	file_write(kept, seen->text, seen->length);
	if (held != NULL)
		fail(EXIT_TAMPERED, "REFUSED: %s: %llu rows held, %llu rows seen; evidence: \"%s\" and beside it",
			 why, (unsigned long long) held->checkpoint.size,
			 (unsigned long long) seen->checkpoint.size, kept);
	fail(EXIT_TAMPERED, "REFUSED: %s; evidence: \"%s\"", why, kept);
}

/*
 * Returns the note with our signature, which replaces earlier ones of ours.  If the note has
 * too many signatures, those of unknown keys are left out, so that the result is still a
 * valid note.
 */
static void
cosign(const Witness *witness, const Seen *seen, CgBytes *out)
{
	const CgNoteKey *key = &witness->key;
	int			room = CG_NOTE_SIGNATURES - 1;
	CgNote		note;
	CgCheckpoint checkpoint;

	cg_bytes_put(out, seen->note.text, seen->note.text_length);
	cg_bytes_put_text(out, "\n");
	for (int pass = 0; pass < 2; pass++)
	{
		for (int i = 0; i < seen->note.nsignatures; i++)
		{
			const CgSignature *signature = &seen->note.signatures[i];
			bool		known = false;

			for (int j = 0; j < witness->keys.count; j++)
				known = known || keys_has_made(&witness->keys.keys[j], signature);
			if (known != (pass == 0) || (key->has_seed && keys_has_made(key, signature)) || room == 0 ||
				(!known && out->length + signature->line_length + OWN_LINE_LENGTH > CG_NOTE_LENGTH))
				continue;
			cg_bytes_put(out, signature->line, signature->line_length);
			room--;
		}
	}
	if (key->has_seed && cg_notekey_put_signature(out, key, seen->note.text, seen->note.text_length,
											   (uint64_t) time(NULL)) != CG_NOTE_OK)
		fail(EXIT_UNCHECKED, "could not cosign");
	if (out->failed)
		fail(EXIT_UNCHECKED, "out of memory");
	if (keys_check(&witness->keys, (char *) out->data, out->length, &note, &checkpoint) != NULL)
		fail(EXIT_UNCHECKED, "the server's checkpoint is too long to be kept");
}
