/*
 * push.c
 *		contact-guard push: brings the newest checkpoint to witnesses that are pushed to.
 *
 * The witnesses are those of a policy file that have a URL.  They speak c2sp.org/tlog-witness:
 * POST URL/add-checkpoint, with the size that the witness has seen last, a proof that the log
 * continues it, and the checkpoint.  The answer is the witness's cosignature, which the server
 * gets and keeps with the checkpoint.
 */
#include "client.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "tlogpolicy.h"

/* A witness may say another size than the one before, if others push as well. */
#define MOST_TRIES 4

/* So much is shown of what a witness says to a status that is not good. */
#define MOST_SHOWN 200

#define ADD_CHECKPOINT "/add-checkpoint"

/* What came of one witness */
typedef enum Outcome
{
	PUSH_COSIGNED,
	PUSH_AGAIN,					/* it has said which size it knows */
	PUSH_FAILED,
	PUSH_REFUSED				/* the witness has seen another log */
} Outcome;

typedef struct Push
{
	PGconn	   *conn;
	Keys		keys;
	Policy		policy;
	char	   *text;			/* of the note */
	CgNote		note;
	CgCheckpoint checkpoint;
	CgBytes		signed_text;	/* the note with the log's signatures only */
	CgBytes		lines;			/* cosignatures of it that came */
} Push;

static void parse_push_options(Push *push, const char **conninfo, int argc, char **argv);
static void load_newest(Push *push);
static bool is_of_log(const Push *push, const CgSignature *signature);
static Outcome push_to(Push *push, const PolicyNode *witness);
static Outcome try_witness(Push *push, const PolicyNode *witness, const char *url, uint64_t *size);
static Outcome read_size(Push *push, const PolicyNode *witness, const CgBytes *answer, uint64_t *size);
static void put_request(const Push *push, uint64_t size, CgBytes *out);
static Outcome take_cosignatures(Push *push, const PolicyNode *witness, const CgBytes *answer);
static const char *status_meaning(long status);
static int	close_push(Push *push, int failed, int refused);

int
run_push(int argc, char **argv)
{
	static Push push;
	const char *conninfo = NULL;
	int			asked = 0;
	int			failed = 0;
	int			refused = 0;

	parse_push_options(&push, &conninfo, argc, argv);
	push.conn = server_connect(conninfo);
	load_newest(&push);
	for (int i = 0; i < push.policy.count; i++)
	{
		const PolicyNode *witness = &push.policy.nodes[i];
		Outcome		outcome;

		if (witness->group || !witness->known || witness->url == NULL)
			continue;
		asked++;
		outcome = push_to(&push, witness);
		failed += outcome == PUSH_FAILED;
		refused += outcome == PUSH_REFUSED;
	}
	if (asked == 0)
		fail(EXIT_UNCHECKED, "no witness of the policy has a URL and a key of a known type");
	return close_push(&push, failed, refused);
}

static void
parse_push_options(Push *push, const char **conninfo, int argc, char **argv)
{
	static const struct option names[] = {
		{"policy", required_argument, NULL, 'p'}, {"vkey", required_argument, NULL, 'k'}, SERVER_OPTIONS, {0}
	};
	int			c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
	{
		if (c == 'p')
			policy_read(&push->policy, &push->keys, optarg);
		else if (c == 'k')
			keys_add(&push->keys, optarg);
		else if (!server_option(c, optarg))
			exit(EXIT_UNCHECKED);
	}
	if (optind < argc)
		*conninfo = argv[optind++];
	if (!push->policy.given || optind < argc)
		fail(EXIT_UNCHECKED, "push needs --policy FILE, and at most a connection string");
}

/* Witnesses need the log's signatures only. */
static void
load_newest(Push *push)
{
	const char *wrong;

	free(push->text);
	push->text = server_checkpoint(push->conn);
	wrong = keys_check(&push->keys, push->text, strlen(push->text), &push->note, &push->checkpoint);
	if (wrong != NULL)
		fail(EXIT_TAMPERED, "the server's checkpoint: %s", wrong);
	cg_bytes_reset(&push->lines);
	cg_bytes_reset(&push->signed_text);
	cg_bytes_put(&push->signed_text, push->note.text, push->note.text_length);
	cg_bytes_put_text(&push->signed_text, "\n");
	for (int i = 0; i < push->note.nsignatures; i++)
	{
		const CgSignature *signature = &push->note.signatures[i];

		if (is_of_log(push, signature))
			cg_bytes_put(&push->signed_text, signature->line, signature->line_length);
	}
	if (push->signed_text.failed)
		fail(EXIT_UNCHECKED, "out of memory");
}

static bool
is_of_log(const Push *push, const CgSignature *signature)
{
	for (int i = 0; i < push->keys.count; i++)
	{
		if (push->keys.keys[i].type == CG_KEY_ED25519 && keys_has_made(&push->keys.keys[i], signature))
			return true;
	}
	return false;
}

/* A witness that has not said which size it knows is asked with 0, and then says it. */
static Outcome
push_to(Push *push, const PolicyNode *witness)
{
	CgBytes		url = {0};
	uint64_t	size = 0;
	Outcome		outcome = PUSH_AGAIN;

	cg_bytes_put(&url, witness->url, strlen(witness->url));
	while (url.length > 0 && url.data[url.length - 1] == '/')
		url.length--;
	cg_bytes_put(&url, ADD_CHECKPOINT, sizeof(ADD_CHECKPOINT));
	if (url.failed)
		fail(EXIT_UNCHECKED, "out of memory");
	for (int i = 0; i < MOST_TRIES && outcome == PUSH_AGAIN; i++)
		outcome = try_witness(push, witness, (char *) url.data, &size);
	if (outcome == PUSH_AGAIN)
	{
		say("witness %s: says another size each time (409)", witness->name);
		outcome = PUSH_FAILED;
	}
	cg_bytes_free(&url);
	return outcome;
}

static Outcome
try_witness(Push *push, const PolicyNode *witness, const char *url, uint64_t *size)
{
	CgBytes		request = {0};
	CgBytes		answer = {0};
	Outcome		outcome;
	const char *why;
	long		status;

	put_request(push, *size, &request);
	status = http_post(url, &request, server_patience, &answer, &why);
	if (status == 200)
		outcome = take_cosignatures(push, witness, &answer);
	else if (status == 409)
		outcome = read_size(push, witness, &answer, size);
	else
	{
		outcome = status == 422 ? PUSH_REFUSED : PUSH_FAILED;
		if (status == 0)
			say("witness %s: no answer: %s", witness->name, why);
		else
			say("witness %s: %s (%ld): %.*s", witness->name, status_meaning(status), status,
				(int) (answer.length < MOST_SHOWN ? answer.length : MOST_SHOWN), (char *) answer.data);
	}
	cg_bytes_free(&request);
	cg_bytes_free(&answer);
	return outcome;
}

static Outcome
read_size(Push *push, const PolicyNode *witness, const CgBytes *answer, uint64_t *size)
{
	size_t		length = answer->length;

	if (length > 0 && answer->data[length - 1] == '\n')
		length--;
	if (!cg_bytes_parse_decimal((char *) answer->data, length, size) || *size > INT64_MAX)
	{
		say("witness %s: does not say which size it knows (409)", witness->name);
		return PUSH_FAILED;
	}
	/* Somebody else may have pushed a newer checkpoint meanwhile. */
	if (*size > push->checkpoint.size)
		load_newest(push);
	if (*size <= push->checkpoint.size)
		return PUSH_AGAIN;
	say("witness %s: REFUSED: has seen %llu rows, and the log has %llu: it was cut off, or this server lags",
		witness->name, (unsigned long long) *size, (unsigned long long) push->checkpoint.size);
	return PUSH_REFUSED;
}

static void
put_request(const Push *push, uint64_t size, CgBytes *out)
{
	static uint8_t proof[CG_PROOF_LENGTH][CG_HASH_LENGTH];
	int			count = 0;

	if (size > 0 && size < push->checkpoint.size)
		count = server_proof(push->conn, "SELECT contact_guard.consistency_proof($1::bigint, $2::bigint)",
							 (int64_t) size, (int64_t) push->checkpoint.size, proof);
	cg_bytes_put_text(out, "old ");
	cg_bytes_put_decimal(out, size);
	cg_bytes_put_text(out, "\n");
	for (int i = 0; i < count; i++)
	{
		cg_bytes_put_base64(out, proof[i], CG_HASH_LENGTH);
		cg_bytes_put_text(out, "\n");
	}
	cg_bytes_put_text(out, "\n");
	cg_bytes_put(out, push->signed_text.data, push->signed_text.length);
	if (out->failed)
		fail(EXIT_UNCHECKED, "out of memory");
}

/* Lines of unknown keys are ignored; those of the witness must be good. */
static Outcome
take_cosignatures(Push *push, const PolicyNode *witness, const CgBytes *answer)
{
	CgBytes		whole = {0};
	CgBytes		own = {0};
	CgNote		note;
	const char *wrong = NULL;

	cg_bytes_put(&whole, push->signed_text.data, push->signed_text.length);
	cg_bytes_put(&whole, answer->data, answer->length);
	if (whole.failed || cg_note_parse((char *) whole.data, whole.length, &note) != CG_NOTE_OK ||
		note.text_length != push->note.text_length)
		wrong = "its answer is not a list of signatures";
	else if (cg_notekey_verify(&note, &witness->key, NULL) == CG_NOTE_UNSIGNED)
		wrong = "no signature in its answer is of the key in the policy";
	else if (cg_notekey_verify(&note, &witness->key, NULL) != CG_NOTE_OK)
		wrong = "its signature is wrong";
	if (wrong != NULL)
	{
		say("witness %s: %s", witness->name, wrong);
		cg_bytes_free(&whole);
		return PUSH_FAILED;
	}
	cg_bytes_put(&own, push->signed_text.data, push->signed_text.length);
	for (int i = 0; i < note.nsignatures; i++)
	{
		const CgSignature *signature = &note.signatures[i];

		if (!keys_has_made(&witness->key, signature))
			continue;
		cg_bytes_put(&own, signature->line, signature->line_length);
		cg_bytes_put(&push->lines, signature->line, signature->line_length);
	}
	if (own.failed || push->lines.failed)
		fail(EXIT_UNCHECKED, "out of memory");
	printf("%s: %llu rows, cosigned by ", push->checkpoint.origin, (unsigned long long) push->checkpoint.size);
	text_print(stdout, witness->name, strlen(witness->name), "");
	printf("\n");
	wrong = server_add_cosignature(push->conn, &own) ? NULL : "";
	cg_bytes_free(&own);
	cg_bytes_free(&whole);
	return wrong == NULL ? PUSH_COSIGNED : PUSH_FAILED;
}

static const char *
status_meaning(long status)
{
	switch (status)
	{
		case 400:
			return "says that the request is malformed";
		case 403:
			return "does not have the log's key, or finds its signature wrong";
		case 404:
			return "does not know this log";
		case 422:
			return "REFUSED: says that the log is not a continuation of what it has seen";
		default:
			return "has not cosigned";
	}
}

/* A witness that is away does no harm if the others are enough for the policy. */
static int
close_push(Push *push, int failed, int refused)
{
	CgBytes		whole = {0};
	CgNote		note;

	PQfinish(push->conn);
	if (refused > 0)
		return EXIT_TAMPERED;
	if (failed == 0)
		return EXIT_GOOD;
	cg_bytes_put(&whole, push->text, strlen(push->text));
	cg_bytes_put(&whole, push->lines.data, push->lines.length);
	if (push->policy.quorum < 0 || whole.failed ||
		cg_note_parse((char *) whole.data, whole.length, &note) != CG_NOTE_OK || !policy_met(&push->policy, &note, 0))
		return EXIT_UNCHECKED;
	say("the policy is met nevertheless");
	return EXIT_GOOD;
}
