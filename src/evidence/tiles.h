/*
 * tiles.h
 *		The Merkle tree's tiles in their tables, as a snapshot of SQL sees them.
 */
#ifndef CG_TILES_H
#define CG_TILES_H

#include "postgres.h"

#include "common/merkle.h"

/* The number of leaves.  SPI must be connected, here and below. */
extern uint64 cg_tiles_size(void);

/*
 * The hashes of a tile, at least width of them, palloc'd; ERROR data_corrupted if
 * there are fewer.
 */
extern const uint8 *cg_tiles_tile(int level, uint64 n, int width);

/* One for all of a session: a missing tile, which is an error, would leave another behind. */
extern CgHasher *cg_tiles_hasher(void);

#endif							/* CG_TILES_H */
