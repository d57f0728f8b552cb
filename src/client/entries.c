/*
 * entries.c
 *		contact-guard export --entries: the leaves themselves, in bundles of 256.
 *
 * In a bundle each leaf stands behind its length, a uint16 (c2sp.org/tlog-tiles).  Leaves
 * contain commitments in place of personal values: see docs/evidence.md.
 */
#include "export.h"

#include <stdlib.h>

/* The number of bundles that are fetched at a time */
#define RUN_BUNDLES 256

typedef struct Bundle
{
	uint64_t	n;
	int			width;			/* the number of its rows */
	int			next;			/* the index of the next row in it */
	bool		holes;
	CgBytes		data;
} Bundle;

static uint64_t export_run(PGconn *stream, Tiles *tiles, const char *folder, uint64_t first, uint64_t last,
						   uint64_t size);
static bool is_there(const char *folder, uint64_t n, uint64_t size);
static int	bundle_width(uint64_t n, uint64_t size);
static void put_leaf(Bundle *bundle, Tiles *tiles, const CgLeaf *leaf);
static bool finish_entries(Bundle *bundle, const char *folder);

void
export_entries(const char *conninfo, Tiles *tiles, const char *folder, uint64_t size)
{
	PGconn	   *stream = server_connect(conninfo);
	uint64_t	bundles = (size + CG_TILE_WIDTH - 1) / CG_TILE_WIDTH;
	uint64_t	purged = 0;

	for (uint64_t n = 0; n < bundles; n++)
	{
		uint64_t	last = n;

		if (is_there(folder, n, size))
			continue;
		while (last + 1 < bundles && last + 1 - n < RUN_BUNDLES && !is_there(folder, last + 1, size))
			last++;
		purged += export_run(stream, tiles, folder, n, last, size);
		n = last;
		progress_show((int64_t) n + 1, (int64_t) bundles);
	}
	PQfinish(stream);
	progress_clear();
	if (purged > 0)
		printf("%llu bundles of entries left out: rows of theirs are not there any more\n",
			   (unsigned long long) purged);
}

/* Makes the bundles first to last.  Returns how many could not be made. */
static uint64_t
export_run(PGconn *stream, Tiles *tiles, const char *folder, uint64_t first, uint64_t last, uint64_t size)
{
	uint64_t	end = (last + 1) * CG_TILE_WIDTH;
	Rows	   *rows = rows_begin(stream, (int64_t) (first * CG_TILE_WIDTH), (int64_t) (end < size ? end : size) - 1);
	Bundle		bundle = {first, bundle_width(first, size), 0, false, {0}};
	uint64_t	left_out = 0;
	CgLeaf		leaf;

	tiles_prefetch(tiles, first, last);
	while (rows_next(rows, &leaf))
	{
		for (; bundle.n < (uint64_t) leaf.seq / CG_TILE_WIDTH && bundle.n < last;
			 bundle.n++, bundle.width = bundle_width(bundle.n, size))
			left_out += !finish_entries(&bundle, folder);
		put_leaf(&bundle, tiles, &leaf);
	}
	for (; bundle.n <= last; bundle.n++, bundle.width = bundle_width(bundle.n, size))
		left_out += !finish_entries(&bundle, folder);
	cg_bytes_free(&bundle.data);
	return left_out;
}

static bool
is_there(const char *folder, uint64_t n, uint64_t size)
{
	char	   *path = file_tile_path(folder, "entries", n, bundle_width(n, size));
	bool		there = file_exists(path);

	free(path);
	return there;
}

static int
bundle_width(uint64_t n, uint64_t size)
{
	return size - n * CG_TILE_WIDTH < CG_TILE_WIDTH ? (int) (size % CG_TILE_WIDTH) : CG_TILE_WIDTH;
}

static void
put_leaf(Bundle *bundle, Tiles *tiles, const CgLeaf *leaf)
{
	uint64_t	at = (uint64_t) leaf->seq - bundle->n * CG_TILE_WIDTH;
	size_t		start = bundle->data.length;
	uint8_t		hash[CG_HASH_LENGTH];
	CgLeafResult result;
	int			width;
	bool		good;
	const uint8_t *hashes;

	cg_bytes_put_uint16(&bundle->data, 0);
	hashes = tiles_get(tiles, 0, bundle->n, &width, &good);
	result = cg_leaf_encode(&hasher, leaf, &bundle->data);
	if (result == CG_LEAF_BAD_VERSION && leaf->version > cg_leaf_newest_version())
		later_fail(leaf);
	/* A bundle needs the leaf, but not its meaning. */
	if (result == CG_LEAF_BAD_EVENT && at < (uint64_t) bundle->width && hashes != NULL)
	{
		bundle->data.length = start + 2;
		if (later_encode(leaf, hashes + at * CG_HASH_LENGTH, &bundle->data))
			result = CG_LEAF_OK;
	}
	if (result != CG_LEAF_OK)
		fail(result == CG_LEAF_CRYPTO || result == CG_LEAF_MEMORY ? EXIT_UNCHECKED : EXIT_TAMPERED,
			 "seq %lld: %s", (long long) leaf->seq, cg_leaf_message(result));
	cg_bytes_set_uint16(bundle->data.data + start, (uint16_t) (bundle->data.length - start - 2));
	if (cg_hasher_leaf(&hasher, bundle->data.data + start + 2, bundle->data.length - start - 2, hash) != CG_MERKLE_OK)
		fail(EXIT_UNCHECKED, "SHA-256 failed");
	if (at < (uint64_t) bundle->next || at >= (uint64_t) bundle->width || hashes == NULL || !good ||
		memcmp(hashes + at * CG_HASH_LENGTH, hash, CG_HASH_LENGTH) != 0)
		fail(EXIT_TAMPERED, "seq %lld: the row is not the one that was logged", (long long) leaf->seq);
	bundle->holes = bundle->holes || at > (uint64_t) bundle->next;
	bundle->next = (int) at + 1;
}

/* Writes the bundle; false, and no file, if rows are missing.  Then empties the bundle. */
static bool
finish_entries(Bundle *bundle, const char *folder)
{
	bool		whole = !bundle->holes && bundle->next == bundle->width;

	if (whole)
		file_write_below(file_tile_path(folder, "entries", bundle->n, bundle->width), bundle->data.data,
						 bundle->data.length);
	cg_bytes_reset(&bundle->data);
	bundle->next = 0;
	bundle->holes = false;
	return whole;
}
