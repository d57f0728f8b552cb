/*
 * proof.c
 *		contact-guard proof and check-proof: a file that proves one row.
 *
 * The file has the format of c2sp.org/tlog-proof.  Its line "extra" is base64 of
 *
 *	leaf, opening*
 *	opening = uint16 group, salt (32 bytes), uint32 length, fields
 *
 * An opening has the salt and the fields that the group's commitment hashes (leaf.h).  None
 * of it needs to be trusted: the file proves the leaf's hash.
 */
#include "client.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proof.h"
#include "show.h"
#include "tlogpolicy.h"

/* The most rows that are asked for at a time */
#define RUN_ROWS 1000

typedef struct Proving
{
	PGconn	   *conn;
	Keys		keys;
	Policy		policy;
	int64_t		first;
	int64_t		last;
	bool		many;			/* into a folder */
	int			open;			/* the groups that are opened, a bit each */
	bool		chosen;			/* they were named */
	const char *out;			/* NULL: stdout */
	CgProofFile file;
	CgCheckpoint checkpoint;
	int64_t		proved;
} Proving;

/* What may be opened, by its bit */
static const struct
{
	const char *name;
	int			group;
}			groups[] = {
	{"customer", CG_LEAF_CUSTOMER}, {"actor", CG_LEAF_ACTOR}, {"execution", CG_LEAF_EXECUTION}
};

#define GROUPS (int) (sizeof(groups) / sizeof(groups[0]))
#define ALL_GROUPS ((1 << GROUPS) - 1)

static void choose_group(Proving *proving, const char *name);
static void parse_proof_options(Proving *proving, const char **conninfo, int argc, char **argv);
static void prove_run(Proving *proving, int64_t first, int64_t last);
static void put_proof(Proving *proving, const CgLeaf *leaf);
static void put_proved_row(const Proving *proving, const CgLeaf *leaf, CgBytes *out);
static bool opens_group(const Proving *proving, int group);
static void put_output(const Proving *proving, const CgBytes *text);

int
run_proof(int argc, char **argv)
{
	static Proving proving;
	const char *conninfo = NULL;
	CgNote		note;
	int64_t		end;

	parse_proof_options(&proving, &conninfo, argc, argv);
	proving.conn = server_connect(conninfo);
	if (keys_empty(&proving.keys))
		server_keys(proving.conn, &proving.keys);
	proving.file.note = policy_checkpoint(proving.conn, &proving.policy, &proving.keys, (uint64_t) proving.last, &note,
										  &proving.checkpoint);
	proving.file.note_length = strlen(proving.file.note);
	if ((uint64_t) proving.last >= proving.checkpoint.size)
		fail(EXIT_UNCHECKED, "row %lld is not in the signed log, which has %llu", (long long) proving.last,
			 (unsigned long long) proving.checkpoint.size);
	if (proving.many && mkdir(proving.out, 0755) != 0 && errno != EEXIST)
		fail(EXIT_UNCHECKED, "could not create \"%s\": %s", proving.out, strerror(errno));
	for (int64_t at = proving.first; at <= proving.last; at = end + 1)
	{
		end = proving.last - at < RUN_ROWS ? proving.last : at + RUN_ROWS - 1;
		prove_run(&proving, at, end);
		progress_show(end - proving.first + 1, proving.last - proving.first + 1);
	}
	progress_clear();
	PQfinish(proving.conn);
	if (!proving.many && proving.proved == 0)
		fail(EXIT_UNCHECKED, "row %lld is not there any more", (long long) proving.first);
	if (proving.many)
	{
		file_sync_all(proving.out);
		printf("%s: %lld rows proved, %lld not there, under the checkpoint of %llu rows\n", proving.checkpoint.origin,
			   (long long) proving.proved, (long long) (proving.last - proving.first + 1 - proving.proved),
			   (unsigned long long) proving.checkpoint.size);
	}
	return EXIT_GOOD;
}

static void
choose_group(Proving *proving, const char *name)
{
	if (!proving->chosen)
		proving->open = 0;
	proving->chosen = true;
	for (int i = 0; i < GROUPS; i++)
	{
		if (strcmp(groups[i].name, name) == 0)
		{
			proving->open |= 1 << i;
			return;
		}
	}
	fail(EXIT_UNCHECKED, "option --open: not customer, actor or execution: \"%s\"", name);
}

static void
parse_proof_options(Proving *proving, const char **conninfo, int argc, char **argv)
{
	static const struct option names[] = {
		{"seq", required_argument, NULL, 's'}, {"to", required_argument, NULL, 't'}, {"out", required_argument, NULL, 'o'},
		{"sealed", no_argument, NULL, 'x'}, {"open", required_argument, NULL, 'g'}, {"vkey", required_argument, NULL, 'k'},
		{"policy", required_argument, NULL, 'p'}, SERVER_OPTIONS, {0}
	};
	bool		sealed = false;
	int			c;

	proving->first = -1;
	proving->open = ALL_GROUPS;
	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
	{
		if (c == 's')
			proving->first = parse_number("--seq", optarg, 0);
		else if (c == 't')
		{
			proving->many = true;
			proving->last = parse_number("--to", optarg, 0);
		}
		else if (c == 'o')
			proving->out = optarg;
		else if (c == 'x')
			sealed = true;
		else if (c == 'g')
			choose_group(proving, optarg);
		else if (c == 'k')
			keys_add(&proving->keys, optarg);
		else if (c == 'p')
			policy_read(&proving->policy, &proving->keys, optarg);
		else if (!server_option(c, optarg))
			exit(EXIT_UNCHECKED);
	}
	if (optind < argc)
		*conninfo = argv[optind++];
	if (proving->first < 0 || optind < argc)
		fail(EXIT_UNCHECKED, "proof needs --seq SEQ, and at most a connection string");
	if (sealed && proving->chosen)
		fail(EXIT_UNCHECKED, "proof takes --sealed or --open, not both");
	if (sealed)
		proving->open = 0;
	if (!proving->many)
		proving->last = proving->first;
	else if (proving->out == NULL || proving->last < proving->first)
		fail(EXIT_UNCHECKED, "proof --to needs --out DIR, and is not before --seq");
}

/* All proofs come in one answer; each is checked with its row. */
static void
prove_run(Proving *proving, int64_t first, int64_t last)
{
	PGresult   *proofs = server_inclusion_proofs(proving->conn, first, last, proving->checkpoint.size);
	Rows	   *rows = rows_begin(proving->conn, first, last);
	int64_t		next = first;
	CgLeaf		leaf;

	while (rows_next(rows, &leaf))
	{
		if (leaf.seq < next || leaf.seq > last)
			fail(EXIT_TAMPERED, "row %lld is there twice, or was not asked for", (long long) leaf.seq);
		next = leaf.seq + 1;
		proving->file.index = (uint64_t) leaf.seq;
		proving->file.count = server_inclusion_proof(proofs, leaf.seq - first, proving->file.proof);
		put_proof(proving, &leaf);
	}
	PQclear(proofs);
}

static void
put_proof(Proving *proving, const CgLeaf *leaf)
{
	CgBytes		row = {0};
	CgBytes		extra = {0};
	CgBytes		text = {0};

	put_proved_row(proving, leaf, &row);
	cg_bytes_put_base64(&extra, row.data, row.length);
	proving->file.extra = (char *) extra.data;
	proving->file.extra_length = extra.length;
	cg_note_put_proof(&text, &proving->file);
	if (row.failed || extra.failed || text.failed)
		fail(EXIT_UNCHECKED, "out of memory");
	/* The file is checked here in the same way as an auditor will check it. */
	proof_check("the proof", (char *) text.data, text.length, &proving->keys, &proving->policy, false);
	put_output(proving, &text);
	proving->proved++;
	cg_bytes_free(&row);
	cg_bytes_free(&extra);
	cg_bytes_free(&text);
}

/* Appends the leaf, and the openings of the chosen groups that are not erased. */
static void
put_proved_row(const Proving *proving, const CgLeaf *leaf, CgBytes *out)
{
	CgLeafResult result = cg_leaf_encode(&hasher, leaf, out);

	if (result == CG_LEAF_BAD_VERSION && leaf->version > cg_leaf_newest_version())
		later_fail(leaf);
	if (result == CG_LEAF_BAD_EVENT)
		fail(EXIT_UNCHECKED, "row %lld: an event that this contact-guard (version %s) does not know: verify tells a newer server from a changed row",
			 (long long) leaf->seq, CG_VERSION);
	if (result != CG_LEAF_OK)
		fail(EXIT_TAMPERED, "row %lld: %s", (long long) leaf->seq, cg_leaf_message(result));
	/* Who chooses what is opened does not want the rest to be seen. */
	if (proving->chosen && !opens_group(proving, CG_LEAF_EXECUTION) && !cg_leaf_has_group(leaf->version, CG_LEAF_EXECUTION))
		fail(EXIT_UNCHECKED, "row %lld has a leaf of version %d, which shows reason, session and statement: only --open execution, too, proves it",
			 (long long) leaf->seq, leaf->version);
	for (int i = 0; i < GROUPS; i++)
	{
		if (opens_group(proving, groups[i].group) && cg_leaf_has_group(leaf->version, groups[i].group) &&
			cg_leaf_salt(leaf, groups[i].group) != NULL)
			proof_put_opening(out, leaf, groups[i].group);
	}
}

static bool
opens_group(const Proving *proving, int group)
{
	for (int i = 0; i < GROUPS; i++)
	{
		if (groups[i].group == group)
			return (proving->open & 1 << i) != 0;
	}
	return false;
}

void
proof_put_opening(CgBytes *out, const CgLeaf *leaf, int group)
{
	CgBytes		fields = {0};

	cg_leaf_put_group(&fields, leaf, group);
	cg_bytes_put_uint16(out, (uint16_t) group);
	cg_bytes_put(out, cg_leaf_salt(leaf, group), CG_SALT_LENGTH);
	cg_bytes_put_uint32(out, (uint32_t) fields.length);
	cg_bytes_put(out, fields.data, fields.length);
	if (fields.failed)
		fail(EXIT_UNCHECKED, "out of memory");
	cg_bytes_free(&fields);
}

static void
put_output(const Proving *proving, const CgBytes *text)
{
	char		name[64];
	char	   *path;

	if (proving->out == NULL)
		fwrite(text->data, 1, text->length, stdout);
	else if (!proving->many)
		file_write(proving->out, text->data, text->length);
	else
	{
		snprintf(name, sizeof(name), "%llu.tlog-proof", (unsigned long long) proving->file.index);
		path = file_path(proving->out, name);
		file_write_later(path, text->data, text->length);
		free(path);
	}
}

int
run_check_proof(int argc, char **argv)
{
	static const struct option names[] = {
		{"vkey", required_argument, NULL, 'k'}, {"policy", required_argument, NULL, 'p'}, {0}
	};
	static Keys keys;
	static Policy policy;
	size_t		length;
	char	   *data;
	int			c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
	{
		if (c == 'k')
			keys_add(&keys, optarg);
		else if (c == 'p')
			policy_read(&policy, &keys, optarg);
		else
			return EXIT_UNCHECKED;
	}
	if (optind != argc - 1 || keys_empty(&keys))
		fail(EXIT_UNCHECKED, "check-proof needs a file, and --vkey KEY|FILE or --policy FILE");
	data = file_read(argv[optind], &length);
	proof_check(argv[optind], data, length, &keys, &policy, true);
	return EXIT_GOOD;
}

void
proof_check(const char *path, const char *data, size_t length, const Keys *keys, const Policy *policy, bool show)
{
	static CgProofFile file;
	CgNote		note;
	CgCheckpoint checkpoint;
	CgBytes		row = {0};
	uint8_t		hash[CG_HASH_LENGTH];
	size_t		leaf_length;
	int			version;
	const char *wrong;

	if (cg_note_parse_proof(data, length, &file) != CG_NOTE_OK)
		fail(EXIT_UNCHECKED, "\"%s\": not a proof file", path);
	if (file.extra == NULL || !cg_bytes_decode_base64(file.extra, file.extra_length, &row))
		fail(EXIT_UNCHECKED, "\"%s\": does not say what it proves", path);
	wrong = keys_check(keys, file.note, file.note_length, &note, &checkpoint);
	if (wrong != NULL)
		fail(EXIT_TAMPERED, "\"%s\": its checkpoint: %s", path, wrong);
	if (!policy_met(policy, &note, 0))
		fail(EXIT_UNCHECKED, "\"%s\": not enough witnesses of the policy have cosigned its checkpoint", path);
	leaf_length = leaf_measure(row.data, row.length, file.index, &version);
	if (leaf_length == 0)
		fail(EXIT_TAMPERED, "\"%s\": what it proves is not row %llu", path, (unsigned long long) file.index);
	if (cg_hasher_leaf(&hasher, row.data, leaf_length, hash) != CG_MERKLE_OK ||
		cg_merkleverify_inclusion(&hasher, file.index, checkpoint.size, hash,
								   (const uint8_t (*)[CG_HASH_LENGTH]) file.proof, file.count,
								   checkpoint.root) != CG_MERKLE_OK)
		fail(EXIT_TAMPERED, "\"%s\": the row is not in the log that was signed", path);
	wrong = openings_check(row.data, leaf_length, row.length);
	if (wrong != NULL)
		fail(EXIT_TAMPERED, "\"%s\": %s", path, wrong);
	if (show)
	{
		printf("row %llu of %llu in %s:\n", (unsigned long long) file.index,
			   (unsigned long long) checkpoint.size, checkpoint.origin);
		row_show(row.data, leaf_length, row.length);
		policy_print(policy, &note);
		if (cg_leaf_fields(version) == 0)
			fail(EXIT_UNCHECKED, "the row is in the log that was signed, but its leaf is of version %d, which this contact-guard (version %s) does not know: a newer one must say what it says",
				 version, CG_VERSION);
		printf("good\n");
	}
	cg_bytes_free(&row);
}
