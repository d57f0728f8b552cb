/*
 * later.c
 *		Rows of a later version.
 *
 * An event is a number in the leaf and a name in the row.  If this program does not know the
 * name, it does not know the number, but it can try numbers of later events.  If one makes
 * the signed hash, the row was not changed.  But this program cannot say what the row means.
 * That is neither evidence of tampering nor a good result.
 *
 * A leaf of a later version has fields that are not known here, so it cannot be made from
 * the row.  A person who changes a row could also give it such a version.  So the server is
 * asked for the leaf.  If the tree has this leaf, and it has the row's version, a later
 * version has logged it.
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
		cg_leafreader_open(&reader, bytes, length, &event) == CG_LEAF_BAD_VERSION && reader.version == leaf->version;
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
