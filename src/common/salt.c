/*
 * salt.c
 *		The salts of all groups of a row, made of one secret.
 */
#include "common/salt.h"

#include <string.h>

#include "common/bytes.h"

#define SALT_HEADER "contact_guard/salt/v1\n"

CgMerkleResult
cg_salt_derive(CgHasher *hasher, const uint8_t secret[CG_SECRET_LENGTH], int group,
			   uint8_t salt[CG_SALT_LENGTH])
{
	uint8_t		head[sizeof(SALT_HEADER) - 1 + 2];

	memcpy(head, SALT_HEADER, sizeof(SALT_HEADER) - 1);
	cg_bytes_set_uint16(head + sizeof(SALT_HEADER) - 1, (uint16_t) group);
	return cg_hasher_digest(hasher, head, sizeof(head), secret, CG_SECRET_LENGTH, salt);
}
