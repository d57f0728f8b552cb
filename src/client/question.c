/*
 * question.c
 *		The auditor's questions, answered from rows.
 *
 * The answers are those of who_read(), reads_by(), withheld_attempts() and
 * reads_after_close(), as the install script has them.
 */
#include "question.h"

#include <stdlib.h>

static const QuestionColumn who_read[] = {
	{"seq", SHAPE_NUMBER}, {"read_at", SHAPE_TIME}, {"actor", SHAPE_TEXT}, {"login", SHAPE_TEXT},
	{"identity", SHAPE_TEXT}, {"event", SHAPE_TEXT},
	{"relation", SHAPE_TEXT}, {"columns", SHAPE_NAMES}, {"intervention", SHAPE_TEXT}, {"purpose", SHAPE_TEXT},
	{"client", SHAPE_TEXT}, {"application", SHAPE_TEXT}, {"session", SHAPE_TEXT}, {"statement", SHAPE_NUMBER}, {"query", SHAPE_TEXT}
};

static const QuestionColumn reads_by[] = {
	{"seq", SHAPE_NUMBER}, {"read_at", SHAPE_TIME}, {"customer", SHAPE_TEXT}, {"event", SHAPE_TEXT}, {"relation", SHAPE_TEXT},
	{"columns", SHAPE_NAMES}, {"count", SHAPE_NUMBER}, {"intervention", SHAPE_TEXT}, {"purpose", SHAPE_TEXT},
	{"reason", SHAPE_TEXT}, {"identity", SHAPE_TEXT}, {"session", SHAPE_TEXT}, {"statement", SHAPE_NUMBER}, {"query", SHAPE_TEXT}
};

static const QuestionColumn withheld[] = {
	{"actor", SHAPE_TEXT}, {"attempts", SHAPE_NUMBER}, {"targeted", SHAPE_NUMBER}, {"targeted_customers", SHAPE_NUMBER},
	{"customers", SHAPE_NUMBER}, {"more", SHAPE_NUMBER}, {"first_at", SHAPE_TIME}, {"last_at", SHAPE_TIME}
};

static const QuestionColumn after_close[] = {
	{"seq", SHAPE_NUMBER}, {"read_at", SHAPE_TIME}, {"actor", SHAPE_TEXT}, {"customer", SHAPE_TEXT}, {"relation", SHAPE_TEXT},
	{"columns", SHAPE_NAMES}, {"intervention", SHAPE_TEXT}, {"closed_at", SHAPE_TIME}, {"after_close", SHAPE_SPAN},
	{"session", SHAPE_TEXT}, {"statement", SHAPE_NUMBER}
};

#define AFTER_CLOSE_LINE 7		/* so many columns stand in front of closed_at */
#define AFTER_CLOSE_REST 9		/* so many in front of session */

#define NOT_PROVED "(text not proved)"

#define COLUMNS(columns) (int) (sizeof(columns) / sizeof((columns)[0])), columns

static const QuestionKind kinds[] = {
	{ASKED_WHO_READ, "who-read", "who_read", "customer", COLUMNS(who_read)},
	{ASKED_READS_BY, "reads-by", "reads_by", "actor", COLUMNS(reads_by)},
	{ASKED_WITHHELD, "withheld", "withheld_attempts", NULL, COLUMNS(withheld)},
	{ASKED_AFTER_CLOSE, "after-close", "reads_after_close", NULL, COLUMNS(after_close)}
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool is_asked(const Question *question, const CgLeaf *leaf);
static bool is_text(CgLeafText text, const char *other);
static CgLeafText mark_text(CgLeafText query);
static char *make_line(const Question *question, const CgLeaf *leaf, CgLeafText query, int first, int last);
static void put_leaf_column(FILE *out, const char *name, const CgLeaf *leaf, CgLeafText query);
static void take_seen(Question *question, const CgLeaf *leaf, Proof proof);
static void digest_texts(uint8_t *digest, const CgLeafText *texts, int count);

const QuestionKind *
question_kind(const char *command)
{
	for (size_t i = 0; i < KINDS; i++)
	{
		if (strcmp(kinds[i].command, command) == 0)
			return &kinds[i];
	}
	fail(EXIT_UNCHECKED, "no question \"%s\"", command);
}

void
question_take(Question *question, const CgLeaf *leaf, CgLeafText query, Proof proof)
{
	const CgLeafText execution[] = {leaf->session, {(const char *) leaf->statement, leaf->statement == NULL ? 0 : sizeof(int64_t)}};
	const CgLeafText visit[] = {leaf->customer, leaf->actor, leaf->intervention};
	Entry	   *entry;

	if (question->kind->asked == ASKED_AFTER_CLOSE)
		take_seen(question, leaf, proof);
	if (!is_asked(question, leaf))
		return;
	if (question->count == question->room)
	{
		question->room = question->room == 0 ? 64 : 2 * question->room;
		question->entries = reallocate(question->entries, (size_t) question->room * sizeof(Entry));
	}
	entry = &question->entries[question->count++];
	memset(entry, 0, sizeof(Entry));
	entry->seq = leaf->seq;
	entry->read_at = leaf->read_at;
	entry->proof = proof;
	entry->count = leaf->count == NULL ? 0 : *leaf->count;
	entry->named = leaf->customer.data != NULL;
	entry->closed = leaf->closed_at != NULL;
	entry->closed_at = leaf->closed_at == NULL ? 0 : *leaf->closed_at;
	if (question->kind->asked == ASKED_WITHHELD)
	{
		entry->line = make_line(question, leaf, query, 0, 1);
		digest_texts(entry->key, execution, 2);
		digest_texts(entry->customer, &leaf->customer, 1);
	}
	else if (question->kind->asked == ASKED_AFTER_CLOSE)
	{
		entry->line = make_line(question, leaf, query, 0, AFTER_CLOSE_LINE);
		entry->rest = make_line(question, leaf, query, AFTER_CLOSE_REST, question->kind->ncolumns);
		digest_texts(entry->key, visit, 3);
		/* SQL finds no visit of a NULL. */
		entry->named = leaf->customer.data != NULL && leaf->actor.data != NULL;
	}
	else
	{
		entry->line = make_line(question, leaf, query, 0, question->kind->ncolumns);
		/* The hash of restored rows has the number of a statement, and not its text. */
		if (proof == PROOF_RESTORED && (leaf->query_id != NULL || query.data != NULL))
			entry->marked = make_line(question, leaf, mark_text(query), 0, question->kind->ncolumns);
	}
}

static bool
is_asked(const Question *question, const CgLeaf *leaf)
{
	if (leaf->read_at < question->since || leaf->read_at >= question->until)
		return false;
	if (question->kind->asked == ASKED_WHO_READ)
		return leaf->event == CG_EVENT_BULK ||
			((leaf->event == CG_EVENT_SHOWN || leaf->event == CG_EVENT_LOOKUP || leaf->event == CG_EVENT_SEARCHED) && is_text(leaf->customer, question->subject));
	if (question->kind->asked == ASKED_READS_BY)
		return (leaf->event == CG_EVENT_SHOWN || leaf->event == CG_EVENT_WITHHELD || leaf->event == CG_EVENT_LOOKUP ||
				leaf->event == CG_EVENT_SEARCHED || leaf->event == CG_EVENT_BULK) && is_text(leaf->actor, question->subject);
	return leaf->event == CG_EVENT_WITHHELD && (question->kind->asked == ASKED_WITHHELD || leaf->intervention.data != NULL);
}

static bool
is_text(CgLeafText text, const char *other)
{
	return text.data != NULL && text.length == strlen(other) && memcmp(text.data, other, text.length) == 0;
}

/* Valid until the next call */
static CgLeafText
mark_text(CgLeafText query)
{
	static CgBytes marked;

	cg_bytes_reset(&marked);
	cg_bytes_put_text(&marked, NOT_PROVED);
	if (query.data != NULL)
	{
		cg_bytes_put_text(&marked, " ");
		cg_bytes_put(&marked, query.data, query.length);
	}
	if (marked.failed)
		fail(EXIT_UNCHECKED, "out of memory");
	return (CgLeafText) {(const char *) marked.data, marked.length};
}

/* The columns from first to before last, as one line */
static char *
make_line(const Question *question, const CgLeaf *leaf, CgLeafText query, int first, int last)
{
	char	   *line = NULL;
	size_t		length;
	FILE	   *out = open_memstream(&line, &length);

	if (out == NULL)
		fail(EXIT_UNCHECKED, "out of memory");
	for (int i = first; i < last; i++)
	{
		if (i > first)
			fputc('\t', out);
		put_leaf_column(out, question->kind->columns[i].name, leaf, query);
	}
	if (fclose(out) != 0)
		fail(EXIT_UNCHECKED, "out of memory");
	return line;
}

static void
put_leaf_column(FILE *out, const char *name, const CgLeaf *leaf, CgLeafText query)
{
	const char *event = cg_event_name(leaf->event);
	const struct
	{
		const char *name;
		CgLeafText	text;
	}			texts[] = {
		{"actor", leaf->actor}, {"login", leaf->login}, {"identity", leaf->identity}, {"relation", leaf->relation}, {"customer", leaf->customer},
		{"intervention", leaf->intervention}, {"purpose", leaf->purpose}, {"reason", leaf->reason}, {"client", leaf->client},
		{"application", leaf->application}, {"session", leaf->session}, {"query", query},
		{"event", {event, event == NULL ? 0 : strlen(event)}}
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		if (strcmp(name, texts[i].name) == 0)
		{
			cell_put_text(out, texts[i].text);
			return;
		}
	}
	if (strcmp(name, "seq") == 0)
		cell_put_number(out, &leaf->seq);
	else if (strcmp(name, "read_at") == 0)
		cell_put_time(out, &leaf->read_at);
	else if (strcmp(name, "columns") == 0)
		cell_put_names(out, leaf->columns, leaf->ncolumns);
	else
		cell_put_number(out, strcmp(name, "count") == 0 ? leaf->count : leaf->statement);
}

static void
take_seen(Question *question, const CgLeaf *leaf, Proof proof)
{
	const CgLeafText visit[] = {leaf->customer, leaf->actor, leaf->intervention};
	Seen	   *seen;

	if (leaf->event != CG_EVENT_SHOWN || leaf->customer.data == NULL || leaf->actor.data == NULL || leaf->intervention.data == NULL)
		return;
	if (question->nseen == question->seen_room)
	{
		question->seen_room = question->seen_room == 0 ? 1024 : 2 * question->seen_room;
		question->seen = reallocate(question->seen, (size_t) question->seen_room * sizeof(Seen));
	}
	seen = &question->seen[question->nseen++];
	digest_texts(seen->visit, visit, 3);
	seen->read_at = leaf->read_at;
	seen->seq_proof = (uint64_t) leaf->seq << 2 | proof;
}

/* NULL and an empty text differ, and so do two texts that make the same one together. */
static void
digest_texts(uint8_t *digest, const CgLeafText *texts, int count)
{
	static CgBytes bytes;
	uint8_t		hash[CG_HASH_LENGTH];

	cg_bytes_reset(&bytes);
	for (int i = 0; i < count; i++)
	{
		cg_bytes_put_uint8(&bytes, texts[i].data != NULL);
		cg_bytes_put_uint64(&bytes, texts[i].length);
		cg_bytes_put(&bytes, texts[i].data, texts[i].length);
	}
	if (bytes.failed || cg_hasher_digest(&hasher, bytes.data, bytes.length, NULL, 0, hash) != CG_MERKLE_OK)
		fail(EXIT_UNCHECKED, "SHA-256 failed");
	memcpy(digest, hash, DIGEST);
}

void
question_settle(Question *question, bool (*is_proved) (void *arg, int64_t seq), void *arg)
{
	for (int64_t i = question->settled; i < question->count; i++)
	{
		if (is_proved(arg, question->entries[i].seq))
			question->entries[i].proof = PROOF_SIGNED;
	}
	for (int64_t i = question->seen_settled; i < question->nseen; i++)
	{
		if (is_proved(arg, (int64_t) (question->seen[i].seq_proof >> 2)))
			question->seen[i].seq_proof |= PROOF_SIGNED;
	}
	question_leave(question);
}

void
question_leave(Question *question)
{
	question->settled = question->count;
	question->seen_settled = question->nseen;
}
