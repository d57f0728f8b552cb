/*
 * token.c
 *		Tokens that say for whom a session reads: JSON Web Tokens (RFC 7519).
 *
 * A signature costs more than the rest of a small read.  Pools send the token of a request
 * again with each of its transactions, so a session keeps the last ones that it has verified,
 * by their hash.  It keeps only that the signature was good: what the token claims is judged
 * anew each time, and so is whether its key is still in the file.
 *
 * Of each execution the actor is asked for, and then, too, whether his token still counts.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/guc.h"
#include "base/identitykeys.h"
#include "common/hasher.h"
#include "common/jws.h"
#include "journal/reason.h"
#include "policy/revoked.h"
#include "policy/signed.h"
#include "policy/token.h"

#define KEPT_TOKENS 4
#define LEAST_PIECE 16
#define TOKEN_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."

typedef struct Kept
{
	uint8		digest[CG_HASH_LENGTH];
	char		kid[CG_KID_LENGTH + 1];
	char		thumbprint[CG_THUMBPRINT_LENGTH + 1];
	size_t		length;			/* 0: nothing is kept here */
	char		payload[CG_JWS_LENGTH];
} Kept;

static Kept *kept = NULL;		/* KEPT_TOKENS of them */
static int	next_kept = 0;

static const CgJwks *require_keys(void);
static const CgJwk *find_token_key(const CgJwks *keys, const char *kid, const char *thumbprint);
static void hash_token(const char *text, size_t length, uint8 *digest);
static const Kept *verify_token_signature(const char *text, const CgJwks *keys);
static uint64 hash_settings(void);
static bool has_piece(const char *statement, const char *token, size_t length);
static uint64 hash_narrowing(const CgClaims *claims, const CgClaimList *list);
static const char *why_lapsed(const CgActorToken *token);

void
cg_token_init(void)
{
	cg_actor_lapse = why_lapsed;
}

void
cg_token_refuse(const char *why, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("token refused"),
			 errdetail("%s", why),
			 hint ? errhint("%s", hint) : 0,
			 errhidestmt(true), errhidecontext(true)));
}

static const CgJwks *
require_keys(void)
{
	const CgJwks *keys;

	if (cg_identity == CG_IDENTITY_OFF)
		cg_token_refuse("Tokens are not used here: contact_guard.identity is \"off\".", NULL);
	if (cg_identity_audience[0] == '\0')
		cg_token_refuse("contact_guard.identity_audience is not set.", NULL);
	keys = cg_identitykeys_get();
	if (keys == NULL)
		cg_token_refuse("There are no keys: contact_guard.identity_keys is not set, or its file is broken or has none.",
						"The server log and contact_guard.status() say why.");
	return keys;
}

/* The same name may be that of another key since. */
static const CgJwk *
find_token_key(const CgJwks *keys, const char *kid, const char *thumbprint)
{
	const CgJwk *key = cg_jwks_find(keys, kid);

	return key && strcmp(key->thumbprint, thumbprint) == 0 ? key : NULL;
}

static void
hash_token(const char *text, size_t length, uint8 *digest)
{
	static CgHasher hasher = {NULL};

	if ((hasher.context == NULL && cg_hasher_open(&hasher) != CG_MERKLE_OK) ||
		cg_hasher_digest(&hasher, text, length, NULL, 0, digest) != CG_MERKLE_OK)
		cg_token_refuse("It cannot be hashed.", NULL);
}

static const Kept *
verify_token_signature(const char *text, const CgJwks *keys)
{
	size_t		length = strlen(text);
	uint8		digest[CG_HASH_LENGTH];
	CgJws		jws;
	const char *why;
	Kept	   *place;

	if (length > CG_JWS_LENGTH)
		cg_token_refuse("It is longer than 4 kB.", NULL);
	if (kept == NULL)
		kept = MemoryContextAllocZero(TopMemoryContext, KEPT_TOKENS * sizeof(Kept));
	hash_token(text, length, digest);
	for (int i = 0; i < KEPT_TOKENS; i++)
		if (kept[i].length > 0 && memcmp(kept[i].digest, digest, sizeof(digest)) == 0 &&
			find_token_key(keys, kept[i].kid, kept[i].thumbprint))
			return &kept[i];
	place = &kept[next_kept];
	next_kept = (next_kept + 1) % KEPT_TOKENS;
	place->length = 0;
	why = cg_jws_read(text, length, keys, &jws);
	if (why == NULL)
		why = cg_signed_is_good(text, &jws, digest) ? cg_jws_claims(&jws, place->payload, &place->length) : CG_JWS_WRONG;
	if (why)
	{
		place->length = 0;
		cg_token_refuse(why, NULL);
	}
	memcpy(place->digest, digest, sizeof(digest));
	strlcpy(place->kid, jws.key->kid, sizeof(place->kid));
	strlcpy(place->thumbprint, jws.key->thumbprint, sizeof(place->thumbprint));
	return place;
}

/* What a token was meant for, and whose it had to be */
static uint64
hash_settings(void)
{
	uint64		hash = hash_bytes_extended((const unsigned char *) cg_identity_audience, strlen(cg_identity_audience), 0);

	return hash_bytes_extended((const unsigned char *) cg_identity_issuer, strlen(cg_identity_issuer), hash);
}

/* 0: all of them. */
static uint64
hash_narrowing(const CgClaims *claims, const CgClaimList *list)
{
	uint64		hash = 1;

	if (!list->given)
		return 0;
	for (const char *at = cg_claims_first(claims, list); at; at = cg_claims_next(claims, list, at))
		hash = hash_bytes_extended((const unsigned char *) at, strlen(at) + 1, hash);
	return Max(hash, 1);
}

/*
 * Has a statement a part of a token in it, of literals that it puts together, say?  What the
 * argument was does not tell: a plan that is made for its parameters has constants for them.
 */
static bool
has_piece(const char *statement, const char *token, size_t length)
{
	for (const char *at = statement; *at;)
	{
		size_t		run = strspn(at, TOKEN_CHARACTERS);

		if (run >= LEAST_PIECE && memmem(token, length, at, run) != NULL)
			return true;
		at += Max(run, 1);
	}
	return false;
}

void
cg_token_verify(const char *text, CgActorToken *token)
{
	const CgJwks *keys = require_keys();
	CgClaimsAsked asked = {cg_identity_audience, cg_identity_issuer, cg_identity_leeway, cg_identity_max_age};
	TimestampTz now = GetCurrentTimestamp();
	const Kept *verified;
	const char *why;

	/* Whoever sees the text of statements would see it, in pg_stat_activity say. */
	if (debug_query_string && has_piece(debug_query_string, text, strlen(text)))
		cg_token_refuse("It is in the text of the statement, where others can see it.",
						"Send it as a parameter, as in SELECT contact_guard.act_as_token($1).");
	verified = verify_token_signature(text, keys);
	why = cg_claims_parse(verified->payload, verified->length, &asked, &token->claims);
	if (why == NULL)
		why = cg_claims_check(&token->claims, &asked, (int64) timestamptz_to_time_t(now));
	if (why)
		cg_token_refuse(why, NULL);
	strlcpy(token->kid, verified->kid, sizeof(token->kid));
	strlcpy(token->thumbprint, verified->thumbprint, sizeof(token->thumbprint));
	token->until = time_t_to_timestamptz((pg_time_t) (token->claims.expires + asked.leeway));
	/* A clock that was set back brings no token back: see clock.h. */
	if (cg_clock_latest(now) >= token->until)
		cg_token_refuse("It has expired (exp).", NULL);
	token->settings = hash_settings();
	token->narrowing = hash_narrowing(&token->claims, &token->claims.interventions);
	token->columns = hash_narrowing(&token->claims, &token->claims.columns);
}

static const char *
why_lapsed(const CgActorToken *token)
{
	const CgJwks *keys;

	if (token == NULL)
		return cg_identity == CG_IDENTITY_REQUIRED ? CG_REASON_TOKEN_REQUIRED : NULL;
	if (cg_clock_latest(GetCurrentTimestamp()) >= token->until)
		return CG_REASON_TOKEN_EXPIRED;
	keys = cg_identity == CG_IDENTITY_OFF ? NULL : cg_identitykeys_get();
	if (keys == NULL || find_token_key(keys, token->kid, token->thumbprint) == NULL)
		return CG_REASON_TOKEN_KEY;
	if (token->settings != hash_settings())
		return CG_REASON_TOKEN_SETTINGS;
	if (cg_revoked_is(token->subject, token->claims.issued))
		return CG_REASON_TOKEN_REVOKED;
	return NULL;
}
