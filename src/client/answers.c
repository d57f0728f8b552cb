/*
 * answers.c
 *		Makes the answers of questions from the rows that were taken.
 *
 * As who_read(), reads_by(), withheld_attempts() and reads_after_close() do in SQL.
 */
#include "question.h"

#include <stdlib.h>

/* A line of withheld_attempts() */
typedef struct Total
{
	const char *actor;
	int64_t		attempts;
	int64_t		targeted;
	int64_t		targeted_customers;
	int64_t		customers;
	int64_t		more;
	int64_t		first_at;
	int64_t		last_at;
} Total;

static bool has_proof(Proof proof, bool signed_only, bool restored);
static void answer_rows(const Question *question, Entry **entries, int64_t count, bool signed_only, Lines *lines);
static void answer_withheld(Entry **entries, int64_t count, Lines *lines);
static void mark_executions(Entry **entries, int64_t count);
static void answer_after_close(const Question *question, Entry **entries, int64_t count, bool signed_only, bool restored, Lines *lines);
static const Seen *last_seen(const Question *question, const Entry *entry, bool signed_only, bool restored);
static int	compare_times(const void *a, const void *b);
static int	compare_seqs(const void *a, const void *b);
static int	compare_executions(const void *a, const void *b);
static int	compare_customers(const void *a, const void *b);
static int	compare_totals(const void *a, const void *b);
static int	compare_seen(const void *a, const void *b);

static bool
has_proof(Proof proof, bool signed_only, bool restored)
{
	return !signed_only || proof == PROOF_SIGNED || (restored && proof == PROOF_RESTORED);
}

int64_t
question_answer(Question *question, bool signed_only, bool restored, Lines *lines)
{
	Entry	  **entries = allocate((size_t) question->count * sizeof(Entry *));
	int64_t		count = 0;

	for (int64_t i = 0; i < question->count; i++)
	{
		if (has_proof(question->entries[i].proof, signed_only, restored))
			entries[count++] = &question->entries[i];
	}
	if (question->kind->asked == ASKED_WITHHELD)
		answer_withheld(entries, count, lines);
	else if (question->kind->asked == ASKED_AFTER_CLOSE)
	{
		if (question->nseen > 0)
			qsort(question->seen, (size_t) question->nseen, sizeof(Seen), compare_seen);
		answer_after_close(question, entries, count, signed_only, restored, lines);
	}
	else
		answer_rows(question, entries, count, signed_only, lines);
	free(entries);
	return question->count - count;
}

static void
answer_rows(const Question *question, Entry **entries, int64_t count, bool signed_only, Lines *lines)
{
	qsort(entries, (size_t) count, sizeof(Entry *), question->kind->asked == ASKED_WHO_READ ? compare_times : compare_seqs);
	for (int64_t i = 0; i < count; i++)
		lines_add(lines, strdup(signed_only && entries[i]->marked != NULL ? entries[i]->marked : entries[i]->line));
}

static void
answer_withheld(Entry **entries, int64_t count, Lines *lines)
{
	Total	   *totals = allocate((size_t) count * sizeof(Total));
	int64_t		ntotals = 0;
	bool		target = false;

	mark_executions(entries, count);
	qsort(entries, (size_t) count, sizeof(Entry *), compare_customers);
	for (int64_t i = 0; i < count; i++)
	{
		const Entry *entry = entries[i];
		bool		other_actor = i == 0 || strcmp(entry->line, entries[i - 1]->line) != 0;
		bool		other = other_actor || memcmp(entry->customer, entries[i - 1]->customer, DIGEST) != 0;
		Total	   *total;

		if (other_actor)
			totals[ntotals++] = (Total) {.actor = entry->line, .first_at = entry->read_at, .last_at = entry->read_at};
		total = &totals[ntotals - 1];
		total->attempts += entry->first;
		total->targeted += entry->first && entry->target;
		total->customers += other && entry->named;
		if (!entry->named)
			total->more = (int64_t) ((uint64_t) total->more + (uint64_t) entry->count);
		target = target && !other;
		total->targeted_customers += entry->target && !target;
		target = target || entry->target;
		total->first_at = entry->read_at < total->first_at ? entry->read_at : total->first_at;
		total->last_at = entry->read_at > total->last_at ? entry->read_at : total->last_at;
	}
	qsort(totals, (size_t) ntotals, sizeof(Total), compare_totals);
	for (int64_t i = 0; i < ntotals; i++)
	{
		const Total *total = &totals[i];
		char	   *line = NULL;
		size_t		length;
		FILE	   *out = open_memstream(&line, &length);

		if (out == NULL)
			fail(EXIT_UNCHECKED, "out of memory");
		fprintf(out, "%s\t%lld\t%lld\t%lld\t%lld\t%lld\t", total->actor, (long long) total->attempts, (long long) total->targeted,
				(long long) total->targeted_customers, (long long) total->customers, (long long) total->more);
		cell_put_time(out, &total->first_at);
		fputc('\t', out);
		cell_put_time(out, &total->last_at);
		if (fclose(out) != 0)
			fail(EXIT_UNCHECKED, "out of memory");
		lines_add(lines, line);
	}
	free(totals);
}

/* Marks the first entry of each execution, and all entries of those that named one customer. */
static void
mark_executions(Entry **entries, int64_t count)
{
	int64_t		end;

	qsort(entries, (size_t) count, sizeof(Entry *), compare_executions);
	for (int64_t first = 0; first < count; first = end)
	{
		bool		target = entries[first]->named;

		for (end = first + 1; end < count && strcmp(entries[first]->line, entries[end]->line) == 0 &&
			 memcmp(entries[first]->key, entries[end]->key, DIGEST) == 0; end++)
			target = target && entries[end]->named && memcmp(entries[first]->customer, entries[end]->customer, DIGEST) == 0;
		for (int64_t i = first; i < end; i++)
		{
			entries[i]->first = i == first;
			entries[i]->target = target;
		}
	}
}

static void
answer_after_close(const Question *question, Entry **entries, int64_t count, bool signed_only, bool restored, Lines *lines)
{
	qsort(entries, (size_t) count, sizeof(Entry *), compare_seqs);
	for (int64_t i = 0; i < count; i++)
	{
		const Entry *entry = entries[i];
		const Seen *seen = entry->closed ? NULL : last_seen(question, entry, signed_only, restored);
		int64_t		closed_at = seen != NULL ? seen->read_at : entry->closed_at;
		char	   *line = NULL;
		size_t		length;
		FILE	   *out;

		if (!entry->closed && seen == NULL)
			continue;
		out = open_memstream(&line, &length);
		if (out == NULL)
			fail(EXIT_UNCHECKED, "out of memory");
		fprintf(out, "%s\t", entry->line);
		cell_put_time(out, &closed_at);
		fputc('\t', out);
		cell_put_span(out, (int64_t) ((uint64_t) entry->read_at - (uint64_t) closed_at));
		fprintf(out, "\t%s", entry->rest);
		if (fclose(out) != 0)
			fail(EXIT_UNCHECKED, "out of memory");
		lines_add(lines, line);
	}
}

/* The last row that was shown at the entry's visit until then; NULL if there is none. */
static const Seen *
last_seen(const Question *question, const Entry *entry, bool signed_only, bool restored)
{
	int64_t		first = 0;
	int64_t		end = question->nseen;

	/* The first that comes behind it */
	while (first < end)
	{
		int64_t		middle = first + (end - first) / 2;
		int			order = memcmp(question->seen[middle].visit, entry->key, DIGEST);

		if (order < 0 || (order == 0 && question->seen[middle].read_at <= entry->read_at))
			first = middle + 1;
		else
			end = middle;
	}
	while (entry->named && first-- > 0 && memcmp(question->seen[first].visit, entry->key, DIGEST) == 0)
	{
		if (has_proof((Proof) (question->seen[first].seq_proof & 3), signed_only, restored))
			return &question->seen[first];
	}
	return NULL;
}

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static int
compare_seqs(const void *a, const void *b)
{
	const Entry *left = *(Entry *const *) a;
	const Entry *right = *(Entry *const *) b;
	int			order = ORDER(left->seq, right->seq);

	return order != 0 ? order : strcmp(left->line, right->line);
}

static int
compare_times(const void *a, const void *b)
{
	const Entry *left = *(Entry *const *) a;
	const Entry *right = *(Entry *const *) b;
	int			order = ORDER(left->read_at, right->read_at);

	return order != 0 ? order : compare_seqs(a, b);
}

static int
compare_executions(const void *a, const void *b)
{
	const Entry *left = *(Entry *const *) a;
	const Entry *right = *(Entry *const *) b;
	int			order = strcmp(left->line, right->line);

	return order != 0 ? order : memcmp(left->key, right->key, DIGEST);
}

static int
compare_customers(const void *a, const void *b)
{
	const Entry *left = *(Entry *const *) a;
	const Entry *right = *(Entry *const *) b;
	int			order = strcmp(left->line, right->line);

	return order != 0 ? order : memcmp(left->customer, right->customer, DIGEST);
}

static int
compare_totals(const void *a, const void *b)
{
	const Total *left = a;
	const Total *right = b;
	int			order = ORDER(right->targeted_customers, left->targeted_customers);

	order = order != 0 ? order : ORDER(right->targeted, left->targeted);
	order = order != 0 ? order : ORDER(right->attempts, left->attempts);
	return order != 0 ? order : strcmp(left->actor, right->actor);
}

static int
compare_seen(const void *a, const void *b)
{
	const Seen *left = a;
	const Seen *right = b;
	int			order = memcmp(left->visit, right->visit, DIGEST);

	return order != 0 ? order : ORDER(left->read_at, right->read_at);
}

void
lines_add(Lines *lines, char *line)
{
	if (line == NULL)
		fail(EXIT_UNCHECKED, "out of memory");
	if (lines->count == lines->room)
	{
		lines->room = lines->room == 0 ? 64 : 2 * lines->room;
		lines->lines = reallocate(lines->lines, (size_t) lines->room * sizeof(char *));
	}
	lines->lines[lines->count++] = line;
}

void
lines_free(Lines *lines)
{
	for (int64_t i = 0; i < lines->count; i++)
		free(lines->lines[i]);
	free(lines->lines);
	*lines = (Lines) {0};
}
