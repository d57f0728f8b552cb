/*
 * hasher.c
 *		SHA-256 of leaves, nodes and tiles of a Merkle tree.
 *
 * Most of what is hashed has one or two blocks.  There EVP takes as long for its own work as
 * for the hash.  So the functions beneath it are called, which OpenSSL 3 still has, though it
 * advises against them.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "common/hasher.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

CgMerkleResult
cg_hasher_open(CgHasher *hasher)
{
	hasher->context = malloc(sizeof(SHA256_CTX));
	return hasher->context != NULL ? CG_MERKLE_OK : CG_MERKLE_CRYPTO;
}

void
cg_hasher_close(CgHasher *hasher)
{
	free(hasher->context);
	hasher->context = NULL;
}

CgMerkleResult
cg_hasher_digest(CgHasher *hasher, const void *first, size_t first_length, const void *second,
				 size_t second_length, uint8_t hash[CG_HASH_LENGTH])
{
	SHA256_CTX *context = hasher->context;

	if (!SHA256_Init(context) ||
		(first_length > 0 && !SHA256_Update(context, first, first_length)) ||
		(second_length > 0 && !SHA256_Update(context, second, second_length)) ||
		!SHA256_Final(hash, context))
		return CG_MERKLE_CRYPTO;
	return CG_MERKLE_OK;
}

CgMerkleResult
cg_hasher_leaf(CgHasher *hasher, const void *leaf, size_t length, uint8_t hash[CG_HASH_LENGTH])
{
	return cg_hasher_digest(hasher, "\0", 1, leaf, length, hash);
}

CgMerkleResult
cg_hasher_node(CgHasher *hasher, const uint8_t left[CG_HASH_LENGTH],
			   const uint8_t right[CG_HASH_LENGTH], uint8_t hash[CG_HASH_LENGTH])
{
	uint8_t		input[1 + 2 * CG_HASH_LENGTH];

	/* Hashed in one piece, since a call of libcrypto costs as much as a block. */
	input[0] = 1;
	memcpy(input + 1, left, CG_HASH_LENGTH);
	memcpy(input + 1 + CG_HASH_LENGTH, right, CG_HASH_LENGTH);
	return cg_hasher_digest(hasher, input, sizeof(input), NULL, 0, hash);
}

CgMerkleResult
cg_hasher_tile(CgHasher *hasher, const uint8_t *hashes, int width, uint8_t *hash)
{
	uint8_t		layer[CG_TILE_LENGTH / 2];

	if (width == 1)
	{
		memcpy(hash, hashes, CG_HASH_LENGTH);
		return CG_MERKLE_OK;
	}
	for (const uint8_t *from = hashes; width > 1; from = layer)
	{
		width /= 2;
		for (int i = 0; i < width; i++)
		{
			const uint8_t *pair = from + 2 * i * CG_HASH_LENGTH;

			if (cg_hasher_node(hasher, pair, pair + CG_HASH_LENGTH,
							   layer + i * CG_HASH_LENGTH) != CG_MERKLE_OK)
				return CG_MERKLE_CRYPTO;
		}
	}
	memcpy(hash, layer, CG_HASH_LENGTH);
	return CG_MERKLE_OK;
}
