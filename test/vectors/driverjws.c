/*
 * driverjws.c
 *		Vectors against keys, signatures and the JSON reader of tokens.
 */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/json.h"
#include "common/jws.h"

/* The only key of a set that has this JWK; a kid is put in front of its members. */
static int
take_jwk(const char *jwk, CgJwks *set)
{
	char		text[4096];

	snprintf(text, sizeof(text), "{\"keys\":[{\"kid\":\"k\",%s]}", jwk + 1);
	return cg_jwks_parse(text, strlen(text), set) == NULL && set->count == 1;
}

/* Good as it is, and bad if a bit of the text or of the signature is another one. */
static void
check_signature(const Line *line, const CgJwk *key, char *text, const char *base64url)
{
	unsigned char signature[1024];
	CgBytes		bytes;
	size_t		length = strlen(text);

	cg_bytes_init_fixed(&bytes, signature, sizeof(signature));
	check(line, cg_bytes_decode_base64url(base64url, strlen(base64url), &bytes), "the signature is base64url");
	check(line, cg_jws_is_signed(key, signature, bytes.length, text, length), "the signature is good");
	check(line, !cg_jws_is_signed(key, signature, bytes.length - 1, text, length), "a short signature is bad");
	check(line, !cg_jws_is_signed(key, signature, bytes.length, text, length - 1), "that of a shorter text is bad");
	for (size_t i = 0; i < bytes.length; i++)
	{
		signature[i] ^= 1 << i % 8;
		check(line, !cg_jws_is_signed(key, signature, bytes.length, text, length), "a changed signature is bad");
		signature[i] ^= 1 << i % 8;
	}
	for (size_t i = 0; i < length; i++)
	{
		text[i] ^= 1 << i % 8;
		check(line, !cg_jws_is_signed(key, signature, bytes.length, text, length), "that of a changed text is bad");
		text[i] ^= 1 << i % 8;
	}
}

/* json good|bad TEXT; jwk good|bad JWK; thumbprint JWK TEXT; jws JWK TEXT SIGNATURE */
void
run_jws(const Line *line)
{
	const char *what = line->words[0];
	const char *object;
	CgJwks		set;

	if (line->nwords == 3 && strcmp(what, "json") == 0)
		check(line, cg_json_check(line->words[2], strlen(line->words[2]), &object) == (strcmp(line->words[1], "good") == 0), what);
	else if (line->nwords == 3 && strcmp(what, "jwk") == 0)
	{
		check(line, take_jwk(line->words[2], &set) == (strcmp(line->words[1], "good") == 0), what);
		cg_jwks_free(&set);
	}
	else if (line->nwords == 3 && strcmp(what, "thumbprint") == 0)
	{
		check(line, take_jwk(line->words[1], &set) && strcmp(set.keys[0].thumbprint, line->words[2]) == 0, what);
		cg_jwks_free(&set);
	}
	else if (line->nwords == 4 && strcmp(what, "jws") == 0)
	{
		check(line, take_jwk(line->words[1], &set), "the key is good");
		if (set.count == 1)
			check_signature(line, &set.keys[0], line->words[2], line->words[3]);
		cg_jwks_free(&set);
	}
	else
		check(line, 0, "unknown line");
}
