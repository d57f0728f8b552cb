/*
 * tiles.h
 *		Reads the Merkle tree's tiles from their tables, with an SQL snapshot.
 */
#ifndef CG_TILES_H
#define CG_TILES_H

#include "postgres.h"

#include "common/merkle.h"

/* The number of leaves.  For this and the next function SPI must be connected. */
extern uint64 cg_tiles_size(void);

/*
 * The hashes of a tile, at least width of them, palloc'd; ERROR data_corrupted if
 * there are fewer.
 */
extern const uint8 *cg_tiles_tile(int level, uint64 n, int width);

/* The root of the first size leaves, of which there are so many; likewise. */
extern void cg_tiles_root(uint64 size, uint8 *root);

/* One hasher for the whole session: after an error a hasher of a call would not be freed. */
extern CgHasher *cg_tiles_hasher(void);

#endif							/* CG_TILES_H */
