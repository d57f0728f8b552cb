/*
 * tree.h
 *		The right edge of a growing Merkle tree.
 *
 * Does not use PostgreSQL; contact-guard uses it, too.
 */
#ifndef CG_TREE_H
#define CG_TREE_H

#include "common/hasher.h"

#define CG_TREE_LEVELS 8		/* 256^8 leaves and more do not fit in an int64 */
#define CG_TREE_SIZE_MAX ((uint64_t) INT64_MAX)

/* Receives a tile that has become full: CG_TILE_LENGTH bytes, valid until it returns. */
typedef bool (*CgTileFull) (void *arg, int level, uint64_t n, const uint8_t *hashes);

/*
 * Returns the first width hashes of a tile (1 to 256; more may follow them).  They must not
 * change until the function that calls this has returned.
 */
typedef const uint8_t *(*CgTileFetch) (void *arg, int level, uint64_t n, int width);

/*
 * The right edge of a growing tree, 64 kB.  After a result other than CG_MERKLE_OK, or when
 * the tiles that the callback has stored are rolled back, it must not be used any more:
 * begin again with cg_tree_resume.
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
 * Loads the tree of size leaves.  It calls fetch for the tiles of the right edge that have at
 * least one hash, from level 0 up.  It does not check them: compare cg_tree_root with the
 * signed root.
 */
extern CgMerkleResult cg_tree_resume(CgTree *tree, CgHasher *hasher, uint64_t size,
									 CgTileFetch fetch, void *arg);

/* Appends count leaf hashes, which are adjacent in memory.  full may be NULL. */
extern CgMerkleResult cg_tree_append(CgTree *tree, const uint8_t *hashes, size_t count,
									 CgTileFull full, void *arg);

extern CgMerkleResult cg_tree_root(const CgTree *tree, uint8_t root[CG_HASH_LENGTH]);

/* The tile at the right edge of a level (tile), and its number of hashes, 0 to 255 (width). */
extern int	cg_tree_edge_width(uint64_t size, int level);
extern uint64_t cg_tree_edge_tile(uint64_t size, int level);

#endif							/* CG_TREE_H */
