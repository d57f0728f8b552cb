/*
 * verify.c
 *		contact-guard verify: recomputes the log from its rows, and compares.
 *
 * The checkpoint is signed, and so is its root.  The right edge of the stored tree makes that
 * root.  The hash of each tile is in the tile above (tiles.c).  The hash of each row is in a
 * tile of level 0 (scan.c).  Rows and tiles that fit into this chain are the signed ones.
 * Where the chain breaks, the row or tile can be named.
 */
#include "verify.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The longest time, in seconds, until the record of a purge is signed */
#define SIGNING_DELAY 15

static void begin_snapshot(Verify *verify);
static void check_rest(Verify *verify, const Options *options);
static char *load_checkpoint(Verify *verify, CgNote *note);
static void check_witnessed(Verify *verify, const Options *options, char *text, CgNote *note);
static void open_tree(Verify *verify);
static void compare_held(Verify *verify, const Options *options);
static void compare_root(Verify *verify, const CgCheckpoint *earlier, const char *whose);
static void check_outside(Verify *verify, int64_t first, int64_t last);
static void count_in_table(Verify *verify);
static bool is_unexplained(Verify *verify);
static void explain_missing(Verify *verify, int64_t to);

int
run_verify(int argc, char **argv)
{
	static const struct option names[] = {
		{"from", required_argument, NULL, 'f'}, {"to", required_argument, NULL, 't'}, {"views", no_argument, NULL, 'v'}, VERIFY_OPTIONS, {0}
	};
	static Options options = {.to = -1};
	int			c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
	{
		if (c == 'f')
			options.from = parse_number("--from", optarg, 0);
		else if (c == 't')
			options.to = parse_number("--to", optarg, 0);
		else if (c == 'v')
			options.views = true;
		else if (!verify_option(&options, c, optarg))
			return EXIT_UNCHECKED;
	}
	if (optind < argc)
		options.conninfo = argv[optind++];
	if (optind < argc)
		fail(EXIT_UNCHECKED, "verify has one argument, the connection string");
	if (options.max_age > 0 && options.to >= 0)
		fail(EXIT_UNCHECKED, "--max-age looks at the end of the log, which --to may leave out");
	return verify_log(&options, NULL);
}

bool
verify_option(Options *options, int option, const char *value)
{
	if (option == 'c')
		options->held = value;
	else if (option == 'k')
		keys_add(&options->keys, value);
	else if (option == 'p')
		policy_read(&options->policy, &options->keys, value);
	else if (option == 'a')
		options->max_age = parse_number("--max-age", value, 1);
	else
		return server_option(option, value);
	return true;
}

int
verify_log(const Options *options, Question *question)
{
	static Verify verify;
	CgNote		note;
	char	   *text;
	int64_t		to;

	verify.question = question;
	verify.keys = options->keys;
	verify.first_bad = -1;
	verify.last_seq = -1;
	verify.silence_seq = -1;
	verify.conn = server_connect(options->conninfo);
	verify.stream = server_connect(options->conninfo);
	if (keys_empty(&verify.keys))
		server_keys(verify.conn, &verify.keys);
	text = load_checkpoint(&verify, &note);
	verify.text = strdup(text);
	if (verify.text == NULL)
		fail(EXIT_UNCHECKED, "out of memory");
	to = options->to < 0 ? (int64_t) verify.checkpoint.size - 1 : options->to;
	if (to >= (int64_t) verify.checkpoint.size || (options->from > 0 && options->from > to))
		fail(EXIT_UNCHECKED, "rows %lld to %lld are not all in the signed log, which has %llu",
			 (long long) options->from, (long long) to, (unsigned long long) verify.checkpoint.size);
	open_tree(&verify);
	check_witnessed(&verify, options, text, &note);
	if (options->held != NULL)
		compare_held(&verify, options);
	/* The answer of the server must be of the same rows. */
	if (question != NULL)
		begin_snapshot(&verify);
	verify.judged_first = options->from;
	verify.judged_last = to;
	scan_rows(&verify, options->from, to, true);
	check_rest(&verify, options);
	explain_missing(&verify, to);
	check_purges(&verify);
	check_holds(&verify);
	check_epochs(&verify);
	check_definitions(&verify);
	if (options->views)
		check_views(&verify);
	PQfinish(verify.stream);
	PQfinish(verify.conn);
	if (question != NULL)
		answer_print(&verify);
	report_epochs(&verify);
	report_restored(&verify);
	return conclude(&verify, options, to);
}

static void
begin_snapshot(Verify *verify)
{
	server_command(verify->stream, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

/* Looks at all that is not in the signed log, but that auditors read. */
static void
check_rest(Verify *verify, const Options *options)
{
	bool		whole = options->from == 0 && options->to < 0;

	if (whole && verify->question == NULL)
		begin_snapshot(verify);
	if (options->from == 0)
		check_outside(verify, INT64_MIN, -1);
	if (options->to < 0)
		check_outside(verify, (int64_t) verify->checkpoint.size, INT64_MAX);
	if (whole)
	{
		read_restored(verify);
		count_in_table(verify);
		if (verify->question != NULL)
			answer_compare(verify);
		server_command(verify->stream, "COMMIT");
	}
}

/* Returns the note's text, to which the note points. */
static char *
load_checkpoint(Verify *verify, CgNote *note)
{
	char	   *text = server_checkpoint(verify->conn);
	const char *wrong = keys_check(&verify->keys, text, strlen(text), note, &verify->checkpoint);

	if (wrong != NULL)
		fail(EXIT_TAMPERED, "the server's checkpoint: %s", wrong);
	return text;
}

/*
 * With a policy: the newest checkpoint that meets it must belong to the past of this log.
 * Frees text.
 */
static void
check_witnessed(Verify *verify, const Options *options, char *text, CgNote *note)
{
	CgCheckpoint met = verify->checkpoint;
	time_t		now = time(NULL);

	if (options->policy.given)
	{
		text = policy_older(verify->conn, &options->policy, &verify->keys, 0,
							options->max_age > 0 ? (uint64_t) (now - options->max_age) : 0, text, note, &met);
		compare_root(verify, &met, "the checkpoint that meets the policy");
		policy_print(&options->policy, note);
	}
	verify->witnessed = met.size;
	free(text);
}

static void
open_tree(Verify *verify)
{
	bool		good;

	verify->tiles = tiles_open(verify->conn, &verify->checkpoint, &good);
	if (!good)
		find(verify, -1, "the stored tree of %llu rows has not the root that was signed",
			 (unsigned long long) verify->checkpoint.size);
}

/* A checkpoint that was kept elsewhere must belong to the past of this log. */
static void
compare_held(Verify *verify, const Options *options)
{
	size_t		length;
	char	   *text = file_read(options->held, &length);
	CgNote		note;
	CgCheckpoint held;
	const char *wrong = keys_check(&verify->keys, text, length, &note, &held);

	if (wrong != NULL)
		fail(EXIT_UNCHECKED, "\"%s\": %s", options->held, wrong);
	/* The tree goes on where it is when the log gets a new name. */
	if (strcmp(held.origin, verify->checkpoint.origin) != 0 && !epochs_follow(held.origin, verify->checkpoint.origin))
		fail(EXIT_UNCHECKED, "\"%s\" is of another log, %s", options->held, held.origin);
	compare_root(verify, &held, "the checkpoint held outside");
	free(text);
}

static void
compare_root(Verify *verify, const CgCheckpoint *earlier, const char *whose)
{
	uint8_t		root[CG_HASH_LENGTH];

	if (earlier->size > verify->checkpoint.size)
		find(verify, -1, "the log has %llu rows, %s had %llu: it was cut off, or this server lags",
			 (unsigned long long) verify->checkpoint.size, whose, (unsigned long long) earlier->size);
	else if (!tiles_root(verify->tiles, earlier->size, root) ||
			 memcmp(root, earlier->root, CG_HASH_LENGTH) != 0)
		find(verify, -1, "the log is not a continuation of %s, of %llu rows", whose,
			 (unsigned long long) earlier->size);
}

/*
 * Looks at rows outside of the range checked so far.  Behind the signed rows there may be
 * rows that will be signed next, with adjacent numbers.  Other rows there would be read by
 * auditors, but never be checked.
 */
static void
check_outside(Verify *verify, int64_t first, int64_t last)
{
	Rows	   *rows = rows_begin(verify->stream, first, last);
	int64_t		next = first < 0 ? 0 : first;
	CgLeaf		leaf;

	while (rows_next(rows, &leaf))
	{
		verify->read_rows++;
		if (verify->question != NULL)
			question_take(verify->question, &leaf, rows_query(rows), PROOF_NONE);
		if (leaf.seq == next)
		{
			if (verify->unsigned_rows++ == 0 || leaf.read_at < verify->unsigned_at)
				verify->unsigned_at = leaf.read_at;
			next++;
		}
		else
			find(verify, -1, "row %lld is out of sequence, and nothing has signed it", (long long) leaf.seq);
	}
}

/*
 * Rows were found by the index on seq.  A row that this index does not have is not among them,
 * but auditors may read it, by another index or without one.  So the rows of the table are
 * counted without any index.  Since the scan rows may have been purged, but no row of its range
 * has come; and the rows outside are of this snapshot.
 */
static void
count_in_table(Verify *verify)
{
	static const char sql[] = "SELECT pg_catalog.count(*) FROM contact_guard.log";
	PGresult   *result;
	int64_t		there;

	/* The settings go back with the savepoint: the server's answers need its indexes. */
	server_command(verify->stream, "SAVEPOINT contact_guard_count");
	result = server_execute(verify->stream, "SELECT pg_catalog.set_config('enable_seqscan', 'on', true),"
							" pg_catalog.set_config('enable_indexscan', 'off', true),"
							" pg_catalog.set_config('enable_indexonlyscan', 'off', true),"
							" pg_catalog.set_config('enable_bitmapscan', 'off', true)", 0, NULL);
	server_require(verify->stream, result, PGRES_TUPLES_OK);
	PQclear(result);
	result = server_execute(verify->stream, sql, 0, NULL);
	server_require(verify->stream, result, PGRES_TUPLES_OK);
	if (PQntuples(result) != 1 || PQnfields(result) != 1 || PQgetlength(result, 0, 0) != 8)
		fail(EXIT_UNCHECKED, "the server's answer makes no sense: %s", sql);
	there = (int64_t) cg_bytes_get_uint64((const uint8_t *) PQgetvalue(result, 0, 0));
	if (there > verify->read_rows)
		find(verify, -1, "table contact_guard.log has %lld rows, and the index on seq only %lld of them",
			 (long long) there, (long long) verify->read_rows);
	PQclear(result);
	server_command(verify->stream, "ROLLBACK TO SAVEPOINT contact_guard_count");
}

static bool
is_unexplained(Verify *verify)
{
	return losses_unexplained(verify) || restored_unexplained(verify);
}

/*
 * Missing rows must be named by purge records.  These come later than the rows, and so do
 * records of erasures: in the rest of the log, or among the records signed since the
 * verification began.
 */
static void
explain_missing(Verify *verify, int64_t to)
{
	/* Later records cannot explain findings that there are already. */
	int			patience = verify->findings > 0 ? 1 : SIGNING_DELAY;
	int			grown = 0;

	if (is_unexplained(verify) && to + 1 < (int64_t) verify->checkpoint.size)
		scan_rows(verify, to + 1, (int64_t) verify->checkpoint.size - 1, false);
	for (int i = 0; is_unexplained(verify) && i < patience && grown < 2; i++)
	{
		CgCheckpoint before = verify->checkpoint;
		CgNote		note;

		free(load_checkpoint(verify, &note));
		if (verify->checkpoint.size > before.size)
		{
			/* The first new checkpoint may be older than the removal of the rows. */
			grown += i > 0;
			tiles_close(verify->tiles);
			open_tree(verify);
			compare_root(verify, &before, "the checkpoint before");
			scan_rows(verify, (int64_t) before.size, (int64_t) verify->checkpoint.size - 1, false);
		}
		else
		{
			verify->checkpoint = before;
			sleep(1);
		}
	}
	find_losses(verify);
}
