/*
 * positions.c
 *		contact-guard verify: which WAL the log says was recorded.
 *
 * Each heartbeat says from which position to which one WAL is recorded, and begins where the one
 * before it ended.  A heartbeat that begins later says that the WAL in between was gone when the
 * server started: after a restore without an archive, or because somebody has moved the recorder's
 * position and has removed that WAL.  Which of these is for the reader to judge.
 */
#include "verify.h"

#include <stdio.h>
#include <string.h>

#define MOVED "the stored position of the recorder, "
#define KEY "key "
#define LACKS_ROWS "the log lacks rows "

static bool reason_begins(const CgLeaf *leaf, const char *words);

static bool
reason_begins(const CgLeaf *leaf, const char *words)
{
	return leaf->reason.data != NULL && leaf->reason.length >= strlen(words) &&
		memcmp(leaf->reason.data, words, strlen(words)) == 0;
}

void
note_position(Verify *verify, const CgLeaf *leaf)
{
	Positions  *positions = &verify->positions;
	unsigned int from[2];
	unsigned int to[2];
	char		text[200];

	/* Positions of another journal do not continue these, and a purge may have taken heartbeats. */
	if (leaf->seq != verify->last_seq + 1 ||
		(leaf->event == CG_EVENT_EPOCH &&
		 (reason_begins(leaf, "the journal begins") || reason_begins(leaf, "a copy of the database begins") ||
		  reason_begins(leaf, "the database is in a new cluster"))))
		positions->known = false;
	if (leaf->event == CG_EVENT_GAP && reason_begins(leaf, MOVED) && positions->moved++ == 0)
		positions->moved_seq = leaf->seq;
	if (leaf->event == CG_EVENT_GAP && reason_begins(leaf, KEY) && positions->keys++ == 0)
		positions->keys_seq = leaf->seq;
	if (leaf->event == CG_EVENT_GAP && reason_begins(leaf, LACKS_ROWS) && positions->uncompared++ == 0)
		positions->uncompared_seq = leaf->seq;
	if (leaf->event != CG_EVENT_HEARTBEAT || leaf->reason.data == NULL || leaf->reason.length >= sizeof(text))
		return;
	memcpy(text, leaf->reason.data, leaf->reason.length);
	text[leaf->reason.length] = '\0';
	if (sscanf(text, "WAL from %8X/%8X to %8X/%8X is recorded", &from[0], &from[1], &to[0], &to[1]) != 4)
		return;
	if (positions->known && ((uint64_t) from[0] << 32 | from[1]) > positions->end)
	{
		if (positions->nholes < SHOWN_HOLES)
			positions->holes[positions->nholes] = (Hole) {leaf->seq, positions->end, (uint64_t) from[0] << 32 | from[1]};
		positions->nholes++;
	}
	positions->known = true;
	positions->end = (uint64_t) to[0] << 32 | to[1];
}

void
report_positions(const Verify *verify)
{
	const Positions *positions = &verify->positions;

	if (positions->moved > 0)
		printf("the stored position of the recorder was moved over records %lld time%s; they were recorded nevertheless: see record seq %lld\n",
			   (long long) positions->moved, positions->moved == 1 ? "" : "s", (long long) positions->moved_seq);
	if (positions->keys > 0)
		printf("keys of the journal were taken away %lld time%s: what they had sealed is not recorded; see the records of event gap, the first of them seq %lld\n",
			   (long long) positions->keys, positions->keys == 1 ? "" : "s", (long long) positions->keys_seq);
	if (positions->uncompared > 0)
		printf("WAL was not compared with the log %lld time%s, because rows were missing: see the records of event gap, the first of them seq %lld\n",
			   (long long) positions->uncompared, positions->uncompared == 1 ? "" : "s", (long long) positions->uncompared_seq);
	for (int i = 0; i < positions->nholes && i < SHOWN_HOLES; i++)
	{
		const Hole *hole = &positions->holes[i];

		printf("before seq %lld, nothing says that WAL from %X/%X to %X/%X was recorded: a restore without an archive, or somebody has moved the recorder's position and removed that WAL\n",
			   (long long) hole->seq, (unsigned int) (hole->from >> 32), (unsigned int) hole->from,
			   (unsigned int) (hole->to >> 32), (unsigned int) hole->to);
	}
	if (positions->nholes > SHOWN_HOLES)
		printf("  and %lld more such places\n", (long long) positions->nholes - SHOWN_HOLES);
}
