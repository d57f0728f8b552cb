/*
 * merkle.h
 *		The Merkle tree of RFC 6962, section 2.1: leaves, tiles, roots, proofs.
 *
 *	MTH({})		= SHA-256("")
 *	MTH({d})	= SHA-256(0x00 || d)
 *	MTH(D[n])	= SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n])),
 *				  k the largest power of two smaller than n
 *
 * Hashes are kept in tiles (https://c2sp.org/tlog-tiles): tile n of level l has
 * up to 256 of them, and the one at i is MTH(D[(256n + i) * 256^l :
 * (256n + i + 1) * 256^l]).  A tile of 256 is full and never changes.  In a tree
 * of s leaves, level l has s / 256^l hashes, s / 256^l mod 256 of them in a tile
 * that is not full: the right edge.
 *
 * Pure: no PostgreSQL, no input or output.  Sizes are at most INT64_MAX.  What
 * may fail returns a CgMerkleResult, and only CG_MERKLE_OK is true of it.
 */
#ifndef CG_MERKLE_H
#define CG_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CG_HASH_LENGTH 32
#define CG_TILE_WIDTH 256
#define CG_TILE_LENGTH (CG_TILE_WIDTH * CG_HASH_LENGTH)
#define CG_TREE_LEVELS 8		/* 256^8 leaves and more do not fit in an int64 */
#define CG_PROOF_LENGTH 64		/* hashes: ceil(log2 size) + 1 at the most */

typedef enum CgMerkleResult
{
	CG_MERKLE_OK = 0,
	CG_MERKLE_CRYPTO,			/* libcrypto failed, or no memory */
	CG_MERKLE_TILE,				/* a callback returned false or NULL */
	CG_MERKLE_RANGE,			/* index or sizes make no sense together */
	CG_MERKLE_INVALID			/* the proof does not prove it */
} CgMerkleResult;

/* For people: lower case, no period. */
extern const char *cg_merkle_message(CgMerkleResult result);

/* One for a thread, used again and again: making one is what is slow. */
typedef struct CgHasher
{
	void	   *context;
	void	   *digest;
} CgHasher;

/* On malloc.  An open one may be a static: it holds nothing between calls. */
extern CgMerkleResult cg_hasher_open(CgHasher *hasher);
extern void cg_hasher_close(CgHasher *hasher);

/* SHA-256 of two pieces, one behind the other; either may be of length 0. */
extern CgMerkleResult cg_hasher_digest(CgHasher *hasher, const void *first, size_t first_length,
									   const void *second, size_t second_length,
									   uint8_t hash[CG_HASH_LENGTH]);

extern CgMerkleResult cg_merkle_leaf(CgHasher *hasher, const void *leaf, size_t length,
									 uint8_t hash[CG_HASH_LENGTH]);
extern CgMerkleResult cg_merkle_node(CgHasher *hasher, const uint8_t left[CG_HASH_LENGTH],
									 const uint8_t right[CG_HASH_LENGTH],
									 uint8_t hash[CG_HASH_LENGTH]);

/* Takes a tile that has become full: CG_TILE_LENGTH bytes, good until it returns. */
typedef bool (*CgTileFull) (void *arg, int level, uint64_t n, const uint8_t *hashes);

/*
 * Brings the first width hashes of a tile (1 to 256; more may follow them).
 * They must stay as they are until the function that asked has returned.
 */
typedef const uint8_t *(*CgTileFetch) (void *arg, int level, uint64_t n, int width);

/*
 * A growing tree: its right edge, 64 kB.  After any result but CG_MERKLE_OK, or
 * when what the callback stored is rolled back, it is of no use any more: begin
 * again with cg_tree_resume.
 */
typedef struct CgTree
{
	CgHasher   *hasher;
	uint64_t	size;			/* leaves */
	uint8_t		edge[CG_TREE_LEVELS][CG_TILE_LENGTH];
} CgTree;

/* The empty tree. */
extern void cg_tree_init(CgTree *tree, CgHasher *hasher);

/*
 * The tree of size leaves; fetch is asked for the tiles of the right edge that
 * have at least one hash, from level 0 up.  Their content is taken as it is:
 * compare cg_tree_root with what was signed.
 */
extern CgMerkleResult cg_tree_resume(CgTree *tree, CgHasher *hasher, uint64_t size,
									 CgTileFetch fetch, void *arg);

/* Appends count leaf hashes, one behind the other; full may be NULL. */
extern CgMerkleResult cg_tree_append(CgTree *tree, const uint8_t *hashes, size_t count,
									 CgTileFull full, void *arg);

extern CgMerkleResult cg_tree_root(const CgTree *tree, uint8_t root[CG_HASH_LENGTH]);

/* Which tile is the right edge of a level, and how many hashes it has: 0 to 255. */
extern int	cg_tree_edge_width(uint64_t size, int level);
extern uint64_t cg_tree_edge_tile(uint64_t size, int level);

/* The root of any size, from stored tiles: one of each level at the most. */
extern CgMerkleResult cg_merkle_root(CgHasher *hasher, uint64_t size, CgTileFetch fetch,
									 void *arg, uint8_t root[CG_HASH_LENGTH]);

/*
 * The hash of the leaves begin <= i < end, where begin is a multiple of a power of
 * two that is not smaller than end - begin: what a proof is made of.
 */
extern CgMerkleResult cg_merkle_range(CgHasher *hasher, uint64_t begin, uint64_t end,
									  CgTileFetch fetch, void *arg,
									  uint8_t hash[CG_HASH_LENGTH]);

/*
 * PATH(index, D[size]): that leaf index is in the tree of size leaves.  Needs
 * 0 <= index < size.  No tile is fetched twice: one or two of each level, at
 * most 8 up to 2^32 leaves.
 */
extern CgMerkleResult cg_merkle_prove_inclusion(CgHasher *hasher, uint64_t index, uint64_t size,
												CgTileFetch fetch, void *arg,
												uint8_t proof[CG_PROOF_LENGTH][CG_HASH_LENGTH],
												int *count);

/*
 * PROOF(first, D[second]): that the tree of first leaves is the beginning of the
 * other.  Needs 0 <= first <= second; the proof is empty if first is 0 or second.
 */
extern CgMerkleResult cg_merkle_prove_consistency(CgHasher *hasher, uint64_t first, uint64_t second,
												  CgTileFetch fetch, void *arg,
												  uint8_t proof[CG_PROOF_LENGTH][CG_HASH_LENGTH],
												  int *count);

/*
 * RFC 9162, section 2.1.3.2.  hash is the leaf's, proof has count hashes from the
 * leaf's side.
 */
extern CgMerkleResult cg_merkle_verify_inclusion(CgHasher *hasher, uint64_t index, uint64_t size,
												 const uint8_t hash[CG_HASH_LENGTH],
												 const uint8_t (*proof)[CG_HASH_LENGTH], int count,
												 const uint8_t root[CG_HASH_LENGTH]);

/*
 * RFC 9162, section 2.1.4.2.  What it leaves open: of equal sizes the roots must
 * be equal and the proof empty; of first == 0 the first root must be the empty
 * tree's and the proof empty (c2sp.org/tlog-witness asks for that).
 */
extern CgMerkleResult cg_merkle_verify_consistency(CgHasher *hasher, uint64_t first, uint64_t second,
												   const uint8_t first_root[CG_HASH_LENGTH],
												   const uint8_t second_root[CG_HASH_LENGTH],
												   const uint8_t (*proof)[CG_HASH_LENGTH], int count);

#endif							/* CG_MERKLE_H */
