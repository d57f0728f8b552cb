/*
 * jwks.h
 *		Public keys that verify tokens, from a JWK Set (RFC 7517).
 *
 * A key fixes the algorithm of its signatures.  There are no symmetric keys: who verifies by
 * one can sign by it.
 */
#ifndef CG_JWKS_H
#define CG_JWKS_H

#include <stdbool.h>
#include <stddef.h>

#define CG_JWKS_FILE_LENGTH (32 * 1024)	/* bytes of the text */
#define CG_JWKS_KEYS 32
#define CG_KID_LENGTH 100		/* bytes of a key's name */
#define CG_THUMBPRINT_LENGTH 43 /* of SHA-256, in base64url */
#define CG_RSA_LEAST_BITS 2048
#define CG_RSA_MOST_BITS 8192

typedef enum CgJwkKind
{
	CG_JWK_ED25519,
	CG_JWK_P256,
	CG_JWK_RSA
} CgJwkKind;

typedef struct CgJwk
{
	char		kid[CG_KID_LENGTH + 1];
	char		thumbprint[CG_THUMBPRINT_LENGTH + 1];	/* RFC 7638 */
	CgJwkKind	kind;
	size_t		signature_length;
	void	   *key;			/* an EVP_PKEY */
} CgJwk;

typedef struct CgJwks
{
	int			count;
	int			ignored;		/* keys of other kinds, or for other uses */
	CgJwk		keys[CG_JWKS_KEYS];
} CgJwks;

/*
 * Parses a set.  NULL: it is good, and the caller must free it.  Otherwise why it is not, as a
 * sentence without a full stop.  A set is good only if each key that signs tokens is; it may
 * have none.
 */
extern const char *cg_jwks_parse(const char *text, size_t length, CgJwks *set);
extern void cg_jwks_free(CgJwks *set);

/* Is this the name of the algorithm of such keys: EdDSA, ES256 or RS256? */
extern bool cg_jwks_is_algorithm(CgJwkKind kind, const char *name);

/* NULL: there is none. */
extern const CgJwk *cg_jwks_find(const CgJwks *set, const char *kid);

#endif							/* CG_JWKS_H */
