/*
 * notekey.c
 *		Keys of signed notes, and their signatures.
 *
 * libcrypto leaves its errors in a queue of the thread, and the server's TLS code would take
 * them for its own.  So the queue is emptied after each failure.
 */
#include "common/note.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#define SECRET_PREFIX "PRIVATE+KEY+"
#define COSIGNATURE_HEADER "cosignature/v1\ntime "
#define TIME_LENGTH 8

static CgNoteResult compute_id(const CgNoteKey *key, uint8_t *id);
static CgNoteResult parse_key(const char *text, size_t length, CgNoteKey *key, uint8_t *bytes);
static int	hex_value(char digit);
static void put_key(CgBytes *out, const CgNoteKey *key, const uint8_t *bytes);
static bool derive_public(CgNoteKey *key);
static void put_message(CgBytes *out, const CgNoteKey *key, const char *text, size_t length,
						uint64_t seconds);
static CgNoteResult verify_signature(const CgNote *note, const CgSignature *signature,
									 const CgNoteKey *key, uint64_t *seconds);
static bool check_ed25519(const CgNoteKey *key, const uint8_t *signature, const CgBytes *message);
static bool sign_ed25519(const CgNoteKey *key, const CgBytes *message, uint8_t *signature);

CgNoteResult
cg_notekey_make(CgNoteKey *key, const char *name, uint8_t type,
				 const uint8_t seed[CG_SEED_LENGTH])
{
	memset(key, 0, sizeof(CgNoteKey));
	if (!cg_note_name_ok(name, strlen(name)))
		return CG_NOTE_FORMAT;
	if (type != CG_KEY_ED25519 && type != CG_KEY_COSIGNATURE)
		return CG_NOTE_KEY_TYPE;
	strcpy(key->name, name);
	key->type = type;
	key->has_seed = true;
	memcpy(key->seed, seed, CG_SEED_LENGTH);
	if (!derive_public(key))
		return CG_NOTE_CRYPTO;
	return compute_id(key, key->id);
}

static CgNoteResult
compute_id(const CgNoteKey *key, uint8_t *id)
{
	uint8_t		input[CG_NOTE_NAME_LENGTH + 2 + CG_PUBLIC_KEY_LENGTH];
	uint8_t		hash[CG_HASH_LENGTH];
	size_t		length = strlen(key->name);

	memcpy(input, key->name, length);
	input[length++] = '\n';
	input[length++] = key->type;
	memcpy(input + length, key->public_key, CG_PUBLIC_KEY_LENGTH);
	length += CG_PUBLIC_KEY_LENGTH;
	if (!EVP_Digest(input, length, hash, NULL, EVP_sha256(), NULL))
	{
		ERR_clear_error();
		return CG_NOTE_CRYPTO;
	}
	memcpy(id, hash, CG_KEY_ID_LENGTH);
	return CG_NOTE_OK;
}

CgNoteResult
cg_notekey_parse(const char *text, size_t length, CgNoteKey *key)
{
	uint8_t		id[CG_KEY_ID_LENGTH];
	CgNoteResult result = parse_key(text, length, key, key->public_key);

	if (result == CG_NOTE_OK)
		result = compute_id(key, id);
	if (result == CG_NOTE_OK && memcmp(id, key->id, sizeof(id)) != 0)
		result = CG_NOTE_KEY_ID;
	return result;
}

CgNoteResult
cg_notekey_parse_secret(const char *text, size_t length, CgNoteKey *key)
{
	uint8_t		id[CG_KEY_ID_LENGTH];
	size_t		prefix = strlen(SECRET_PREFIX);
	CgNoteResult result;

	if (length < prefix || memcmp(text, SECRET_PREFIX, prefix) != 0)
		return CG_NOTE_FORMAT;
	result = parse_key(text + prefix, length - prefix, key, key->seed);
	if (result == CG_NOTE_OK)
	{
		key->has_seed = true;
		result = derive_public(key) ? compute_id(key, id) : CG_NOTE_CRYPTO;
	}
	if (result == CG_NOTE_OK && memcmp(id, key->id, sizeof(id)) != 0)
		result = CG_NOTE_KEY_ID;
	if (result != CG_NOTE_OK)
		cg_notekey_forget(key);
	return result;
}

/* Parses name "+" ID "+" base64(type || 32 bytes). */
static CgNoteResult
parse_key(const char *text, size_t length, CgNoteKey *key, uint8_t *bytes)
{
	const char *plus = length == 0 ? NULL : memchr(text, '+', length);
	uint8_t		decoded[1 + CG_PUBLIC_KEY_LENGTH];
	CgBytes		out;
	size_t		name_length;
	bool		good;

	memset(key, 0, sizeof(CgNoteKey));
	if (plus == NULL)
		return CG_NOTE_FORMAT;
	name_length = plus - text;
	length -= name_length + 1;
	if (!cg_note_name_ok(text, name_length) || length < 9 || plus[9] != '+')
		return CG_NOTE_FORMAT;
	memcpy(key->name, text, name_length);
	for (int i = 0; i < 2 * CG_KEY_ID_LENGTH; i++)
	{
		int			value = hex_value(plus[1 + i]);

		if (value < 0)
			return CG_NOTE_FORMAT;
		key->id[i / 2] = (uint8_t) (key->id[i / 2] << 4 | value);
	}
	/* A key of another type may be longer.  It is refused in any case. */
	cg_bytes_init_fixed(&out, decoded, sizeof(decoded));
	good = cg_bytes_decode_base64(plus + 10, length - 9, &out);
	key->type = decoded[0];
	memcpy(bytes, decoded + 1, CG_PUBLIC_KEY_LENGTH);
	OPENSSL_cleanse(decoded, sizeof(decoded));
	if (out.length > 0 && key->type != CG_KEY_ED25519 && key->type != CG_KEY_COSIGNATURE)
		return CG_NOTE_KEY_TYPE;
	return good && out.length == sizeof(decoded) ? CG_NOTE_OK : CG_NOTE_FORMAT;
}

static int
hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

void
cg_notekey_put(CgBytes *out, const CgNoteKey *key)
{
	put_key(out, key, key->public_key);
}

void
cg_notekey_put_secret(CgBytes *out, const CgNoteKey *key)
{
	cg_bytes_put_text(out, SECRET_PREFIX);
	put_key(out, key, key->seed);
}

static void
put_key(CgBytes *out, const CgNoteKey *key, const uint8_t *bytes)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t		typed[1 + CG_PUBLIC_KEY_LENGTH];

	cg_bytes_put_text(out, key->name);
	cg_bytes_put_text(out, "+");
	for (int i = 0; i < CG_KEY_ID_LENGTH; i++)
	{
		cg_bytes_put_uint8(out, digits[key->id[i] >> 4]);
		cg_bytes_put_uint8(out, digits[key->id[i] & 15]);
	}
	cg_bytes_put_text(out, "+");
	typed[0] = key->type;
	memcpy(typed + 1, bytes, CG_PUBLIC_KEY_LENGTH);
	cg_bytes_put_base64(out, typed, sizeof(typed));
	OPENSSL_cleanse(typed, sizeof(typed));
}

void
cg_notekey_forget(CgNoteKey *key)
{
	OPENSSL_cleanse(key, sizeof(CgNoteKey));
}

static bool
derive_public(CgNoteKey *key)
{
	EVP_PKEY   *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->seed,
													CG_SEED_LENGTH);
	size_t		length = CG_PUBLIC_KEY_LENGTH;
	bool		good = pkey != NULL &&
		EVP_PKEY_get_raw_public_key(pkey, key->public_key, &length) == 1;

	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return good;
}

CgNoteResult
cg_notekey_verify(const CgNote *note, const CgNoteKey *key, uint64_t *seconds)
{
	uint64_t	latest = 0;
	CgNoteResult result = CG_NOTE_UNSIGNED;

	for (int i = 0; i < note->nsignatures; i++)
	{
		const CgSignature *signature = &note->signatures[i];
		uint64_t	time = 0;

		if (signature->name_length != strlen(key->name) ||
			memcmp(signature->name, key->name, signature->name_length) != 0 ||
			memcmp(signature->id, key->id, CG_KEY_ID_LENGTH) != 0)
			continue;
		result = verify_signature(note, signature, key, &time);
		if (result != CG_NOTE_OK)
			return result;
		if (time > latest)
			latest = time;
	}
	if (seconds != NULL)
		*seconds = latest;
	return result;
}

static CgNoteResult
verify_signature(const CgNote *note, const CgSignature *signature, const CgNoteKey *key,
				 uint64_t *seconds)
{
	uint8_t		decoded[CG_KEY_ID_LENGTH + TIME_LENGTH + CG_SIGNATURE_LENGTH];
	size_t		time_length = key->type == CG_KEY_COSIGNATURE ? TIME_LENGTH : 0;
	size_t		wanted = CG_KEY_ID_LENGTH + time_length + CG_SIGNATURE_LENGTH;
	CgBytes		bytes;
	CgBytes		message;
	CgNoteResult result;

	cg_bytes_init_fixed(&bytes, decoded, sizeof(decoded));
	if (!cg_bytes_decode_base64(signature->base64, signature->base64_length, &bytes) ||
		bytes.length != wanted)
		return CG_NOTE_FORGED;
	if (time_length > 0)
		*seconds = cg_bytes_get_uint64(decoded + CG_KEY_ID_LENGTH);
	if (*seconds > INT64_MAX)	/* tlog-cosignature has none from 2^63 on */
		return CG_NOTE_FORGED;
	cg_bytes_init(&message);
	put_message(&message, key, note->text, note->text_length, *seconds);
	if (message.failed)
		result = CG_NOTE_CRYPTO;
	else
		result = check_ed25519(key, decoded + wanted - CG_SIGNATURE_LENGTH, &message) ?
			CG_NOTE_OK : CG_NOTE_FORGED;
	cg_bytes_free(&message);
	return result;
}

/* Appends the bytes that a key signs for a text. */
static void
put_message(CgBytes *out, const CgNoteKey *key, const char *text, size_t length, uint64_t seconds)
{
	if (key->type == CG_KEY_COSIGNATURE)
	{
		cg_bytes_put_text(out, COSIGNATURE_HEADER);
		cg_bytes_put_decimal(out, seconds);
		cg_bytes_put_text(out, "\n");
	}
	cg_bytes_put(out, text, length);
}

CgNoteResult
cg_notekey_put_signature(CgBytes *out, const CgNoteKey *key, const char *text, size_t length,
					  uint64_t seconds)
{
	uint8_t		buffer[CG_KEY_ID_LENGTH + TIME_LENGTH + CG_SIGNATURE_LENGTH];
	uint8_t		signature[CG_SIGNATURE_LENGTH];
	CgBytes		bytes;
	CgBytes		message;
	bool		good;

	if (!key->has_seed)
		return CG_NOTE_KEY_TYPE;
	cg_bytes_init(&message);
	put_message(&message, key, text, length, seconds);
	good = !message.failed && sign_ed25519(key, &message, signature);
	cg_bytes_free(&message);
	if (!good)
		return CG_NOTE_CRYPTO;

	cg_bytes_init_fixed(&bytes, buffer, sizeof(buffer));
	cg_bytes_put(&bytes, key->id, CG_KEY_ID_LENGTH);
	if (key->type == CG_KEY_COSIGNATURE)
		cg_bytes_put_uint64(&bytes, seconds);
	cg_bytes_put(&bytes, signature, CG_SIGNATURE_LENGTH);
	cg_bytes_put_text(out, "\xE2\x80\x94 ");
	cg_bytes_put_text(out, key->name);
	cg_bytes_put_text(out, " ");
	cg_bytes_put_base64(out, buffer, bytes.length);
	cg_bytes_put_text(out, "\n");
	return out->failed ? CG_NOTE_CRYPTO : CG_NOTE_OK;
}

static bool
check_ed25519(const CgNoteKey *key, const uint8_t *signature, const CgBytes *message)
{
	EVP_PKEY   *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->public_key,
												   CG_PUBLIC_KEY_LENGTH);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool		good = pkey != NULL && context != NULL &&
		EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey) == 1 &&
		EVP_DigestVerify(context, signature, CG_SIGNATURE_LENGTH, message->data,
						 message->length) == 1;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return good;
}

static bool
sign_ed25519(const CgNoteKey *key, const CgBytes *message, uint8_t *signature)
{
	EVP_PKEY   *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->seed,
													CG_SEED_LENGTH);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t		length = CG_SIGNATURE_LENGTH;
	bool		good = pkey != NULL && context != NULL &&
		EVP_DigestSignInit(context, NULL, NULL, NULL, pkey) == 1 &&
		EVP_DigestSign(context, signature, &length, message->data, message->length) == 1 &&
		length == CG_SIGNATURE_LENGTH;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return good;
}
