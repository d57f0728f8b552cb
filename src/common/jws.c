/*
 * jws.c
 *		The signature of a token (RFC 7515, compact serialization; RFC 8725).
 *
 * What a token says of itself chooses nothing: its kid names a key, and the key fixes the
 * algorithm, which the header must agree with.  The header is the only part that is read
 * before the signature is verified.
 */
#include "common/jws.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "common/bytes.h"
#include "common/json.h"

#define HEADER_ROOM 1024

/* Is a header's type one of an access or identity token, and not of a logout message, say? */
static bool
is_type_of_token(const char *header)
{
	const char *place = cg_json_member(header, "typ");
	char		type[32];

	if (place == NULL)
		return true;
	return cg_json_text(place, type, sizeof(type)) &&
		(strcasecmp(type, "JWT") == 0 || strcasecmp(type, "at+jwt") == 0 ||
		 strcasecmp(type, "application/at+jwt") == 0);
}

/* Finds the key that the header names. */
static const char *
read_token_header(const char *text, size_t length, const CgJwks *keys, const CgJwk **key)
{
	uint8_t		room[HEADER_ROOM];
	char		kid[CG_KID_LENGTH + 1];
	char		algorithm[16];
	const char *header;
	CgBytes		bytes;

	cg_bytes_init_fixed(&bytes, room, sizeof(room));
	if (!cg_bytes_decode_base64url(text, length, &bytes))
		return "Its header is not base64url, or is longer than 1 kB.";
	if (!cg_json_check((const char *) bytes.data, bytes.length, &header))
		return "Its header is not a JSON object, or a member stands in it twice.";
	if (cg_json_member(header, "crit") != NULL)
		return "Its header has extensions that must be understood (crit).";
	if (!is_type_of_token(header))
		return "Its header says that it is of another type (typ).";
	if (!cg_json_text(cg_json_member(header, "kid"), kid, sizeof(kid)))
		return "Its header names no key (kid).";
	*key = cg_jwks_find(keys, kid);
	if (*key == NULL)
		return "Its header names a key (kid) that is not in the file of contact_guard.identity_keys.";
	if (!cg_json_text(cg_json_member(header, "alg"), algorithm, sizeof(algorithm)) ||
		!cg_jwks_is_algorithm((*key)->kind, algorithm))
		return "Its header names another algorithm (alg) than that of its key.";
	return NULL;
}

const char *
cg_jws_read(const char *token, size_t token_length, const CgJwks *keys, CgJws *jws)
{
	const char *end = token + token_length;
	const char *first;
	const char *second;
	const char *why;
	CgBytes		signature;

	if (token_length > CG_JWS_LENGTH)
		return "It is longer than 4 kB.";
	first = memchr(token, '.', token_length);
	second = first ? memchr(first + 1, '.', end - first - 1) : NULL;
	if (second == NULL || memchr(second + 1, '.', end - second - 1) != NULL)
		return "It does not have three parts.";
	why = read_token_header(token, first - token, keys, &jws->key);
	if (why != NULL)
		return why;
	cg_bytes_init_fixed(&signature, jws->signature, sizeof(jws->signature));
	if (!cg_bytes_decode_base64url(second + 1, end - second - 1, &signature))
		return CG_JWS_WRONG;
	jws->signature_length = signature.length;
	jws->signed_length = second - token;
	jws->claims = first + 1;
	jws->claims_length = second - first - 1;
	return NULL;
}

const char *
cg_jws_claims(const CgJws *jws, char *payload, size_t *length)
{
	CgBytes		claims;

	cg_bytes_init_fixed(&claims, payload, CG_JWS_LENGTH);
	if (!cg_bytes_decode_base64url(jws->claims, jws->claims_length, &claims))
		return "What it claims is not base64url.";
	*length = claims.length;
	return NULL;
}

/* ES256 has two numbers of 32 bytes, and libcrypto takes them in DER. */
static uint8_t *
to_der(const uint8_t *signature, size_t length, int *der_length)
{
	ECDSA_SIG  *pair = ECDSA_SIG_new();
	BIGNUM	   *r = BN_bin2bn(signature, (int) length / 2, NULL);
	BIGNUM	   *s = BN_bin2bn(signature + length / 2, (int) length / 2, NULL);
	uint8_t    *der = NULL;

	if (pair == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(pair, r, s) != 1)
	{
		BN_free(r);
		BN_free(s);
	}
	else
		*der_length = i2d_ECDSA_SIG(pair, &der);
	ECDSA_SIG_free(pair);
	return der;
}

bool
cg_jws_is_signed(const CgJwk *key, const uint8_t *signature, size_t signature_length, const char *text, size_t length)
{
	EVP_MD_CTX *context;
	uint8_t    *der = NULL;
	int			bytes = (int) signature_length;
	bool		good;

	if (signature_length != key->signature_length)
		return false;
	context = EVP_MD_CTX_new();
	if (key->kind == CG_JWK_P256)
		signature = der = to_der(signature, signature_length, &bytes);
	/* Ed25519 hashes by itself. */
	good = context != NULL && signature != NULL && bytes > 0 &&
		EVP_DigestVerifyInit(context, NULL, key->kind == CG_JWK_ED25519 ? NULL : EVP_sha256(), NULL, key->key) == 1 &&
		EVP_DigestVerify(context, signature, bytes, (const uint8_t *) text, length) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(context);
	/* What libcrypto leaves in its queue, TLS would take for its own. */
	ERR_clear_error();
	return good;
}
