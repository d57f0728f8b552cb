/*
 * rebuild.h
 *		Hashes of rows that are stored, for a tree that is made anew.
 */
#ifndef CG_REBUILD_H
#define CG_REBUILD_H

#include "common/hasher.h"

/*
 * Computes the hashes of the rows first to last, by the transaction's snapshot, into an array
 * that has room for them.  A row that is missing, or that is not one that could be logged, has
 * a hash of zeros, which fits no row.
 */
extern void cg_rebuild_hashes(CgHasher *hasher, int64 first, int64 last, uint8 *hashes);

#endif							/* CG_REBUILD_H */
