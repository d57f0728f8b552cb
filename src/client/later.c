/*
 * later.c
 *		Rows of a later version.
 *
 * An event is a number in the leaf and a name in the row.  Of a name that this
 * program does not know the number cannot be told, but it can be tried: if one that
 * no version had yet makes the hash that was signed, nobody has touched the row.
 * What it says nobody can tell; that is no evidence, and not good either.
 */
#include "client.h"

#include <string.h>

#define LAST_EVENT CG_LEAF_REFUSED

bool
later_encode(const CgLeaf *leaf, const uint8_t *hash, CgBytes *out)
{
	CgLeaf		known = *leaf;
	size_t		start = out->length;
	uint8_t		computed[CG_HASH_LENGTH];

	known.event = CG_LEAF_SHOWN;
	if (hash == NULL || cg_leaf_encode(&hasher, &known, out) != CG_LEAF_OK)
		return false;
	for (int event = LAST_EVENT + 1; event <= UINT8_MAX; event++)
	{
		out->data[start + strlen(CG_LEAF_HEADER)] = (uint8_t) event;
		if (cg_merkle_leaf(&hasher, out->data + start, out->length - start, computed) != CG_MERKLE_OK)
			fail(EXIT_UNCHECKED, "SHA-256 failed");
		if (memcmp(computed, hash, CG_HASH_LENGTH) == 0)
			return true;
	}
	return false;
}
