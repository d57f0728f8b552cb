/*
 * tree.c
 *		The right edge of a growing Merkle tree.
 */
#include "common/merkle.h"

#include <string.h>

static CgMerkleResult push(CgTree *tree, const uint8_t *hash, CgTileFull full, void *arg);
static const uint8_t *edge_tile(void *arg, int level, uint64_t n, int width);

int
cg_tree_edge_width(uint64_t size, int level)
{
	return (int) (size >> (CG_TILE_HEIGHT * level) & (CG_TILE_WIDTH - 1));
}

uint64_t
cg_tree_edge_tile(uint64_t size, int level)
{
	return size >> (CG_TILE_HEIGHT * level) >> CG_TILE_HEIGHT;
}

void
cg_tree_init(CgTree *tree, CgHasher *hasher)
{
	tree->hasher = hasher;
	tree->size = 0;
}

CgMerkleResult
cg_tree_resume(CgTree *tree, CgHasher *hasher, uint64_t size, CgTileFetch fetch, void *arg)
{
	cg_tree_init(tree, hasher);
	if (size > CG_TREE_SIZE_MAX)
		return CG_MERKLE_RANGE;
	for (int level = 0; level < CG_TREE_LEVELS; level++)
	{
		int			width = cg_tree_edge_width(size, level);
		const uint8_t *hashes;

		if (width == 0)
			continue;
		hashes = fetch(arg, level, cg_tree_edge_tile(size, level), width);
		if (hashes == NULL)
			return CG_MERKLE_TILE;
		memcpy(tree->edge[level], hashes, (size_t) width * CG_HASH_LENGTH);
	}
	tree->size = size;
	return CG_MERKLE_OK;
}

CgMerkleResult
cg_tree_append(CgTree *tree, const uint8_t *hashes, size_t count, CgTileFull full, void *arg)
{
	if (count > CG_TREE_SIZE_MAX - tree->size)
		return CG_MERKLE_RANGE;
	for (size_t i = 0; i < count; i++)
	{
		CgMerkleResult result = push(tree, hashes + i * CG_HASH_LENGTH, full, arg);

		if (result != CG_MERKLE_OK)
			return result;
	}
	return CG_MERKLE_OK;
}

/* Appends one leaf.  If it fills a tile, the tile becomes a hash of the level above. */
static CgMerkleResult
push(CgTree *tree, const uint8_t *hash, CgTileFull full, void *arg)
{
	uint8_t		carried[CG_HASH_LENGTH];

	for (int level = 0;; level++)
	{
		int			width = cg_tree_edge_width(tree->size, level);
		uint8_t    *edge = tree->edge[level];

		memcpy(edge + width * CG_HASH_LENGTH, hash, CG_HASH_LENGTH);
		if (width + 1 < CG_TILE_WIDTH)
			break;
		if (full != NULL && !full(arg, level, cg_tree_edge_tile(tree->size, level), edge))
			return CG_MERKLE_TILE;
		if (cg_hasher_tile(tree->hasher, edge, CG_TILE_WIDTH, carried) != CG_MERKLE_OK)
			return CG_MERKLE_CRYPTO;
		hash = carried;
	}
	tree->size++;
	return CG_MERKLE_OK;
}

/* The tree's own edge as a source of tiles. */
static const uint8_t *
edge_tile(void *arg, int level, uint64_t n, int width)
{
	const CgTree *tree = arg;

	(void) n;
	(void) width;
	return tree->edge[level];
}

CgMerkleResult
cg_tree_root(const CgTree *tree, uint8_t root[CG_HASH_LENGTH])
{
	return cg_merkle_root(tree->hasher, tree->size, edge_tile, (void *) tree, root);
}
