/*
 * subjectproof.c
 *		Proofs for a customer: his key is open, and who has read is not.
 *
 * The file is one of contact-guard proof (proof.c), with the opening of the customer alone.  It
 * is checked here as check-proof will check it; and what the report says of the row must be what
 * its leaf says.
 */
#include "subject.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "proof.h"

/* How long the newest rows are waited for, whose checkpoint may not be signed yet */
#define PATIENCE 60
#define POLL_NANOSECONDS 200000000

static bool server_signs(Subject *subject);
static void await_checkpoint(Subject *subject, int64_t last, CgNote *note);
static void prove_row(Subject *subject, SubjectRow *row);
static void require_same(const SubjectRow *row);

/* A server that has no key signs nothing, and the report is a statement only. */
static bool
server_signs(Subject *subject)
{
	PGresult   *result = server_execute(subject->conn, "SELECT contact_guard.checkpoint() IS NOT NULL", 0, NULL);
	bool		signs;

	server_require(subject->conn, result, PGRES_TUPLES_OK);
	signs = PQntuples(result) == 1 && PQgetlength(result, 0, 0) == 1 && PQgetvalue(result, 0, 0)[0] == 1;
	PQclear(result);
	return signs;
}

static void
await_checkpoint(Subject *subject, int64_t last, CgNote *note)
{
	struct timespec pause = {0, POLL_NANOSECONDS};
	time_t		until = time(NULL) + PATIENCE;

	for (;;)
	{
		subject->note = policy_checkpoint(subject->conn, &subject->policy, &subject->keys, 0, note, &subject->checkpoint);
		if ((int64_t) subject->checkpoint.size > last || time(NULL) >= until)
			return;
		free(subject->note);
		nanosleep(&pause, NULL);
	}
}

void
subject_prove(Subject *subject)
{
	char	   *folder = file_path(subject->folder, "proofs");
	CgNote		note;
	int64_t		last = -1;

	for (int64_t i = 0; i < subject->count; i++)
		if (subject->rows[i].leaf.data != NULL && subject->rows[i].seq > last)
			last = subject->rows[i].seq;
	if (!server_signs(subject))
	{
		free(folder);
		return;
	}
	if (keys_empty(&subject->keys))
		server_keys(subject->conn, &subject->keys);
	await_checkpoint(subject, last, &note);
	if (mkdir(folder, 0700) != 0)
		fail(EXIT_UNCHECKED, "could not create \"%s\": %s", folder, strerror(errno));
	for (int64_t i = 0; i < subject->count; i++)
	{
		if (subject->rows[i].leaf.data != NULL && (uint64_t) subject->rows[i].seq < subject->checkpoint.size)
			prove_row(subject, &subject->rows[i]);
		progress_show(i + 1, subject->count);
	}
	progress_clear();
	free(folder);
}

static void
prove_row(Subject *subject, SubjectRow *row)
{
	/* The group of the customer is the same in all versions. */
	CgLeaf		subject_of = {.version = CG_LEAF_FIRST_VERSION, .customer = {row->customer, strlen(row->customer)}};
	CgProofFile file = {.index = (uint64_t) row->seq, .note = subject->note, .note_length = strlen(subject->note)};
	CgBytes		proved = {0};
	CgBytes		extra = {0};
	CgBytes		text = {0};
	char		name[64];
	char	   *path;

	if (row->salt.data == NULL || row->salt.length != CG_SALT_LENGTH)
		fail(EXIT_UNCHECKED, "the server's answer makes no sense: row %lld has no salt", (long long) row->seq);
	require_same(row);
	subject_of.customer_salt = (const uint8_t *) row->salt.data;
	cg_bytes_put(&proved, row->leaf.data, row->leaf.length);
	proof_put_opening(&proved, &subject_of, CG_LEAF_CUSTOMER);
	cg_bytes_put_base64(&extra, proved.data, proved.length);
	file.extra = (char *) extra.data;
	file.extra_length = extra.length;
	file.count = server_proof(subject->conn, "SELECT contact_guard.inclusion_proof($1, $2)", row->seq, (int64_t) subject->checkpoint.size, file.proof);
	cg_note_put_proof(&text, &file);
	if (proved.failed || extra.failed || text.failed)
		fail(EXIT_UNCHECKED, "out of memory");
	proof_check("the proof", (char *) text.data, text.length, &subject->keys, &subject->policy, false);
	subject_proof_name(row, name, sizeof(name));
	path = file_path(subject->folder, name);
	file_write_later(path, text.data, text.length);
	free(path);
	row->proved = true;
	subject->proofs++;
	cg_bytes_free(&proved);
	cg_bytes_free(&extra);
	cg_bytes_free(&text);
}

/* A server could give one row, and the leaf of another one. */
static void
require_same(const SubjectRow *row)
{
	CgLeafReader reader;
	CgLeafField field;
	int			event;
	CgLeafText	said[] = {[5] = {row->relation, 0}, [8] = {row->intervention, 0}, [10] = {row->purpose, 0}};
	bool		same = cg_leafreader_open(&reader, (const uint8_t *) row->leaf.data, row->leaf.length, &event) == CG_LEAF_OK && event == row->number;

	/* contact_guard.subject_report() gives none. */
	if (same && !cg_leaf_has_group(reader.version, CG_LEAF_EXECUTION))
		fail(EXIT_UNCHECKED, "row %lld: the server gave a leaf of version %d, which shows the reader's session", (long long) row->seq, reader.version);
	while (same && cg_leafreader_next(&reader, &field))
	{
		if (field.number == 2)
			same = field.length == 8 && (int64_t) cg_bytes_get_uint64(field.data) == row->microseconds;
		else if (field.number == 5 || field.number == 8 || field.number == 10)
		{
			const char *text = said[field.number].data;

			same = (field.kind == CG_LEAF_NULL) == (text == NULL) &&
				(text == NULL || (strlen(text) == field.length && memcmp(text, field.data, field.length) == 0));
		}
	}
	if (!same || !cg_leafreader_closed(&reader))
		fail(EXIT_TAMPERED, "row %lld: what the server says of it is not what its leaf says", (long long) row->seq);
}
