/*
 * epochs.c
 *		contact-guard verify: where a log has gone on under a new name.
 *
 * The record of event "epoch" that begins the new name has the last note of the old one.  If
 * the tree contains what that note says, nothing that was signed is missing.  If it does not,
 * a failover or a restore has lost records, or somebody has removed them and has begun a new
 * name to hide it.  The log itself cannot tell these apart, so it is said, and is not a
 * finding: a note that was held outside is what proves a loss (--checkpoint, or a witness).
 */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

#define BEGINS "new epoch "
#define LAST "; the last checkpoint of the old one: "

/* So many of those that miss nothing */
#define SHOWN_EPOCHS 20
#define MARK_LENGTH 8

static bool is_mark(const char *text);
static int	split_number(const char *origin, size_t *base);
static bool tree_contains(Verify *verify, const CgCheckpoint *checkpoint);

/* What a failover puts behind the number: no other server gives the same. */
static bool
is_mark(const char *text)
{
	return text[0] == '-' && strlen(text) == 1 + MARK_LENGTH && strspn(text + 1, "0123456789abcdef") == MARK_LENGTH;
}

/* The number behind an origin, from 2 on, and the length of what it stands behind; 1: none. */
static int
split_number(const char *origin, size_t *base)
{
	const char *slash = strrchr(origin, '/');
	size_t		digits;
	int			number;

	*base = strlen(origin);
	if (slash == NULL || slash[1] < '1' || slash[1] > '9')
		return 1;
	digits = strspn(slash + 1, "0123456789");
	if (digits > 9 || (slash[1 + digits] != '\0' && !is_mark(slash + 1 + digits)))
		return 1;
	number = atoi(slash + 1);
	if (number < 2)
		return 1;
	*base = (size_t) (slash - origin);
	return number;
}

bool
epochs_follow(const char *old, const char *new)
{
	size_t		new_base;
	size_t		old_base;
	int			new_number = split_number(new, &new_base);
	int			old_number = split_number(old, &old_base);

	if (new_number == 1)
		return false;
	/* The old name may be a first one that ends in a number of its own. */
	if (strlen(old) == new_base && memcmp(old, new, new_base) == 0)
		return true;
	return old_number > 1 && old_number < new_number && old_base == new_base && memcmp(old, new, new_base) == 0;
}

bool
epochs_part(const char *old, const char *new)
{
	size_t		new_base;
	size_t		old_base;
	int			number = split_number(new, &new_base);

	return number > 1 && number == split_number(old, &old_base) && old_base == new_base &&
		memcmp(old, new, new_base) == 0 && strcmp(old, new) != 0;
}

void
note_epoch(Verify *verify, const CgLeaf *leaf)
{
	const char *note = NULL;
	const char *end;
	const char *reason = leaf->reason.data;
	const char *stop;
	Epoch	   *epoch;

	if (leaf->event != CG_EVENT_EPOCH || reason == NULL || leaf->reason.length < strlen(BEGINS) ||
		memcmp(reason, BEGINS, strlen(BEGINS)) != 0)
		return;
	stop = reason + leaf->reason.length;
	verify->epochs = realloc(verify->epochs, (size_t) (verify->nepochs + 1) * sizeof(Epoch));
	if (verify->epochs == NULL)
		fail(EXIT_UNCHECKED, "out of memory");
	epoch = &verify->epochs[verify->nepochs++];
	*epoch = (Epoch) {.seq = leaf->seq};
	/* An administrator's reason may contain these words, too: the last ones count. */
	for (const char *at = reason; (at = memmem(at, (size_t) (stop - at), LAST, strlen(LAST))) != NULL;)
	{
		at += strlen(LAST);
		note = at;
	}
	if (note == NULL)
		return;
	end = memmem(note, (size_t) (stop - note), "\n\n", 2);
	if (end != NULL)
		stop = end + 1;
	epoch->has_note = cg_note_parse_checkpoint(note, (size_t) (stop - note), &epoch->last) == CG_NOTE_OK &&
		text_is_plain(epoch->last.origin);
}

static bool
tree_contains(Verify *verify, const CgCheckpoint *checkpoint)
{
	uint8_t		root[CG_HASH_LENGTH];

	return checkpoint->size <= verify->checkpoint.size && tiles_root(verify->tiles, checkpoint->size, root) &&
		memcmp(root, checkpoint->root, CG_HASH_LENGTH) == 0;
}

void
check_epochs(Verify *verify)
{
	for (int i = 0; i < verify->nepochs; i++)
		verify->epochs[i].is_here = verify->epochs[i].has_note && tree_contains(verify, &verify->epochs[i].last);
}

void
report_epochs(const Verify *verify)
{
	int			hidden = -SHOWN_EPOCHS;

	for (int i = 0; i < verify->nepochs; i++)
		hidden += verify->epochs[i].is_here;
	if (hidden > 0)
		printf("records of new names that are not shown, since the rows that they say were signed are in this log: %d\n", hidden);
	for (int i = 0; i < verify->nepochs; i++)
	{
		const Epoch *epoch = &verify->epochs[i];

		/* Whoever makes many new names must not hide one that misses rows. */
		if (epoch->is_here && hidden-- > 0)
			continue;
		printf("since record seq %lld the log has a new name: see its reason", (long long) epoch->seq);
		if (!epoch->has_note)
			printf("; it does not say what was signed under the old one\n");
		else if (epoch->is_here)
			printf("; the %llu rows that it says were signed as %s are in this log\n",
				   (unsigned long long) epoch->last.size, epoch->last.origin);
		else
			printf("; NOT ALL of the %llu rows that were signed as %s are in this log: a failover or a restore has lost them, or somebody has removed them\n",
				   (unsigned long long) epoch->last.size, epoch->last.origin);
	}
}
