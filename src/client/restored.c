/*
 * restored.c
 *		contact-guard verify: rows of other logs, which dumps have brought.
 *
 * They are in no tree of this database.  The record of their coming is, and has their hash.
 * This program reads the rows and computes the hash itself.  Only where the database has an
 * encoding that this program cannot write, the server must compute it: then what was changed
 * in the table shows, and not what a server answers that lies.
 */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

#include "common/restored.h"
#include "question.h"
#include "restoredhash.h"

/* What a record of their coming, or of their purge or erasure, begins with: src/log/brought.h */
#define CAME "a dump was restored: "
#define REMOVED "restored records were purged or erased; "
#define ROWS_AT_A_TIME "2000"

/* Microseconds from 1970-01-01 to 2000-01-01, PostgreSQL's epoch */
#define EPOCH_OFFSET UINT64_C(946684800000000)

/* The columns in the order of CG_RESTORED_SQL, and then what a question needs */
#define RESTORED_CURSOR \
	"DECLARE contact_guard_restored NO SCROLL CURSOR FOR SELECT r.origin, r.seq, r.read_at, r.event, r.actor, r.login, " \
	"r.relation, r.columns, r.customer, r.count, r.intervention, r.closed_at, r.purpose, r.reason, r.client, r.application, " \
	"r.session, r.statement, r.query_id, r.customer_salt, r.actor_salt, r.customer_commitment, r.actor_commitment, " \
	"r.leaf_version::pg_catalog.int8, r.identity, r.technician, r.opens_at, r.closes_at, r.previous_opens_at, r.previous_closes_at, " \
	"r.execution_salt, q.query, r.origin = contact_guard.journal_origin() " \
	"FROM contact_guard.restored_log r LEFT JOIN contact_guard.query_text q ON q.query_id = r.query_id " \
	"ORDER BY r.origin COLLATE \"C\", r.seq"
#define RESTORED_QUERY 31
#define RESTORED_OWN 32
#define RESTORED_COLUMNS 33

/* What a record says of restored rows, if it is the signed one */
typedef struct Claim
{
	int64_t		seq;
	char		now[120];		/* or "": version 1.0 did not record the hash */
} Claim;

/* Those of the present chunk */
static struct
{
	Claim	   *claims;
	int			count;
	int			room;
}			noted;

static bool begins_with(CgLeafText text, const char *beginning);
static bool is_hash_text(const char *text, size_t length);
static bool can_compute(PGconn *conn);
static void ask_now(Verify *verify);
static void read_restored_rows(Verify *verify);
static CgLeafText restored_value(const PGresult *result, int at, int column);
static void take_restored_row(const PGresult *result, int at, RestoredRow *row);
static const int64_t *take_window_time(CgLeafText value, int64_t *place);
static const int64_t *take_integer(CgLeafText value, uint64_t offset, int64_t *place);
static void ask_about(Verify *verify, const RestoredRow *row, CgLeafText query, bool own);

void
note_restored(const CgLeaf *leaf)
{
	Claim	   *claim;
	const char *now;
	size_t		length = 0;

	if (leaf->event != CG_EVENT_EPOCH || !(begins_with(leaf->reason, CAME) || begins_with(leaf->reason, REMOVED)))
		return;
	if (noted.count == noted.room)
	{
		noted.room = noted.room == 0 ? 16 : 2 * noted.room;
		noted.claims = reallocate(noted.claims, (size_t) noted.room * sizeof(Claim));
	}
	claim = &noted.claims[noted.count++];
	*claim = (Claim) {.seq = leaf->seq};
	now = memmem(leaf->reason.data, leaf->reason.length, CG_RESTORED_NOW, strlen(CG_RESTORED_NOW));
	if (now != NULL)
	{
		now += strlen(CG_RESTORED_NOW);
		length = (size_t) (leaf->reason.data + leaf->reason.length - now);
	}
	if (is_hash_text(now, length))
		snprintf(claim->now, sizeof(claim->now), "%.*s", (int) length, now);
}

void
settle_restored(Verify *verify, bool (*is_trusted) (const Verify *verify, int64_t seq))
{
	for (int i = 0; i < noted.count; i++)
	{
		const Claim *claim = &noted.claims[i];

		if (!is_trusted(verify, claim->seq))
			continue;
		verify->restored_came = true;
		if (claim->now[0] == '\0')
			continue;
		memcpy(verify->restored, claim->now, sizeof(verify->restored));
		verify->restored_seq = claim->seq;
	}
	noted.count = 0;
}

static bool
begins_with(CgLeafText text, const char *beginning)
{
	return text.data != NULL && text.length >= strlen(beginning) && memcmp(text.data, beginning, strlen(beginning)) == 0;
}

/* "N rows, SHA-256 HEX" */
static bool
is_hash_text(const char *text, size_t length)
{
	static const char middle[] = " rows, SHA-256 ";
	size_t		at = 0;

	while (at < length && text[at] >= '0' && text[at] <= '9')
		at++;
	if (at == 0 || at > 19 || length != at + strlen(middle) + 2 * CG_HASH_LENGTH || memcmp(text + at, middle, strlen(middle)) != 0)
		return false;
	for (at += strlen(middle); at < length; at++)
	{
		if (!((text[at] >= '0' && text[at] <= '9') || (text[at] >= 'a' && text[at] <= 'f')))
			return false;
	}
	return true;
}

/* The hash is of texts in the encoding of the database. */
static bool
can_compute(PGconn *conn)
{
	const char *encoding = PQparameterStatus(conn, "server_encoding");

	return encoding != NULL && (strcmp(encoding, "UTF8") == 0 || strcmp(encoding, "SQL_ASCII") == 0);
}

void
read_restored(Verify *verify)
{
	PGresult   *result;
	const char *state;

	server_command(verify->stream, "SAVEPOINT contact_guard_restored");
	result = server_execute(verify->stream, RESTORED_CURSOR, 0, NULL);
	if (PQresultStatus(result) == PGRES_COMMAND_OK)
	{
		read_restored_rows(verify);
		server_command(verify->stream, "CLOSE contact_guard_restored");
		if (!can_compute(verify->stream))
			ask_now(verify);
	}
	else
	{
		/* A server of version 1.0 does not have all of these names. */
		state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
		if (verify->question != NULL || state == NULL ||
			(strcmp(state, "42703") != 0 && strcmp(state, "42883") != 0 && strcmp(state, "42P01") != 0))
			server_require(verify->stream, result, PGRES_COMMAND_OK);
		server_command(verify->stream, "ROLLBACK TO SAVEPOINT contact_guard_restored");
	}
	PQclear(result);
}

/* The server's own word */
static void
ask_now(Verify *verify)
{
	PGresult   *result = server_execute(verify->stream, CG_RESTORED_SQL, 0, NULL);

	server_require(verify->stream, result, PGRES_TUPLES_OK);
	if (PQntuples(result) != 1 || PQnfields(result) != 1 || !is_hash_text(PQgetvalue(result, 0, 0), (size_t) PQgetlength(result, 0, 0)))
		fail(EXIT_UNCHECKED, "the server's answer makes no sense: %s", CG_RESTORED_SQL);
	snprintf(verify->restored_now, sizeof(verify->restored_now), "%s", PQgetvalue(result, 0, 0));
	verify->restored_computed = false;
	PQclear(result);
}

static void
read_restored_rows(Verify *verify)
{
	static RestoredHash hash;
	uint8_t		digest[CG_HASH_LENGTH];
	char		hex[2 * CG_HASH_LENGTH + 1];
	int			count;

	do
	{
		PGresult   *result = server_execute(verify->stream, "FETCH " ROWS_AT_A_TIME " FROM contact_guard_restored", 0, NULL);

		server_require(verify->stream, result, PGRES_TUPLES_OK);
		count = PQntuples(result);
		if (PQnfields(result) != RESTORED_COLUMNS)
			fail(EXIT_UNCHECKED, "the server's answer makes no sense: restored rows");
		for (int i = 0; i < count; i++)
		{
			RestoredRow row;
			CgLeafText	query = restored_value(result, i, RESTORED_QUERY);

			take_restored_row(result, i, &row);
			restored_add(&hash, &row);
			verify->restored_texts += query.data != NULL;
			ask_about(verify, &row, query, PQgetlength(result, i, RESTORED_OWN) == 1 && PQgetvalue(result, i, RESTORED_OWN)[0] == 1);
		}
		PQclear(result);
	} while (count > 0);
	verify->restored_rows = hash.count;
	restored_end(&hash, digest);
	for (int i = 0; i < CG_HASH_LENGTH; i++)
		sprintf(hex + 2 * i, "%02x", digest[i]);
	snprintf(verify->restored_now, sizeof(verify->restored_now), "%lld rows, SHA-256 %s", (long long) hash.count, hex);
	verify->restored_computed = true;
}

static CgLeafText
restored_value(const PGresult *result, int at, int column)
{
	return (CgLeafText) {PQgetisnull(result, at, column) ? NULL : PQgetvalue(result, at, column), (size_t) PQgetlength(result, at, column)};
}

static void
take_restored_row(const PGresult *result, int at, RestoredRow *row)
{
	static CgLeafText *names;
	static int	room;
	static const CgLeafText none;
	CgLeafText	values[RESTORED_QUERY];
	CgLeafText *const texts[RESTORED_QUERY] = {&row->origin, NULL, NULL, &row->event, &row->leaf.actor, &row->leaf.login, &row->leaf.relation,
		NULL, &row->leaf.customer, NULL, &row->leaf.intervention, NULL, &row->leaf.purpose, &row->leaf.reason, &row->leaf.client,
		&row->leaf.application, &row->leaf.session, NULL, NULL, &row->secrets[0], &row->secrets[1], &row->secrets[2],
	&row->secrets[3], NULL, &row->leaf.identity, &row->leaf.technician, NULL, NULL, NULL, NULL, &row->secrets[4]};
	int64_t		version;
	Cursor		array;

	memset(row, 0, sizeof(RestoredRow));
	for (int i = 0; i < RESTORED_QUERY; i++)
	{
		values[i] = restored_value(result, at, i);
		if (texts[i] != NULL)
			*texts[i] = values[i];
	}
	array = cursor_of(values[7].data, values[7].length);
	if (values[7].data != NULL)
	{
		row->leaf.ncolumns = take_array(&array, &names, &room);
		row->leaf.columns = row->leaf.ncolumns > 0 ? names : &none;
	}
	row->leaf.count = take_integer(values[9], 0, &row->integers[0]);
	row->leaf.closed_at = take_integer(values[11], EPOCH_OFFSET, &row->integers[1]);
	row->leaf.statement = take_integer(values[17], 0, &row->integers[2]);
	row->leaf.query_id = take_integer(values[18], 0, &row->integers[3]);
	row->leaf.opens_at = take_window_time(values[26], &row->integers[4]);
	row->leaf.closes_at = take_window_time(values[27], &row->integers[5]);
	row->leaf.previous_opens_at = take_window_time(values[28], &row->integers[6]);
	row->leaf.previous_closes_at = take_window_time(values[29], &row->integers[7]);
	if (take_integer(values[1], 0, &row->leaf.seq) == NULL || take_integer(values[2], EPOCH_OFFSET, &row->leaf.read_at) == NULL ||
		take_integer(values[23], 0, &version) == NULL || row->origin.data == NULL || row->event.data == NULL ||
		(values[7].data != NULL && (array.bad || array.at != array.end)))
		fail(EXIT_UNCHECKED, "the server's answer makes no sense: restored rows");
	row->leaf.version = (int) version;
	row->leaf.event = cg_event_number(row->event.data, row->event.length);
}

/* A bigint or a time; NULL if it is null. */
static const int64_t *
take_integer(CgLeafText value, uint64_t offset, int64_t *place)
{
	if (value.data == NULL)
		return NULL;
	if (value.length != 8)
		fail(EXIT_UNCHECKED, "the server's answer makes no sense: restored rows");
	/* Unsigned, since infinity wraps around. */
	*place = (int64_t) (cg_bytes_get_uint64((const uint8_t *) value.data) + offset);
	return place;
}

/* It may be infinite. */
static const int64_t *
take_window_time(CgLeafText value, int64_t *place)
{
	if (take_integer(value, 0, place) == NULL)
		return NULL;
	*place = time_since_1970(*place);
	return place;
}

/* In the views, the session of a restored row has its origin in front: concat_ws(). */
static void
ask_about(Verify *verify, const RestoredRow *row, CgLeafText query, bool own)
{
	static CgBytes session;
	CgLeaf		leaf = row->leaf;

	if (verify->question == NULL)
		return;
	if (!own || verify->question->kind->asked != ASKED_AFTER_CLOSE)
	{
		cg_bytes_reset(&session);
		cg_bytes_put(&session, row->origin.data, row->origin.length);
		if (leaf.session.data != NULL)
		{
			cg_bytes_put_text(&session, ":");
			cg_bytes_put(&session, leaf.session.data, leaf.session.length);
		}
		if (session.failed)
			fail(EXIT_UNCHECKED, "out of memory");
		leaf.session = (CgLeafText) {(const char *) session.data, session.length};
	}
	question_take(verify->question, &leaf, query, PROOF_RESTORED);
}

bool
restored_proved(const Verify *verify)
{
	return verify->restored_computed && verify->restored[0] != '\0' && strcmp(verify->restored_now, verify->restored) == 0;
}

/* Rows that nothing explains: no record of their coming, or they are not those that it names. */
bool
restored_unexplained(const Verify *verify)
{
	if (verify->restored_now[0] == '\0')
		return false;
	if (verify->restored[0] == '\0')
		return verify->restored_rows > 0 && !verify->restored_came;
	return strcmp(verify->restored_now, verify->restored) != 0;
}

void
report_restored(Verify *verify)
{
	if (verify->restored_now[0] == '\0')
	{
		if (verify->restored_came)
			printf("restored rows: the server does not show them\n");
		return;
	}
	if (restored_unexplained(verify) && verify->restored[0] == '\0')
		find(verify, -1, "%lld restored rows are there, and no record says that they came", (long long) verify->restored_rows);
	else if (restored_unexplained(verify))
		find(verify, -1, "the restored rows are not those of record seq %lld (%s): %s",
			 (long long) verify->restored_seq, verify->restored, verify->restored_now);
	else if (verify->restored_rows > 0 || verify->restored[0] != '\0')
	{
		printf("restored rows are outside of this tree: %lld rows", (long long) verify->restored_rows);
		if (verify->restored[0] == '\0')
			printf("; no record says what they were when they came\n");
		else
			printf(", which are those of record seq %lld%s\n", (long long) verify->restored_seq,
				   verify->restored_computed ? "" : ", as the server says");
		if (verify->restored_texts > 0)
			printf("the texts of their statements are not proved: no record has a hash of the %lld that are there\n",
				   (long long) verify->restored_texts);
	}
}
