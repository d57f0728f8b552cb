/*
 * masktext.c
 *		The texts of masks: see masktext.h.
 *
 * A mask must not look like a value that the policy shows, so a value that is too short
 * for partial(prefix,suffix) is replaced by stars wholly.  The number of characters stays
 * visible, which README says.
 *
 * pseudonym is HMAC-SHA-256 over (actor, day, value): equal values stay equal for one
 * actor on one day, which a work list needs.  To build a dictionary of phone numbers, an
 * actor would have to read them one by one, and each read is recorded.
 */
#include "postgres.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "journal/record.h"
#include "policy/fiction.h"
#include "policy/masktext.h"

#define PSEUDONYM_HEX 16		/* digits: 64 bits */
#define STARS_MIN 3				/* fewer may stand in a door code */

static bool is_ascii(const char *value, int bytes);
static void trim(const char **value, int *bytes);
static bool is_no_mask(const char *value, int bytes);
static bool is_of_address(const char *value);
static bool is_invalid_email(const char *value, int bytes);

/* Programs add blanks to what they write, and take them away. */
static void
trim(const char **value, int *bytes)
{
	while (*bytes > 0 && strchr(" \t\r\n", (*value)[0]) != NULL)
	{
		(*value)++;
		(*bytes)--;
	}
	while (*bytes > 0 && strchr(" \t\r\n", (*value)[*bytes - 1]) != NULL)
		(*bytes)--;
}

static bool
is_no_mask(const char *value, int bytes)
{
	trim(&value, &bytes);
	return bytes == strlen(CG_MASKTEXT_NOTHING) && memcmp(value, CG_MASKTEXT_NOTHING, bytes) == 0;
}

/* Where the stars of a partial mask begin and end, in a text of some characters. */
typedef struct Stars
{
	int			head;
	int			tail;
	int			number;
}			Stars;

/* In most telephone numbers each byte is a character, whatever the encoding. */
static bool
is_ascii(const char *value, int bytes)
{
	char		bits = 0;

	for (int i = 0; i < bytes; i++)
		bits |= value[i];
	return (bits & 0x80) == 0;
}

static Stars
find_stars(const CgMask *mask, const char *value, int bytes)
{
	bool		ascii = is_ascii(value, bytes);
	int			chars = ascii ? bytes : pg_mbstrlen_with_len(value, bytes);
	Stars		stars = {0, bytes, chars};

	if (chars > mask->prefix + mask->suffix)
	{
		stars.head = ascii ? mask->prefix : pg_mbcharcliplen(value, bytes, mask->prefix);
		stars.tail = ascii ? bytes - mask->suffix : pg_mbcharcliplen(value, bytes, chars - mask->suffix);
		stars.number = chars - mask->prefix - mask->suffix;
	}
	return stars;
}

char *
cg_masktext_partial(const CgMask *mask, const char *value, const char *actor, const uint8 *key)
{
	int			bytes = strlen(value);
	Stars		stars = find_stars(mask, value, bytes);
	char	   *out = palloc(stars.head + stars.number + bytes - stars.tail + 1);

	memcpy(out, value, stars.head);
	memset(out + stars.head, '*', stars.number);
	memcpy(out + stars.head + stars.number, value + stars.tail, bytes - stars.tail + 1);
	return out;
}

/*
 * May the text be an address?  Of what is none, not even the first character shows, nor a word
 * at its end.  So it has only characters of RFC 5322's atoms, or of other alphabets, and blanks
 * nowhere.
 */
static bool
is_of_address(const char *value)
{
	static const char special[] = "@.!#$%&'*+-/=?^_`{|}~";

	for (; *value != '\0'; value++)
	{
		unsigned char c = *value;

		if (c < 0x80 && !isalnum(c) && strchr(special, c) == NULL)
			return false;
	}
	return true;
}

char *
cg_masktext_email(const CgMask *mask, const char *value, const char *actor, const uint8 *key)
{
	int			bytes;
	const char *at;
	const char *dot;

	if (mask->invalid)
		return pstrdup(CG_FICTION_EMAIL);
	bytes = strlen(value);
	trim(&value, &bytes);
	value = pnstrdup(value, bytes);
	at = strrchr(value, '@');
	dot = at ? strrchr(at, '.') : NULL;
	if (at == NULL || at == value || !is_of_address(value))
		return pstrdup(CG_MASKTEXT_NOTHING);
	/* If the text is not an address, anything may stand after its last dot. */
	if (dot == NULL || strspn(dot + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(dot + 1))
		dot = "";
	return psprintf("%.*s***@***%s", pg_mblen(value), value, dot);
}

char *
cg_masktext_pseudonym(const CgMask *mask, const char *value, const char *actor, const uint8 *key)
{
	StringInfoData in;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	char	   *out = palloc(PSEUDONYM_HEX + 1);

	initStringInfo(&in);
	/* The zero byte ends the actor's name, which cannot contain one. */
	appendStringInfo(&in, "pseudonym %s", actor);
	appendStringInfoChar(&in, '\0');
	appendStringInfo(&in, INT64_FORMAT " %s", GetCurrentTimestamp() / USECS_PER_DAY, value);
	if (HMAC(EVP_sha256(), key, CG_KEY_LENGTH, (unsigned char *) in.data, in.len, digest, &len) == NULL)
		elog(ERROR, "could not compute HMAC");
	hex_encode((char *) digest, PSEUDONYM_HEX / 2, out);
	out[PSEUDONYM_HEX] = '\0';
	return out;
}

char *
cg_masktext_phone(const CgMask *mask, const char *value, const char *actor, const uint8 *key)
{
	char	   *made = cg_fiction_phone(value, mask->country, mask->landline);

	return made ? made : pstrdup(CG_MASKTEXT_NOTHING);
}

char *
cg_masktext_address(const CgMask *mask, const char *value, const char *actor, const uint8 *key)
{
	char	   *made = value ? cg_fiction_address(value) : NULL;

	return made ? made : pstrdup(CG_MASKTEXT_NOTHING);
}

/* Has it the form that cg_masktext_partial() writes? */
bool
cg_masktext_is_partial(const CgMask *mask, const char *value, int bytes)
{
	Stars		stars;

	if (memchr(value, '*', bytes) == NULL)
		return false;
	stars = find_stars(mask, value, bytes);
	if (stars.tail - stars.head < STARS_MIN)
		return false;
	for (int i = stars.head; i < stars.tail; i++)
		if (value[i] != '*')
			return false;
	return true;
}

/* Nobody has an address of this domain, whatever stands before the @. */
static bool
is_invalid_email(const char *value, int bytes)
{
	int			length = strlen("@" CG_FICTION_DOMAIN);

	return bytes >= length && pg_strncasecmp(value + bytes - length, "@" CG_FICTION_DOMAIN, length) == 0;
}

/* Has it the form that cg_masktext_email() writes, of either kind? */
bool
cg_masktext_is_email(const CgMask *mask, const char *value, int bytes)
{
	static const char middle[] = "***@***";
	int			head;
	int			at;

	trim(&value, &bytes);
	if (is_no_mask(value, bytes) || is_invalid_email(value, bytes))
		return true;
	if (mask->invalid)
		return false;
	head = bytes > 0 ? Min(pg_mblen(value), bytes) : 0;
	at = head + (int) strlen(middle);
	if (bytes < at || memcmp(value + head, middle, strlen(middle)) != 0)
		return false;
	if (at < bytes && value[at++] != '.')
		return false;
	for (; at < bytes; at++)
		if (!((value[at] >= 'a' && value[at] <= 'z') || (value[at] >= 'A' && value[at] <= 'Z')))
			return false;
	return true;
}

bool
cg_masktext_is_phone(const CgMask *mask, const char *value, int bytes)
{
	return is_no_mask(value, bytes) || cg_fiction_is_phone(value, bytes, mask->country);
}

bool
cg_masktext_is_address(const CgMask *mask, const char *value, int bytes)
{
	return is_no_mask(value, bytes) || cg_fiction_is_address(pnstrdup(value, bytes));
}
