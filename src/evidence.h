/*
 * evidence.h
 *		The Merkle tree's tiles in their tables, as a snapshot of SQL sees them.
 */
#ifndef CG_EVIDENCE_H
#define CG_EVIDENCE_H

#include "postgres.h"

#include "merkle.h"

/* The number of leaves.  SPI must be connected, here and below. */
extern uint64 cg_evidence_size(void);

/*
 * The hashes of a tile, at least width of them, palloc'd; ERROR data_corrupted if
 * there are fewer.
 */
extern const uint8 *cg_evidence_tile(int level, uint64 n, int width);

/* One for all of a session: a missing tile, which is an error, would leave another behind. */
extern CgHasher *cg_evidence_hasher(void);

#endif							/* CG_EVIDENCE_H */
