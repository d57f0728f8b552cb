/*
 * jws.h
 *		The signature of a token (RFC 7515, compact serialization; RFC 8725).
 */
#ifndef CG_JWS_H
#define CG_JWS_H

#include <stdint.h>

#include "common/jwks.h"

#define CG_JWS_LENGTH 4096		/* bytes of a token */

/*
 * Verifies a token.  NULL: its signature is good; *key is the key, and *payload, of at least
 * CG_JWS_LENGTH bytes, has what was signed, of *length bytes.  Otherwise why it is refused, as
 * a sentence.
 */
extern const char *cg_jws_verify(const char *token, size_t token_length, const CgJwks *keys,
								 const CgJwk **key, char *payload, size_t *length);

/* Is it a signature of this text by this key? */
extern bool cg_jws_is_signed(const CgJwk *key, const uint8_t *signature, size_t signature_length,
							 const char *text, size_t length);

#endif							/* CG_JWS_H */
