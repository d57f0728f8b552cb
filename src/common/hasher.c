/*
 * hasher.c
 *		SHA-256 of leaves, nodes and tiles of a Merkle tree.
 */
#include "common/hasher.h"

#include <string.h>

#include <openssl/evp.h>

CgMerkleResult
cg_hasher_open(CgHasher *hasher)
{
	hasher->digest = EVP_MD_fetch(NULL, "SHA256", NULL);
	hasher->context = EVP_MD_CTX_new();
	/* The digest is set once, so that later beginnings need not look it up. */
	if (hasher->digest != NULL && hasher->context != NULL &&
		EVP_DigestInit_ex(hasher->context, hasher->digest, NULL))
		return CG_MERKLE_OK;
	cg_hasher_close(hasher);
	return CG_MERKLE_CRYPTO;
}

void
cg_hasher_close(CgHasher *hasher)
{
	EVP_MD_CTX_free(hasher->context);
	EVP_MD_free(hasher->digest);
	hasher->context = NULL;
	hasher->digest = NULL;
}

CgMerkleResult
cg_hasher_digest(CgHasher *hasher, const void *first, size_t first_length, const void *second,
				 size_t second_length, uint8_t hash[CG_HASH_LENGTH])
{
	EVP_MD_CTX *context = hasher->context;

	if (!EVP_DigestInit_ex(context, NULL, NULL) ||
		(first_length > 0 && !EVP_DigestUpdate(context, first, first_length)) ||
		(second_length > 0 && !EVP_DigestUpdate(context, second, second_length)) ||
		!EVP_DigestFinal_ex(context, hash, NULL))
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
