/*
 * jwks.c
 *		Public keys that verify tokens, from a JWK Set (RFC 7517).
 *
 * An identity provider publishes other keys beside these, for encryption or with algorithms
 * that we do not know.  They are ignored, as the RFC asks for.  A key that claims to be one
 * of ours and is wrong makes the whole set wrong: an admin must hear of it now, not when the
 * first token is refused.
 */
#include "common/jwks.h"

#include <stdint.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "common/bytes.h"
#include "common/json.h"

#define NUMBER_ROOM (CG_RSA_MOST_BITS / 8)
#define TEXT_ROOM (NUMBER_ROOM * 4 / 3 + 4)
#define COORDINATE_LENGTH 32

/* By CgJwkKind */
static const char *const algorithms[] = {"EdDSA", "ES256", "RS256"};

/* What only a secret key has, of any kind (RFC 7518, 6) */
static const char *const secret[] = {"d", "p", "q", "dp", "dq", "qi", "oth", NULL};

static bool has_member_of(const char *place, const char *const *names);
static const char *parse_jwk(const char *place, CgJwks *set);

/* RFC 9864 has a second name for the first of them. */
bool
cg_jwks_is_algorithm(CgJwkKind kind, const char *name)
{
	return strcmp(name, algorithms[kind]) == 0 || (kind == CG_JWK_ED25519 && strcmp(name, "Ed25519") == 0);
}

/* Is a member absent, or this text? */
static bool
is_or_absent(const char *place, const char *name, const char *wanted)
{
	const char *value = cg_json_member(place, name);
	char		text[16];

	return value == NULL || (cg_json_text(value, text, sizeof(text)) && strcmp(text, wanted) == 0);
}

static bool
has_algorithm(const char *place, CgJwkKind kind)
{
	const char *value = cg_json_member(place, "alg");
	char		name[16];

	return value == NULL || (cg_json_text(value, name, sizeof(name)) && cg_jwks_is_algorithm(kind, name));
}

static bool
may_verify(const char *place)
{
	const char *operations = cg_json_member(place, "key_ops");
	char		text[16];

	if (operations == NULL)
		return true;
	if (!cg_json_is_array(operations))
		return false;
	for (const char *at = cg_json_first(operations); at; at = cg_json_next(at))
		if (cg_json_text(at, text, sizeof(text)) && strcmp(text, "verify") == 0)
			return true;
	return false;
}

static bool
has_member_of(const char *place, const char *const *names)
{
	for (; *names; names++)
		if (cg_json_member(place, *names) != NULL)
			return true;
	return false;
}

/* Of which kind is the key?  False: of none that we know, or it does not sign tokens. */
static bool
kind_of_jwk(const char *place, CgJwkKind *kind)
{
	char		type[16] = "";
	char		curve[16] = "";

	(void) cg_json_text(cg_json_member(place, "kty"), type, sizeof(type));
	(void) cg_json_text(cg_json_member(place, "crv"), curve, sizeof(curve));
	if (strcmp(type, "OKP") == 0 && strcmp(curve, "Ed25519") == 0)
		*kind = CG_JWK_ED25519;
	else if (strcmp(type, "EC") == 0 && strcmp(curve, "P-256") == 0)
		*kind = CG_JWK_P256;
	else if (strcmp(type, "RSA") == 0)
		*kind = CG_JWK_RSA;
	else
		return false;
	return is_or_absent(place, "use", "sig") && may_verify(place) && has_algorithm(place, *kind);
}

/* Decodes a member.  text gets it as it is written, for the thumbprint. */
static bool
get_number(const char *place, const char *name, CgBytes *number, char *text)
{
	return cg_json_text(cg_json_member(place, name), text, TEXT_ROOM) &&
		cg_bytes_decode_base64url(text, strlen(text), number) && number->length > 0;
}

static bool
make_thumbprint(const CgBytes *canonical, CgJwk *jwk)
{
	uint8_t		hash[32];
	CgBytes		out;

	if (canonical->failed || !EVP_Digest(canonical->data, canonical->length, hash, NULL, EVP_sha256(), NULL))
		return false;
	cg_bytes_init_fixed(&out, jwk->thumbprint, CG_THUMBPRINT_LENGTH);
	cg_bytes_put_base64url(&out, hash, sizeof(hash));
	jwk->thumbprint[CG_THUMBPRINT_LENGTH] = '\0';
	return !out.failed;
}

/* A member of the text that the thumbprint hashes */
static void
put_jwk_member(CgBytes *canonical, const char *name, const char *value)
{
	cg_bytes_put_text(canonical, canonical->length == 0 ? "{\"" : ",\"");
	cg_bytes_put_text(canonical, name);
	cg_bytes_put_text(canonical, "\":\"");
	cg_bytes_put_text(canonical, value);
	cg_bytes_put_text(canonical, "\"");
}

static EVP_PKEY *
make_key(const char *type, OSSL_PARAM_BLD *builder)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY   *key = NULL;

	if (context == NULL || params == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
		EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(context);
	return key;
}

/*
 * Has the point a small order?  Then a signature needs no secret: RFC 8032 lets such keys pass, and
 * so does libcrypto.  These are the y of all eight points, also as numbers above the field's
 * prime; the last bit is the sign of x.
 */
static bool
has_small_order(const uint8_t *x)
{
	static const uint8_t order_8[][COORDINATE_LENGTH] = {
		{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
		{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a}
	};
	uint8_t		middle = x[1];
	uint8_t		top = x[COORDINATE_LENGTH - 1] & 0x7f;

	for (int i = 0; i < 2; i++)
		if (memcmp(x, order_8[i], COORDINATE_LENGTH - 1) == 0 && top == order_8[i][COORDINATE_LENGTH - 1])
			return true;
	for (int i = 1; i < COORDINATE_LENGTH - 1; i++)
		if (x[i] != middle)
			return false;
	/* 0 and 1; and p - 1, p and p + 1, where p is 2^255 - 19 */
	return (middle == 0 && top == 0 && x[0] <= 1) || (middle == 0xff && top == 0x7f && x[0] >= 0xec && x[0] <= 0xee);
}

static const char *
parse_ed25519(const char *place, CgJwk *jwk, CgBytes *canonical)
{
	uint8_t		room[NUMBER_ROOM];
	char		text[TEXT_ROOM];
	CgBytes		x;

	cg_bytes_init_fixed(&x, room, sizeof(room));
	if (!get_number(place, "x", &x, text) || x.length != COORDINATE_LENGTH)
		return "an Ed25519 key has no x of 32 bytes";
	if (has_small_order(x.data))
		return "an Ed25519 key is a point of small order, by which anybody can sign";
	put_jwk_member(canonical, "crv", "Ed25519");
	put_jwk_member(canonical, "kty", "OKP");
	put_jwk_member(canonical, "x", text);
	jwk->signature_length = 64;
	jwk->key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x.data, x.length);
	return NULL;
}

static const char *
parse_p256(const char *place, CgJwk *jwk, CgBytes *canonical)
{
	uint8_t		point[1 + 2 * COORDINATE_LENGTH] = {4};	/* uncompressed */
	char		x_text[TEXT_ROOM];
	char		y_text[TEXT_ROOM];
	CgBytes		x;
	CgBytes		y;
	OSSL_PARAM_BLD *builder;

	cg_bytes_init_fixed(&x, point + 1, COORDINATE_LENGTH);
	cg_bytes_init_fixed(&y, point + 1 + COORDINATE_LENGTH, COORDINATE_LENGTH);
	if (!get_number(place, "x", &x, x_text) || !get_number(place, "y", &y, y_text) ||
		x.length != COORDINATE_LENGTH || y.length != COORDINATE_LENGTH)
		return "a P-256 key has no x and y of 32 bytes";
	put_jwk_member(canonical, "crv", "P-256");
	put_jwk_member(canonical, "kty", "EC");
	put_jwk_member(canonical, "x", x_text);
	put_jwk_member(canonical, "y", y_text);
	jwk->signature_length = 2 * COORDINATE_LENGTH;
	builder = OSSL_PARAM_BLD_new();
	if (builder && OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
		OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)))
		jwk->key = make_key("EC", builder);
	OSSL_PARAM_BLD_free(builder);
	return NULL;
}

static const char *
parse_rsa(const char *place, CgJwk *jwk, CgBytes *canonical)
{
	uint8_t		n_room[NUMBER_ROOM];
	uint8_t		e_room[8];
	char		n_text[TEXT_ROOM];
	char		e_text[TEXT_ROOM];
	CgBytes		n_bytes;
	CgBytes		e_bytes;
	BIGNUM	   *n;
	BIGNUM	   *e;
	OSSL_PARAM_BLD *builder;

	cg_bytes_init_fixed(&n_bytes, n_room, sizeof(n_room));
	cg_bytes_init_fixed(&e_bytes, e_room, sizeof(e_room));
	/* A zero in front would be another way to write the same key. */
	if (!get_number(place, "n", &n_bytes, n_text) || !get_number(place, "e", &e_bytes, e_text) ||
		n_bytes.data[0] == 0 || e_bytes.data[0] == 0)
		return "an RSA key has no n or no e, or one that is longer than 8192 or 64 bits, or begins with a zero";
	put_jwk_member(canonical, "e", e_text);
	put_jwk_member(canonical, "kty", "RSA");
	put_jwk_member(canonical, "n", n_text);
	n = BN_bin2bn(n_bytes.data, (int) n_bytes.length, NULL);
	e = BN_bin2bn(e_bytes.data, (int) e_bytes.length, NULL);
	builder = OSSL_PARAM_BLD_new();
	if (n && e && builder && BN_num_bits(n) >= CG_RSA_LEAST_BITS && BN_is_odd(n) &&
		BN_num_bits(e) > 16 && BN_is_odd(e) &&
		OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) &&
		OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e))
		jwk->key = make_key("RSA", builder);
	OSSL_PARAM_BLD_free(builder);
	BN_free(n);
	BN_free(e);
	jwk->signature_length = n_bytes.length;
	return NULL;
}

static const char *
parse_jwk(const char *place, CgJwks *set)
{
	uint8_t		room[2 * TEXT_ROOM + 64];
	CgBytes		canonical;
	CgJwkKind	kind;
	CgJwk	   *jwk = &set->keys[set->count];
	const char *why;

	if (cg_json_member(place, "k") != NULL)
		return "it has a symmetric key: whoever verifies by one can sign by it";
	if (has_member_of(place, secret))
		return "it has a secret key, which must not be where tokens are verified";
	if (!kind_of_jwk(place, &kind))
	{
		set->ignored++;
		return NULL;
	}
	if (set->count == CG_JWKS_KEYS)
		return "it has more than 32 keys";
	memset(jwk, 0, sizeof(CgJwk));
	jwk->kind = kind;
	if (!cg_json_text(cg_json_member(place, "kid"), jwk->kid, sizeof(jwk->kid)) || jwk->kid[0] == '\0')
		return "a key has no kid, or one that is longer than 100 bytes";
	for (const char *at = jwk->kid; *at; at++)
		if (*at <= ' ' || *at > '~')
			return "a kid has a character that is not printable ASCII";
	if (cg_jwks_find(set, jwk->kid) != NULL)
		return "two keys have the same kid";
	cg_bytes_init_fixed(&canonical, room, sizeof(room));
	why = kind == CG_JWK_ED25519 ? parse_ed25519(place, jwk, &canonical) :
		kind == CG_JWK_P256 ? parse_p256(place, jwk, &canonical) : parse_rsa(place, jwk, &canonical);
	if (why != NULL)
		return why;
	cg_bytes_put_text(&canonical, "}");
	if (jwk->key == NULL)
		return kind == CG_JWK_RSA ? "an RSA key is shorter than 2048 bits, or its e is too small" : "a key is no point of its curve";
	/* Counted first: then it is freed. */
	set->count++;
	return make_thumbprint(&canonical, jwk) ? NULL : "its thumbprints cannot be computed";
}

const char *
cg_jwks_parse(const char *text, size_t length, CgJwks *set)
{
	const char *object;
	const char *keys;
	const char *why = NULL;

	memset(set, 0, sizeof(CgJwks));
	if (length > CG_JWKS_FILE_LENGTH)
		return "it is longer than 32 kB";
	if (!cg_json_check(text, length, &object))
		return "it is not a JSON object in UTF-8, or a member stands in it twice";
	keys = cg_json_member(object, "keys");
	if (!cg_json_is_array(keys))
		return "it has no array \"keys\"";
	for (const char *at = cg_json_first(keys); at && why == NULL; at = cg_json_next(at))
		why = parse_jwk(at, set);
	/* libcrypto leaves its errors in a queue, and TLS would take them for its own. */
	ERR_clear_error();
	if (why != NULL)
		cg_jwks_free(set);
	return why;
}

void
cg_jwks_free(CgJwks *set)
{
	for (int i = 0; i < set->count; i++)
		EVP_PKEY_free(set->keys[i].key);
	memset(set, 0, sizeof(CgJwks));
}

const CgJwk *
cg_jwks_find(const CgJwks *set, const char *kid)
{
	for (int i = 0; i < set->count; i++)
		if (strcmp(set->keys[i].kid, kid) == 0)
			return &set->keys[i];
	return NULL;
}
