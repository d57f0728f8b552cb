/*
 * hasher.h
 *		SHA-256 of leaves, nodes and tiles of a Merkle tree.
 *
 * Does not use PostgreSQL; contact-guard uses it, too.
 */
#ifndef CG_HASHER_H
#define CG_HASHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CG_HASH_LENGTH 32
#define CG_TILE_HEIGHT 8		/* 2^8 = CG_TILE_WIDTH */
#define CG_TILE_WIDTH 256
#define CG_TILE_LENGTH (CG_TILE_WIDTH * CG_HASH_LENGTH)

typedef enum CgMerkleResult
{
	CG_MERKLE_OK = 0,
	CG_MERKLE_CRYPTO,			/* libcrypto failed, or no memory */
	CG_MERKLE_TILE,				/* a callback returned false or NULL */
	CG_MERKLE_RANGE,			/* index and sizes do not fit together */
	CG_MERKLE_INVALID			/* the proof is not valid */
} CgMerkleResult;

/* Each thread needs one hasher, and uses it again and again: to make one is slow. */
typedef struct CgHasher
{
	void	   *context;
} CgHasher;

/* Uses malloc.  An open hasher may be static: it keeps no state between calls. */
extern CgMerkleResult cg_hasher_open(CgHasher *hasher);
extern void cg_hasher_close(CgHasher *hasher);

/* SHA-256 of the concatenation of two pieces; each may have length 0. */
extern CgMerkleResult cg_hasher_digest(CgHasher *hasher, const void *first, size_t first_length,
									   const void *second, size_t second_length,
									   uint8_t hash[CG_HASH_LENGTH]);

extern CgMerkleResult cg_hasher_leaf(CgHasher *hasher, const void *leaf, size_t length,
									 uint8_t hash[CG_HASH_LENGTH]);
extern CgMerkleResult cg_hasher_node(CgHasher *hasher, const uint8_t left[CG_HASH_LENGTH],
									 const uint8_t right[CG_HASH_LENGTH],
									 uint8_t hash[CG_HASH_LENGTH]);

/* The hash above "width" neighbours in a tile; width is a power of two, at most a tile's. */
extern CgMerkleResult cg_hasher_tile(CgHasher *hasher, const uint8_t *hashes, int width,
									 uint8_t *hash);

#endif							/* CG_HASHER_H */
