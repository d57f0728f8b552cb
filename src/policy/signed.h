/*
 * signed.h
 *		Signatures of tokens that a session of this server has found good.
 */
#ifndef CG_SIGNED_H
#define CG_SIGNED_H

#include "postgres.h"

#include "common/hasher.h"
#include "common/jws.h"

extern void cg_signed_init(void);

/* Is the signature of this token good?  digest: the SHA-256 of the whole token. */
extern bool cg_signed_is_good(const char *token, const CgJws *jws, const uint8 digest[CG_HASH_LENGTH]);

#endif							/* CG_SIGNED_H */
