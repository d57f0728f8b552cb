/*
 * tiles.c
 *		The stored tree, checked against a checkpoint.
 *
 * It goes from the root down.  The right edge makes the checkpoint's root, and the hash of a
 * full tile is in its parent.  So the path above a tile shows that it is the signed one, and
 * only one tile of each level must be in memory.
 */
#include "client.h"

#include <stdlib.h>
#include <string.h>

typedef struct Tile
{
	bool		present;
	bool		good;
	uint64_t	n;
	uint8_t		hashes[CG_TILE_LENGTH];
} Tile;

struct Tiles
{
	PGconn	   *conn;
	bool		good;			/* the edge makes the root */
	CgTree		edge;
	Tile		last[CG_TREE_LEVELS];	/* the last full tile of each level */
	PGresult   *fetched;		/* tiles of level 0 */
	uint64_t	first;			/* the number of the first of them */
};

static bool fetch(Tiles *tiles, int level, uint64_t n, int width, uint8_t *hashes);
static void hash_full(const uint8_t *hashes, uint8_t *hash);

/* Fetches a tile for cg_tree_resume, which copies it at once. */
static const uint8_t *
fetch_memory_edge(void *arg, int level, uint64_t n, int width)
{
	Tiles	   *tiles = arg;
	uint8_t    *hashes = tiles->last[level].hashes;

	if (!fetch(tiles, level, n, width, hashes))
		memset(hashes, 0, CG_TILE_LENGTH);
	return hashes;
}

Tiles *
tiles_open(PGconn *conn, const CgCheckpoint *checkpoint, bool *good)
{
	Tiles	   *tiles = allocate(sizeof(Tiles));
	uint8_t		root[CG_HASH_LENGTH];

	memset(tiles, 0, sizeof(Tiles));
	tiles->conn = conn;
	if (cg_tree_resume(&tiles->edge, &hasher, checkpoint->size, fetch_memory_edge, tiles) != CG_MERKLE_OK ||
		cg_tree_root(&tiles->edge, root) != CG_MERKLE_OK)
		fail(EXIT_UNCHECKED, "could not compute a root");
	tiles->good = memcmp(root, checkpoint->root, CG_HASH_LENGTH) == 0;
	*good = tiles->good;
	return tiles;
}

void
tiles_close(Tiles *tiles)
{
	PQclear(tiles->fetched);
	free(tiles);
}

void
tiles_prefetch(Tiles *tiles, uint64_t first, uint64_t last)
{
	char		sql[200];

	sprintf(sql, "SELECT contact_guard.tile(0, n) FROM pg_catalog.generate_series(%llu::bigint, %llu) n"
			" ORDER BY n", (unsigned long long) first, (unsigned long long) last);
	PQclear(tiles->fetched);
	tiles->fetched = server_execute(tiles->conn, sql, 0, NULL);
	server_require(tiles->conn, tiles->fetched, PGRES_TUPLES_OK);
	tiles->first = first;
}

/* False if the server has fewer hashes of it. */
static bool
fetch(Tiles *tiles, int level, uint64_t n, int width, uint8_t *hashes)
{
	size_t		wanted = (size_t) width * CG_HASH_LENGTH;
	size_t		length = 0;
	uint8_t    *bytes;

	if (level == 0 && tiles->fetched != NULL && n >= tiles->first &&
		n - tiles->first < (uint64_t) PQntuples(tiles->fetched))
	{
		int			row = (int) (n - tiles->first);

		if ((size_t) PQgetlength(tiles->fetched, row, 0) < wanted)
			return false;
		memcpy(hashes, PQgetvalue(tiles->fetched, row, 0), wanted);
		return true;
	}
	bytes = server_bytes(tiles->conn, "SELECT contact_guard.tile($1::integer, $2::bigint)", level,
						 (int64_t) n, &length);
	if (bytes != NULL && length >= wanted)
		memcpy(hashes, bytes, wanted);
	free(bytes);
	return length >= wanted;
}

const uint8_t *
tiles_get(Tiles *tiles, int level, uint64_t n, int *width, bool *good)
{
	uint64_t	size = tiles->edge.size;
	Tile	   *tile = &tiles->last[level];

	*good = tiles->good;
	*width = cg_tree_edge_width(size, level);
	if (n == cg_tree_edge_tile(size, level))
		return *width > 0 ? tiles->edge.edge[level] : NULL;
	if (n > cg_tree_edge_tile(size, level))
		return NULL;
	*width = CG_TILE_WIDTH;
	if (!tile->present || tile->n != n)
	{
		tile->present = fetch(tiles, level, n, CG_TILE_WIDTH, tile->hashes);
		tile->n = n;
		tile->good = tile->present && tiles_match(tiles, level, n, tile->hashes);
	}
	*good = tile->good;
	return tile->present ? tile->hashes : NULL;
}

bool
tiles_match(Tiles *tiles, int level, uint64_t n, const uint8_t *hashes)
{
	uint8_t		hash[CG_HASH_LENGTH];
	int			width;
	bool		good;
	const uint8_t *parent = tiles_get(tiles, level + 1, n / CG_TILE_WIDTH, &width, &good);

	if (parent == NULL || !good)
		return false;
	hash_full(hashes, hash);
	return memcmp(parent + n % CG_TILE_WIDTH * CG_HASH_LENGTH, hash, CG_HASH_LENGTH) == 0;
}

/* The hash of a full tile, which is the root of a tree of 256 leaves. */
static void
hash_full(const uint8_t *hashes, uint8_t *hash)
{
	static CgTree tree;

	cg_tree_init(&tree, &hasher);
	if (cg_tree_append(&tree, hashes, CG_TILE_WIDTH, NULL, NULL) != CG_MERKLE_OK ||
		cg_tree_root(&tree, hash) != CG_MERKLE_OK)
		fail(EXIT_UNCHECKED, "SHA-256 failed");
}

/* Levels come from 0 up, so tiles_get may replace tiles of the levels above. */
static const uint8_t *
fetch_good(void *arg, int level, uint64_t n, int width)
{
	bool		good;
	int			present;
	const uint8_t *hashes = tiles_get(arg, level, n, &present, &good);

	return hashes != NULL && good && width <= present ? hashes : NULL;
}

bool
tiles_root(Tiles *tiles, uint64_t size, uint8_t root[CG_HASH_LENGTH])
{
	return cg_merkle_root(&hasher, size, fetch_good, tiles, root) == CG_MERKLE_OK;
}
