/*
 * later.c
 *		Rows of a later version.
 *
 * An event is a number in the leaf and a name in the row.  Of a name that this
 * program does not know the number cannot be told, but it can be tried: if one that
 * no version had yet makes the hash that was signed, nobody has touched the row.
 * What it says nobody can tell; that is no evidence, and not good either.
 *
 * A leaf of a later version has fields that are not known here, so that the row does
 * not suffice to make it.  Anybody who changes a row could say that it is of such a
 * version.  So the server is asked for the leaf: if the tree has that, and it is of
 * the version that the row says, a later version has logged it.
 */
#include "client.h"

#include <stdlib.h>
#include <string.h>

bool
later_encode(const CgLeaf *leaf, const uint8_t *hash, CgBytes *out)
{
	CgLeaf		known = *leaf;
	size_t		start = out->length;
	uint8_t		computed[CG_HASH_LENGTH];

	known.event = CG_EVENT_SHOWN;
	if (hash == NULL || cg_leaf_encode(&hasher, &known, out) != CG_LEAF_OK)
		return false;
	for (int event = CG_EVENT_NEXT; event <= UINT8_MAX; event++)
	{
		out->data[start + strlen(CG_LEAF_HEADER)] = (uint8_t) event;
		if (cg_hasher_leaf(&hasher, out->data + start, out->length - start, computed) != CG_MERKLE_OK)
			fail(EXIT_UNCHECKED, "SHA-256 failed");
		if (memcmp(computed, hash, CG_HASH_LENGTH) == 0)
			return true;
	}
	return false;
}

bool
later_is_leaf(PGconn *conn, const CgLeaf *leaf, const uint8_t *hash)
{
	size_t		length;
	uint8_t    *bytes = server_bytes(conn, "SELECT contact_guard.leaf($1::bigint)", leaf->seq, 0, &length);
	CgLeafReader reader;
	uint8_t		computed[CG_HASH_LENGTH];
	int			event;
	bool		good;

	good = bytes != NULL && hash != NULL &&
		cg_leaf_open(&reader, bytes, length, &event) == CG_LEAF_BAD_VERSION && reader.version == leaf->version;
	if (good && cg_hasher_leaf(&hasher, bytes, length, computed) != CG_MERKLE_OK)
		fail(EXIT_UNCHECKED, "SHA-256 failed");
	good = good && memcmp(computed, hash, CG_HASH_LENGTH) == 0;
	free(bytes);
	return good;
}

void
later_fail(const CgLeaf *leaf)
{
	fail(EXIT_UNCHECKED, "row %lld is of version %d of leaves, which this contact-guard (version %s) does not know: a newer one may read it",
		 (long long) leaf->seq, leaf->version, CG_VERSION);
}
