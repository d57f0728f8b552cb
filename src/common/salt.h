/*
 * salt.h
 *		The salts of all groups of a row, made of one secret.
 *
 * The log stores 16 random bytes of each row, in column actor_salt, and each salt is
 *
 *	salt	= SHA-256("contact_guard/salt/v1\n" || uint16 group || secret (16 bytes))
 *
 * To erase a group, its salt must go, and those of the other groups must stay.  So the secret
 * is replaced by the salts of the others.  Neither the secret nor the erased salt can be
 * computed from these.  Rows of 1.0 store the salts of customer and actor.
 *
 * Pure: no PostgreSQL, no input or output.
 */
#ifndef CG_SALT_H
#define CG_SALT_H

#include "common/hasher.h"
#include "common/leaf.h"

#define CG_SECRET_LENGTH 16

extern CgMerkleResult cg_salt_derive(CgHasher *hasher, const uint8_t secret[CG_SECRET_LENGTH],
									 int group, uint8_t salt[CG_SALT_LENGTH]);

#endif							/* CG_SALT_H */
