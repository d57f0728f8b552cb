/*
 * merkle.c
 *		The Merkle tree of RFC 6962, section 2.1: roots and proofs, from tiles.
 *
 * There are two files, which share only the hash of a node, so that one checks the other.
 * This file makes roots and proofs from perfect subtrees, whose hashes are in tiles or are
 * computed from tiles.  merkleverify.c has the loops of RFC 9162, as they are written there.
 *
 * A subtree of 2^height leaves is perfect if its first leaf is a multiple of 2^height.
 * Level height / 8 of the tiles has its hash, or 2^(height mod 8) neighbours that make it.
 */
#include "common/merkle.h"

#include <string.h>

/* The number of tiles that one call needs: at most two of each level */
#define MAX_TILES (2 * CG_TREE_LEVELS)

typedef struct Tile
{
	int			level;
	uint64_t	n;
	const uint8_t *hashes;
} Tile;

typedef struct Tiles
{
	CgHasher   *hasher;
	uint64_t	size;			/* of the tree in this call */
	CgTileFetch fetch;
	void	   *arg;
	int			count;
	Tile		tiles[MAX_TILES];
} Tiles;

static const uint8_t *find_tile(Tiles *tiles, int level, uint64_t n);
static CgMerkleResult hash_perfect(Tiles *tiles, uint64_t begin, int height, uint8_t *hash);
static CgMerkleResult hash_range(Tiles *tiles, uint64_t begin, uint64_t end, uint8_t *hash);
static void reverse(uint8_t (*proof)[CG_HASH_LENGTH], int count);
static uint64_t split(uint64_t width);

const char *
cg_merkle_message(CgMerkleResult result)
{
	switch (result)
	{
		case CG_MERKLE_OK:
			return "no error";
		case CG_MERKLE_CRYPTO:
			return "SHA-256 failed";
		case CG_MERKLE_TILE:
			return "a tile of the tree is missing";
		case CG_MERKLE_RANGE:
			return "index or sizes out of range";
		case CG_MERKLE_INVALID:
			return "the proof does not hold";
	}
	return "unknown error";
}

CgMerkleResult
cg_merkle_root(CgHasher *hasher, uint64_t size, CgTileFetch fetch, void *arg,
			   uint8_t root[CG_HASH_LENGTH])
{
	if (size == 0)
		return cg_hasher_digest(hasher, NULL, 0, NULL, 0, root);
	return cg_merkle_range(hasher, 0, size, fetch, arg, root);
}

CgMerkleResult
cg_merkle_range(CgHasher *hasher, uint64_t begin, uint64_t end, CgTileFetch fetch, void *arg,
				uint8_t hash[CG_HASH_LENGTH])
{
	Tiles		tiles = {.hasher = hasher, .size = end, .fetch = fetch, .arg = arg};

	if (end > CG_TREE_SIZE_MAX || begin >= end)
		return CG_MERKLE_RANGE;
	if (end - begin > 1 && begin % (2 * split(end - begin)) != 0)
		return CG_MERKLE_RANGE;
	return hash_range(&tiles, begin, end, hash);
}

/* The largest power of two smaller than width, which is at least 2. */
static uint64_t
split(uint64_t width)
{
	return (uint64_t) 1 << (63 - __builtin_clzll(width - 1));
}

/* A tile with all hashes that it has in the tree of this call. */
static const uint8_t *
find_tile(Tiles *tiles, int level, uint64_t n)
{
	uint64_t	width = (tiles->size >> (CG_TILE_HEIGHT * level)) - n * CG_TILE_WIDTH;
	Tile	   *tile;

	for (int i = 0; i < tiles->count; i++)
	{
		if (tiles->tiles[i].level == level && tiles->tiles[i].n == n)
			return tiles->tiles[i].hashes;
	}
	if (tiles->count == MAX_TILES)
		return NULL;
	tile = &tiles->tiles[tiles->count];
	tile->level = level;
	tile->n = n;
	tile->hashes = tiles->fetch(tiles->arg, level, n,
								width < CG_TILE_WIDTH ? (int) width : CG_TILE_WIDTH);
	if (tile->hashes != NULL)
		tiles->count++;
	return tile->hashes;
}

/* The hash of the perfect subtree of 2^height leaves from begin on. */
static CgMerkleResult
hash_perfect(Tiles *tiles, uint64_t begin, int height, uint8_t *hash)
{
	int			level = height / CG_TILE_HEIGHT;
	uint64_t	position = begin >> (CG_TILE_HEIGHT * level);
	const uint8_t *hashes = find_tile(tiles, level, position / CG_TILE_WIDTH);

	if (hashes == NULL)
		return CG_MERKLE_TILE;
	return cg_hasher_tile(tiles->hasher, hashes + position % CG_TILE_WIDTH * CG_HASH_LENGTH,
					 1 << height % CG_TILE_HEIGHT, hash);
}

/*
 * The hash of a range that is a subtree in RFC 6962.  It consists of perfect subtrees, one
 * for each bit of its width, each smaller than the one before.  The last two make a node;
 * this node and the subtree before make the next one, and so on.
 */
static CgMerkleResult
hash_range(Tiles *tiles, uint64_t begin, uint64_t end, uint8_t *hash)
{
	uint64_t	left = end - begin;
	bool		first = true;

	while (left > 0)
	{
		int			height = __builtin_ctzll(left);
		uint8_t		perfect[CG_HASH_LENGTH];
		CgMerkleResult result;

		left &= left - 1;
		result = hash_perfect(tiles, begin + left, height, first ? hash : perfect);
		if (result == CG_MERKLE_OK && !first)
			result = cg_hasher_node(tiles->hasher, perfect, hash, hash);
		if (result != CG_MERKLE_OK)
			return result;
		first = false;
	}
	return CG_MERKLE_OK;
}

/* Goes from the root down, so that the hashes come in the reverse order of a proof. */
CgMerkleResult
cg_merkle_prove_inclusion(CgHasher *hasher, uint64_t index, uint64_t size, CgTileFetch fetch,
						  void *arg, uint8_t proof[CG_PROOF_LENGTH][CG_HASH_LENGTH], int *count)
{
	Tiles		tiles = {.hasher = hasher, .size = size, .fetch = fetch, .arg = arg};
	uint64_t	begin = 0;
	uint64_t	end = size;

	*count = 0;
	if (size > CG_TREE_SIZE_MAX || index >= size)
		return CG_MERKLE_RANGE;
	while (end - begin > 1)
	{
		uint64_t	middle = begin + split(end - begin);
		bool		is_left = index < middle;
		CgMerkleResult result = is_left ? hash_range(&tiles, middle, end, proof[*count]) :
			hash_range(&tiles, begin, middle, proof[*count]);

		if (result != CG_MERKLE_OK)
			return result;
		(*count)++;
		if (is_left)
			end = middle;
		else
			begin = middle;
	}
	reverse(proof, *count);
	return CG_MERKLE_OK;
}

/* SUBPROOF of the RFC, also from the root down; begin and end are those of its D. */
CgMerkleResult
cg_merkle_prove_consistency(CgHasher *hasher, uint64_t first, uint64_t second, CgTileFetch fetch,
							void *arg, uint8_t proof[CG_PROOF_LENGTH][CG_HASH_LENGTH], int *count)
{
	Tiles		tiles = {.hasher = hasher, .size = second, .fetch = fetch, .arg = arg};
	uint64_t	begin = 0;
	uint64_t	end = second;
	CgMerkleResult result;

	*count = 0;
	if (second > CG_TREE_SIZE_MAX || first > second)
		return CG_MERKLE_RANGE;
	if (first == 0 || first == second)
		return CG_MERKLE_OK;
	while (first < end)
	{
		uint64_t	middle = begin + split(end - begin);
		bool		is_left = first <= middle;

		result = is_left ? hash_range(&tiles, middle, end, proof[*count]) :
			hash_range(&tiles, begin, middle, proof[*count]);
		if (result != CG_MERKLE_OK)
			return result;
		(*count)++;
		if (is_left)
			end = middle;
		else
			begin = middle;
	}
	/* The old tree's root is left out, since the verifier has it. */
	if (begin > 0)
	{
		result = hash_range(&tiles, begin, end, proof[*count]);
		if (result != CG_MERKLE_OK)
			return result;
		(*count)++;
	}
	reverse(proof, *count);
	return CG_MERKLE_OK;
}

static void
reverse(uint8_t (*proof)[CG_HASH_LENGTH], int count)
{
	for (int i = 0, j = count - 1; i < j; i++, j--)
	{
		uint8_t		hash[CG_HASH_LENGTH];

		memcpy(hash, proof[i], CG_HASH_LENGTH);
		memcpy(proof[i], proof[j], CG_HASH_LENGTH);
		memcpy(proof[j], hash, CG_HASH_LENGTH);
	}
}
