/*
 * merkleverify.c
 *		Verification of proofs: the loops of RFC 9162, as they are written there.
 *
 * The names are the RFC's.  fn (first node) is the place of the path among the nodes of its
 * level, and sn (second node) is the last node there.  The root is recomputed to the end,
 * and then compared once.
 */
#include "common/merkle.h"

#include <string.h>

static CgMerkleResult compare(const uint8_t *hash, const uint8_t *root);
static CgMerkleResult verify_trivial(CgHasher *hasher, uint64_t first, const uint8_t *first_root,
									 const uint8_t *second_root);

/* Section 2.1.3.2 */
CgMerkleResult
cg_merkleverify_inclusion(CgHasher *hasher, uint64_t index, uint64_t size,
						   const uint8_t hash[CG_HASH_LENGTH],
						   const uint8_t (*proof)[CG_HASH_LENGTH], int count,
						   const uint8_t root[CG_HASH_LENGTH])
{
	uint64_t	fn = index;
	uint64_t	sn = size - 1;
	uint8_t		r[CG_HASH_LENGTH];

	if (index >= size)
		return CG_MERKLE_RANGE;
	memcpy(r, hash, CG_HASH_LENGTH);
	for (int i = 0; i < count; i++)
	{
		const uint8_t *p = proof[i];
		CgMerkleResult result;

		if (sn == 0)
			return CG_MERKLE_INVALID;
		if ((fn & 1) != 0 || fn == sn)
		{
			result = cg_hasher_node(hasher, p, r, r);
			while ((fn & 1) == 0 && fn != 0)
			{
				fn >>= 1;
				sn >>= 1;
			}
		}
		else
			result = cg_hasher_node(hasher, r, p, r);
		if (result != CG_MERKLE_OK)
			return result;
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 ? compare(r, root) : CG_MERKLE_INVALID;
}

/* Section 2.1.4.2 */
CgMerkleResult
cg_merkleverify_consistency(CgHasher *hasher, uint64_t first, uint64_t second,
							 const uint8_t first_root[CG_HASH_LENGTH],
							 const uint8_t second_root[CG_HASH_LENGTH],
							 const uint8_t (*proof)[CG_HASH_LENGTH], int count)
{
	uint64_t	fn = first - 1;
	uint64_t	sn = second - 1;
	uint8_t		fr[CG_HASH_LENGTH];
	uint8_t		sr[CG_HASH_LENGTH];
	int			i = 0;

	if (first > second)
		return CG_MERKLE_RANGE;
	if (first == 0 || first == second)
		return count == 0 ? verify_trivial(hasher, first, first_root, second_root) :
			CG_MERKLE_INVALID;
	if (count <= 0)
		return CG_MERKLE_INVALID;

	/* If first is a power of two, the first tree is a node of the second, and is left out. */
	memcpy(fr, (first & (first - 1)) == 0 ? first_root : proof[i++], CG_HASH_LENGTH);
	memcpy(sr, fr, CG_HASH_LENGTH);
	while ((fn & 1) != 0)
	{
		fn >>= 1;
		sn >>= 1;
	}
	for (; i < count; i++)
	{
		const uint8_t *c = proof[i];
		CgMerkleResult result;

		if (sn == 0)
			return CG_MERKLE_INVALID;
		if ((fn & 1) != 0 || fn == sn)
		{
			result = cg_hasher_node(hasher, c, fr, fr);
			if (result == CG_MERKLE_OK)
				result = cg_hasher_node(hasher, c, sr, sr);
			while ((fn & 1) == 0 && fn != 0)
			{
				fn >>= 1;
				sn >>= 1;
			}
		}
		else
			result = cg_hasher_node(hasher, sr, c, sr);
		if (result != CG_MERKLE_OK)
			return result;
		fn >>= 1;
		sn >>= 1;
	}
	if (sn != 0 || compare(fr, first_root) != CG_MERKLE_OK)
		return CG_MERKLE_INVALID;
	return compare(sr, second_root);
}

/* An empty proof: the trees are the same, or the first is empty. */
static CgMerkleResult
verify_trivial(CgHasher *hasher, uint64_t first, const uint8_t *first_root,
			   const uint8_t *second_root)
{
	uint8_t		empty[CG_HASH_LENGTH];

	if (first != 0)
		return compare(first_root, second_root);
	if (cg_hasher_digest(hasher, NULL, 0, NULL, 0, empty) != CG_MERKLE_OK)
		return CG_MERKLE_CRYPTO;
	return compare(first_root, empty);
}

static CgMerkleResult
compare(const uint8_t *hash, const uint8_t *root)
{
	return memcmp(hash, root, CG_HASH_LENGTH) == 0 ? CG_MERKLE_OK : CG_MERKLE_INVALID;
}
