/*
 * jws.h
 *		The signature of a token (RFC 7515, compact serialization; RFC 8725).
 */
#ifndef CG_JWS_H
#define CG_JWS_H

#include <stdint.h>

#include "common/jwks.h"

#define CG_JWS_LENGTH 4096		/* bytes of a token */
#define CG_JWS_WRONG "Its signature is wrong."

/* A token, taken apart.  Pointers point into it, and to a key. */
typedef struct CgJws
{
	const CgJwk *key;			/* that it names */
	size_t		signed_length;	/* of what is signed, from its begin on */
	const char *claims;			/* in base64url */
	size_t		claims_length;
	size_t		signature_length;
	uint8_t		signature[CG_RSA_MOST_BITS / 8];
} CgJws;

/*
 * Takes a token apart.  NULL, or why it is refused, as a sentence.  The signature is not
 * verified yet, and nothing but the header is looked at.
 */
extern const char *cg_jws_read(const char *token, size_t token_length, const CgJwks *keys, CgJws *jws);

/*
 * Decodes what a token claims: payload has CG_JWS_LENGTH bytes.  NULL, or why it is refused.  To
 * be called when the signature has been found good.
 */
extern const char *cg_jws_claims(const CgJws *jws, char *payload, size_t *length);

/* Is it a signature of this text by this key? */
extern bool cg_jws_is_signed(const CgJwk *key, const uint8_t *signature, size_t signature_length,
							 const char *text, size_t length);

#endif							/* CG_JWS_H */
