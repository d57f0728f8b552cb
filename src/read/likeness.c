/*
 * likeness.c
 *		When two values count as the same, for same_value().
 *
 * Letters are compared without their accents, in whatever way these are written, and without
 * their case.  The locale of the database decides nothing: with "C" an Ë would be no ë, and
 * the answer "none" would be wrong.  Compatibility decomposition (NFKD) takes accents, ligatures
 * and no-break spaces apart.  What is left has a case in Latin, Greek and Cyrillic; scripts
 * without case are compared as they are.
 */
#include "postgres.h"

#include "common/unicode_norm.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "read/likeness.h"

#define NUMBER_DIGITS 9			/* what is the same with and without a country's code */

static const char *const names[] = {"value", "letters", "last word", "digits"};

/* Capital letters, and how far their small letters are. */
static const struct
{
	pg_wchar	first;
	pg_wchar	last;
	int			distance;
}			capitals[] = {
	{'A', 'Z', 32}, {0x00C0, 0x00D6, 32}, {0x00D8, 0x00DE, 32}, {0x0391, 0x03A9, 32},
	{0x0400, 0x040F, 80}, {0x0410, 0x042F, 32}
};

static pg_wchar *code_points(const char *value);
static pg_wchar lower_letter(pg_wchar c);
static bool is_accent_mark(pg_wchar c);
static bool is_letter_of_word(pg_wchar c);
static bool is_end_of_word(pg_wchar c);
static void put_character(StringInfo out, pg_wchar c);

CgLikeness
cg_likeness_parse(const char *name)
{
	for (int i = 0; i < lengthof(names); i++)
		if (strcmp(name, names[i]) == 0)
			return (CgLikeness) i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid way to compare values: \"%s\"", name),
			 errhint("Use \"value\", \"letters\", \"last word\" or \"digits\".")));
}

const char *
cg_likeness_name(CgLikeness likeness)
{
	return names[likeness];
}

/* Decomposed.  Bytes that are no text in the database's encoding count one by one. */
static pg_wchar *
code_points(const char *value)
{
	char	   *utf8 = pg_server_to_any(value, strlen(value), PG_UTF8);
	int			length = strlen(utf8);
	pg_wchar   *points = palloc((length + 1) * sizeof(pg_wchar));
	int			n = 0;

	if (!pg_verify_mbstr(PG_UTF8, utf8, length, true))
	{
		for (int i = 0; i < length; i++)
			points[n++] = (unsigned char) utf8[i];
		points[n] = 0;
		return points;
	}
	for (const unsigned char *at = (const unsigned char *) utf8; *at != '\0'; at += pg_utf_mblen(at))
		points[n++] = utf8_to_unicode(at);
	points[n] = 0;
	return unicode_normalize(UNICODE_NFKD, points);
}

static pg_wchar
lower_letter(pg_wchar c)
{
	for (int i = 0; i < lengthof(capitals); i++)
		if (c >= capitals[i].first && c <= capitals[i].last)
			return c + capitals[i].distance;
	/* Latin Extended-A: capitals are even in the one part, and odd in the other. */
	if ((c >= 0x0100 && c <= 0x0137) || (c >= 0x014A && c <= 0x0177))
		return c | 1;
	if ((c >= 0x0139 && c <= 0x0148) || (c >= 0x0179 && c <= 0x017E))
		return c + (c & 1);
	return c == 0x03C2 ? 0x03C3 : c;	/* a sigma at the end of a word */
}

/* An accent that stands behind its letter. */
static bool
is_accent_mark(pg_wchar c)
{
	return (c >= 0x0300 && c <= 0x036F) || (c >= 0x1AB0 && c <= 0x1AFF) || (c >= 0x1DC0 && c <= 0x1DFF);
}

/* Of a small letter.  Beyond ASCII everything counts but signs and punctuation. */
static bool
is_letter_of_word(pg_wchar c)
{
	if (c < 0x80)
		return c >= 'a' && c <= 'z';
	return c >= 0xC0 && c != 0xD7 && c != 0xF7 && !is_accent_mark(c) && !(c >= 0x2000 && c <= 0x2BFF) && !(c >= 0x3000 && c <= 0x3004);
}

static bool
is_end_of_word(pg_wchar c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void
put_character(StringInfo out, pg_wchar c)
{
	unsigned char bytes[8] = {0};

	unicode_to_utf8(c, bytes);
	appendBinaryStringInfo(out, (char *) bytes, pg_utf_mblen(bytes));
}

char *
cg_likeness_fold(CgLikeness likeness, const char *value)
{
	StringInfoData out;
	bool		word_ended = false;

	if (likeness == CG_LIKE_VALUE)
		return pstrdup(value);
	initStringInfo(&out);
	for (const pg_wchar *at = code_points(value); *at != 0; at++)
	{
		pg_wchar	c = lower_letter(*at);

		if (likeness == CG_LIKE_DIGITS ? c < '0' || c > '9' : !is_letter_of_word(c))
		{
			word_ended = word_ended || is_end_of_word(c);
			continue;
		}
		/* A word that begins takes the place of the one before. */
		if (likeness == CG_LIKE_LAST_WORD && word_ended)
			resetStringInfo(&out);
		word_ended = false;
		put_character(&out, c);
	}
	if (likeness == CG_LIKE_DIGITS && out.len > NUMBER_DIGITS)
		return out.data + out.len - NUMBER_DIGITS;
	return out.data;
}
