/*
 * tree.h
 *		A Merkle tree that grows: its right edge.
 *
 * Knows nothing of PostgreSQL; also part of contact-guard.
 */
#ifndef CG_TREE_H
#define CG_TREE_H

#include "common/hasher.h"

#define CG_TREE_LEVELS 8		/* 256^8 leaves and more do not fit in an int64 */
#define CG_TREE_SIZE_MAX ((uint64_t) INT64_MAX)

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

#endif							/* CG_TREE_H */
