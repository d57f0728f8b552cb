/*
 * scan.c
 *		contact-guard verify: compares rows with the tree.
 *
 * Rows come in chunks of whole tiles, so that no query on the server takes long.  When a
 * chunk is complete, its tiles are read through another connection, while the server
 * prepares the next chunk.
 */
#include "verify.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_FINDINGS 20

/* A server may send rows without end. */
#define MOST_FINDINGS 1000000

/* The state of a row; or ROW_REFUSED + CgLeafResult. */
enum
{
	ROW_MISSING,
	ROW_PRESENT,
	ROW_LATER,					/* its leaf version is not known here */
	ROW_PROVED,					/* present, and the signed one */
	ROW_DISTRUSTED,				/* not the signed one */
	ROW_REFUSED
};

static int64_t chunk_end(int64_t first, int64_t last);
static void read_chunk(Verify *verify, Rows *rows, int64_t first, int64_t last, bool judge);
static void judge_chunk(Verify *verify, int64_t first, int64_t last, bool judge);
static bool is_proved(void *arg, int64_t seq);
static bool is_trusted(const Verify *verify, int64_t seq);
static void judge_tile(Verify *verify, uint64_t n, int64_t first, int64_t last, bool judge);
static const char *judge_row(Verify *verify, int64_t seq, const uint8_t *stored, bool good, bool rebuilt);
static bool rebuild_tile(Verify *verify, uint64_t n);
static bool is_later(Verify *verify, const CgLeaf *leaf, CgBytes *encoded);
static bool is_later_version(Verify *verify, const CgLeaf *leaf);
static void count_scanned(Verify *verify, const CgLeaf *leaf, uint8_t lacks);
static void measure_silence(Verify *verify, const CgLeaf *leaf);
static void distrust(Verify *verify, int64_t seq);

void
scan_rows(Verify *verify, int64_t first, int64_t last, bool judge)
{
	Rows	   *rows = first > last ? NULL : rows_begin(verify->stream, first, chunk_end(first, last));

	for (int64_t at = first; at <= last;)
	{
		int64_t		end = chunk_end(at, last);

		tiles_prefetch(verify->tiles, (uint64_t) at / CG_TILE_WIDTH, (uint64_t) end / CG_TILE_WIDTH);
		read_chunk(verify, rows, at, end, judge);
		if (end < last)
			rows = rows_begin(verify->stream, end + 1, chunk_end(end + 1, last));
		judge_chunk(verify, at, end, judge);
		progress_show(end - first + 1, last - first + 1);
		at = end + 1;
	}
	progress_clear();
}

static int64_t
chunk_end(int64_t first, int64_t last)
{
	int64_t		end = first / CHUNK_ROWS * CHUNK_ROWS + CHUNK_ROWS - 1;

	return end < last ? end : last;
}

static void
read_chunk(Verify *verify, Rows *rows, int64_t first, int64_t last, bool judge)
{
	static CgBytes encoded;
	int64_t		next = first;
	CgLeaf		leaf;

	verify->begin = (uint64_t) first / CHUNK_ROWS * CHUNK_ROWS;
	memset(verify->state, ROW_MISSING, sizeof(verify->state));
	memset(verify->lacks, LACKS(LOSS_ROW), sizeof(verify->lacks));
	while (rows_next(rows, &leaf))
	{
		uint64_t	at = (uint64_t) leaf.seq - verify->begin;
		CgLeafResult result;

		verify->read_rows += judge;
		if (leaf.seq < next || leaf.seq > last)
		{
			find(verify, leaf.seq, leaf.seq < first || leaf.seq > last ?
				 "a row that was not asked for" : "the row is there twice, or out of order");
			continue;
		}
		next = leaf.seq + 1;
		if (judge)
		{
			measure_silence(verify, &leaf);
			note_position(verify, &leaf);
			note_row_time(verify, &leaf);
		}
		verify->last_seq = leaf.seq;
		verify->last_at = leaf.read_at;
		cg_bytes_reset(&encoded);
		result = cg_leaf_encode(&hasher, &leaf, &encoded);
		if (result == CG_LEAF_BAD_EVENT && is_later(verify, &leaf, &encoded))
			result = CG_LEAF_OK;
		if (result == CG_LEAF_OK &&
			cg_hasher_leaf(&hasher, encoded.data, encoded.length,
						   verify->hashes + at * CG_HASH_LENGTH) != CG_MERKLE_OK)
			result = CG_LEAF_CRYPTO;
		if (result == CG_LEAF_CRYPTO || result == CG_LEAF_MEMORY)
			fail(EXIT_UNCHECKED, "%s", cg_leaf_message(result));
		verify->state[at] = result == CG_LEAF_OK ? ROW_PRESENT : (uint8_t) (ROW_REFUSED + result);
		if (result == CG_LEAF_BAD_VERSION && is_later_version(verify, &leaf))
			verify->state[at] = ROW_LATER;
		/* Rows that such a record removed are neither an error nor a good result. */
		if (verify->state[at] < ROW_REFUSED)
		{
			int			ranges = verify->losses[LOSS_ROW].named.count;

			note_named(verify, &leaf);
			if (judge && leaf.event == CG_EVENT_PURGE)
				note_purge(verify, &leaf, ranges);
			note_restored(&leaf);
			note_hold(verify, &leaf);
			if (judge)
				note_epoch(verify, &leaf);
		}
		verify->lacks[at] = row_lacks(&leaf);
		if (judge)
			count_scanned(verify, &leaf, verify->lacks[at]);
		if (judge && verify->question != NULL)
			question_take(verify->question, &leaf, rows_query(rows), PROOF_NONE);
	}
}

/* Encodes a row with an event of a later version.  Later it is judged like all rows. */
static bool
is_later(Verify *verify, const CgLeaf *leaf, CgBytes *encoded)
{
	int			width;
	bool		good;
	const uint8_t *stored = tiles_get(verify->tiles, 0, (uint64_t) leaf->seq / CG_TILE_WIDTH, &width, &good);

	cg_bytes_reset(encoded);
	if (stored == NULL ||
		!later_encode(leaf, stored + leaf->seq % CG_TILE_WIDTH * CG_HASH_LENGTH, encoded))
		return false;
	if (verify->later++ == 0)
		verify->first_later = leaf->seq;
	return true;
}

/*
 * The row says that its leaf has a version that is not known here.  The first such row must
 * prove that such rows exist.
 */
static bool
is_later_version(Verify *verify, const CgLeaf *leaf)
{
	int			width;
	bool		good;
	const uint8_t *stored;

	if (leaf->version <= cg_leaf_newest_version())
		return false;
	if (verify->later_versions == 0)
	{
		stored = tiles_get(verify->tiles, 0, (uint64_t) leaf->seq / CG_TILE_WIDTH, &width, &good);
		if (stored == NULL || !later_is_leaf(verify->conn, leaf, stored + leaf->seq % CG_TILE_WIDTH * CG_HASH_LENGTH))
			return false;
		verify->first_later_version = leaf->seq;
	}
	verify->later_versions++;
	if (leaf->version > verify->newest_version)
		verify->newest_version = leaf->version;
	return true;
}

static void
count_scanned(Verify *verify, const CgLeaf *leaf, uint8_t lacks)
{
	verify->rows++;
	verify->erased += lacks != 0;
	if (leaf->event == CG_EVENT_START && leaf->count != NULL && *leaf->count > 0)
	{
		verify->offs = *leaf->count > INT64_MAX - verify->offs ? INT64_MAX : verify->offs + *leaf->count;
		verify->last_off = leaf->seq;
		if (verify->noff < SHOWN_OFFS)
			verify->off[verify->noff] = (Off) {leaf->seq, *leaf->count, leaf->closed_at != NULL,
			leaf->closed_at == NULL ? 0 : *leaf->closed_at, leaf->read_at};
		verify->noff++;
	}
}

/*
 * How long nothing was logged before this row.  Rows have the times of their reads, and are
 * logged in the order of their ends: so the latest time of the last few rows counts.  Not that of
 * all: a row that is ahead of the clock would hide every silence behind it.  Where rows are
 * missing nothing is known.
 */
static void
measure_silence(Verify *verify, const CgLeaf *leaf)
{
	int64_t		latest = INT64_MIN;
	uint64_t	step;

	if (verify->last_seq < 0 || leaf->seq != verify->last_seq + 1)
		verify->nrecent = 0;
	for (uint64_t i = 0; i < verify->nrecent && i < RECENT_ROWS; i++)
		latest = verify->recent[i] > latest ? verify->recent[i] : latest;
	/* Unsigned, since a server may send any numbers. */
	step = leaf->read_at > latest ? (uint64_t) leaf->read_at - (uint64_t) latest : 0;
	if (verify->nrecent > 0 && (verify->silence_seq < 0 || step > verify->silence))
	{
		verify->silence = step;
		verify->silence_end = leaf->read_at;
		verify->silence_seq = leaf->seq;
	}
	step = leaf->read_at < latest ? (uint64_t) latest - (uint64_t) leaf->read_at : 0;
	if (step > verify->back)
	{
		verify->back = step;
		verify->back_seq = leaf->seq;
	}
	verify->recent[verify->nrecent++ % RECENT_ROWS] = leaf->read_at;
}

static void
judge_chunk(Verify *verify, int64_t first, int64_t last, bool judge)
{
	for (int64_t at = first; at <= last;)
	{
		int64_t		end = at / CG_TILE_WIDTH * CG_TILE_WIDTH + CG_TILE_WIDTH - 1;

		if (end > last)
			end = last;
		judge_tile(verify, (uint64_t) at / CG_TILE_WIDTH, at, end, judge);
		at = end + 1;
	}
	settle_restored(verify, is_trusted);
	if (judge && verify->question != NULL)
		question_settle(verify->question, is_proved, verify);
}

static bool
is_proved(void *arg, int64_t seq)
{
	const Verify *verify = arg;

	return verify->state[(uint64_t) seq - verify->begin] == ROW_PROVED;
}

/* A row of a later version cannot be judged; then the result is not good. */
static bool
is_trusted(const Verify *verify, int64_t seq)
{
	uint8_t		state = verify->state[(uint64_t) seq - verify->begin];

	return state == ROW_PROVED || state == ROW_LATER;
}

static void
judge_tile(Verify *verify, uint64_t n, int64_t first, int64_t last, bool judge)
{
	int			width;
	bool		good;
	const uint8_t *stored = tiles_get(verify->tiles, 0, n, &width, &good);
	bool		rebuilt = false;
	int64_t		before = verify->findings;

	if (stored == NULL || !good)
		rebuilt = rebuild_tile(verify, n);
	for (int64_t seq = first; seq <= last; seq++)
	{
		const char *what = judge_row(verify, seq, stored, good, rebuilt);

		if (judge && verify->lacks[seq - verify->begin] != 0)
			note_lost(verify, seq, verify->lacks[seq - verify->begin]);
		if (what == NULL)
		{
			if (verify->state[seq - verify->begin] == ROW_PRESENT && (good || rebuilt))
				verify->state[seq - verify->begin] = ROW_PROVED;
			continue;
		}
		distrust(verify, seq);
		if (judge)
			find(verify, seq, "%s", what);
	}
	if (judge && rebuilt)
		find(verify, -1, "tile 0/%llu of the stored tree was changed; the rows under it were not",
			 (unsigned long long) n);
	else if (judge && !good && verify->findings == before)
		find(verify, first, "the row or a later one up to %lld was changed, and the tree with it",
			 (long long) last);
	/* These rows were not signed, so no record among them counts. */
	for (int64_t seq = first; seq <= last && !good && !rebuilt; seq++)
		distrust(verify, seq);
}

/* The problem of a row; NULL if no problem can be seen. */
static const char *
judge_row(Verify *verify, int64_t seq, const uint8_t *stored, bool good, bool rebuilt)
{
	uint64_t	at = (uint64_t) seq - verify->begin;
	int			state = verify->state[at];

	if (state == ROW_MISSING || state == ROW_LATER || (state == ROW_PRESENT && rebuilt))
		return NULL;
	if (state >= ROW_REFUSED)
		return cg_leaf_message((CgLeafResult) (state - ROW_REFUSED));
	if (stored == NULL)
		return "the tree has lost the hash of the row";
	if (memcmp(stored + seq % CG_TILE_WIDTH * CG_HASH_LENGTH, verify->hashes + at * CG_HASH_LENGTH,
			   CG_HASH_LENGTH) == 0)
		return NULL;
	return good ? "the row is not the one that was logged" : "row and tree do not agree";
}

/* If the stored tile is wrong or missing: do the rows make the right one? */
static bool
rebuild_tile(Verify *verify, uint64_t n)
{
	uint64_t	at = n * CG_TILE_WIDTH - verify->begin;

	if ((n + 1) * CG_TILE_WIDTH > verify->checkpoint.size)
		return false;
	for (int i = 0; i < CG_TILE_WIDTH; i++)
	{
		if (verify->state[at + i] != ROW_PRESENT)
			return false;
	}
	return tiles_match(verify->tiles, 0, n, verify->hashes + at * CG_HASH_LENGTH);
}

void
find(Verify *verify, int64_t seq, const char *format,...)
{
	char		what[200];
	va_list		arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	progress_clear();
	if (++verify->findings > MOST_FINDINGS)
		fail(EXIT_TAMPERED, "EVIDENCE OF TAMPERING: more than %d findings, the rest was not looked at", MOST_FINDINGS);
	if (verify->findings <= SHOWN_FINDINGS && seq >= 0)
		printf("seq %lld: %s\n", (long long) seq, what);
	else if (verify->findings <= SHOWN_FINDINGS)
		printf("%s\n", what);
	if (seq >= 0 && (verify->first_bad < 0 || seq < verify->first_bad))
	{
		verify->first_bad = seq;
		memcpy(verify->first_what, what, sizeof(what));
	}
}

static void
distrust(Verify *verify, int64_t seq)
{
	verify->state[(uint64_t) seq - verify->begin] = ROW_DISTRUSTED;
	distrust_named(verify, seq);
	distrust_release(verify, seq);
}
