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
 * Pure: no PostgreSQL, no input or output.  Sizes are at most INT64_MAX.  Functions that can
 * fail return a CgMerkleResult; only CG_MERKLE_OK means success.
 */
#ifndef CG_MERKLE_H
#define CG_MERKLE_H

#include "common/tree.h"

#define CG_PROOF_LENGTH 64		/* the most hashes in a proof: ceil(log2 size) + 1 */

/* A message for people, in lower case, without a period. */
extern const char *cg_merkle_message(CgMerkleResult result);

/* The root of a tree of any size, from stored tiles: at most one of each level. */
extern CgMerkleResult cg_merkle_root(CgHasher *hasher, uint64_t size, CgTileFetch fetch,
									 void *arg, uint8_t root[CG_HASH_LENGTH]);

/*
 * The hash of the leaves begin <= i < end; a proof consists of such hashes.  begin must be a
 * multiple of a power of two that is not smaller than end - begin.
 */
extern CgMerkleResult cg_merkle_range(CgHasher *hasher, uint64_t begin, uint64_t end,
									  CgTileFetch fetch, void *arg,
									  uint8_t hash[CG_HASH_LENGTH]);

/*
 * PATH(index, D[size]) proves that leaf index is in the tree of size leaves.  Needs
 * 0 <= index < size.  Fetches one or two tiles of each level, none of them twice; up to 2^32
 * leaves these are at most 8.
 */
extern CgMerkleResult cg_merkle_prove_inclusion(CgHasher *hasher, uint64_t index, uint64_t size,
												CgTileFetch fetch, void *arg,
												uint8_t proof[CG_PROOF_LENGTH][CG_HASH_LENGTH],
												int *count);

/*
 * PROOF(first, D[second]) proves that the tree of first leaves is the beginning of the tree
 * of second leaves.  Needs 0 <= first <= second.  If first is 0 or second, the proof is
 * empty.
 */
extern CgMerkleResult cg_merkle_prove_consistency(CgHasher *hasher, uint64_t first, uint64_t second,
												  CgTileFetch fetch, void *arg,
												  uint8_t proof[CG_PROOF_LENGTH][CG_HASH_LENGTH],
												  int *count);

/*
 * RFC 9162, section 2.1.3.2.  hash is that of the leaf; proof has count hashes, beginning at
 * the leaf.
 */
extern CgMerkleResult cg_merkleverify_inclusion(CgHasher *hasher, uint64_t index, uint64_t size,
												 const uint8_t hash[CG_HASH_LENGTH],
												 const uint8_t (*proof)[CG_HASH_LENGTH], int count,
												 const uint8_t root[CG_HASH_LENGTH]);

/*
 * RFC 9162, section 2.1.4.2, and two cases that it leaves open.  If the sizes are equal, the
 * roots must be equal and the proof empty.  If first is 0, the first root must be that of
 * the empty tree and the proof empty (c2sp.org/tlog-witness requires this).
 */
extern CgMerkleResult cg_merkleverify_consistency(CgHasher *hasher, uint64_t first, uint64_t second,
												   const uint8_t first_root[CG_HASH_LENGTH],
												   const uint8_t second_root[CG_HASH_LENGTH],
												   const uint8_t (*proof)[CG_HASH_LENGTH], int count);

#endif							/* CG_MERKLE_H */
