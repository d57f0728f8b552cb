/*
 * messagemac.c
 *		HMAC-SHA-256 (RFC 2104) with a key that rarely changes.
 *
 * HMAC() of OpenSSL 3 looks up its algorithm, allocates memory and takes locks at each
 * call.  For a withheld read that costs more than the hash itself.  Both hashes of an
 * HMAC begin with the key.  So their states behind the key are kept here, and each
 * message continues from copies of them.
 */
#include "postgres.h"

#include <openssl/sha.h>

#include "journal/messagemac.h"

#define INNER_PAD 0x36
#define OUTER_PAD 0x5c

StaticAssertDecl(CG_MESSAGEMAC_LENGTH == SHA256_DIGEST_LENGTH, "a MAC has the length of a hash");

static bool begun = false;
static uint8 begun_with[CG_MESSAGEMAC_KEY];
static SHA256_CTX inner;
static SHA256_CTX outer;

static bool begin_hash(SHA256_CTX *hash, const uint8 *key, uint8 pad);
static bool begin_mac(const uint8 *key);

static bool
begin_hash(SHA256_CTX *hash, const uint8 *key, uint8 pad)
{
	uint8		block[SHA256_CBLOCK];

	memset(block, pad, sizeof(block));
	for (int i = 0; i < CG_MESSAGEMAC_KEY; i++)
		block[i] ^= key[i];
	return SHA256_Init(hash) && SHA256_Update(hash, block, sizeof(block));
}

static bool
begin_mac(const uint8 *key)
{
	if (begun && memcmp(begun_with, key, sizeof(begun_with)) == 0)
		return true;
	begun = begin_hash(&inner, key, INNER_PAD) && begin_hash(&outer, key, OUTER_PAD);
	memcpy(begun_with, key, sizeof(begun_with));
	return begun;
}

bool
cg_messagemac_compute(const uint8 *key, const CgMacPart *parts, int nparts, unsigned char *mac)
{
	SHA256_CTX	hash;
	unsigned char digest[SHA256_DIGEST_LENGTH];

	if (!begin_mac(key))
		return false;
	hash = inner;
	for (int i = 0; i < nparts; i++)
		if (!SHA256_Update(&hash, parts[i].data, parts[i].length))
			return false;
	if (!SHA256_Final(digest, &hash))
		return false;
	hash = outer;
	return SHA256_Update(&hash, digest, sizeof(digest)) && SHA256_Final(mac, &hash);
}
