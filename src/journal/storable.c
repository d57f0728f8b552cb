/*
 * storable.c
 *		Texts as the access log can store them.
 *
 * A text from a session need not be valid in the database's encoding.  The name of a
 * role has the encoding of the database in which the role was created.  And a
 * single-byte encoding accepts every byte, also one that it does not define.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "journal/record.h"
#include "journal/storable.h"

PG_FUNCTION_INFO_V1(cg_customer_of_record);

static size_t good_length(const char *text, size_t length, Oid conversion, char *room, size_t room_length);

bool
cg_storable_is_ascii(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (IS_HIGHBIT_SET(text[i]))
			return false;
	return true;
}

/* How many bytes from the beginning are valid, and can be converted to UTF-8. */
static size_t
good_length(const char *text, size_t length, Oid conversion, char *room, size_t room_length)
{
	size_t		good = pg_encoding_verifymbstr(GetDatabaseEncoding(), text, length);

	if (GetDatabaseEncoding() == PG_UTF8 || good == 0)
		return good;
	if (!OidIsValid(conversion))
	{
		good = 0;
		while (good < length && !IS_HIGHBIT_SET(text[good]))
			good++;
		return good;
	}
	return pg_do_encoding_conversion_buf(conversion, GetDatabaseEncoding(), PG_UTF8,
										 (unsigned char *) unconstify(char *, text), good,
										 (unsigned char *) room, room_length, true);
}

const char *
cg_storable_text(const char *text, size_t limit)
{
	size_t		length = text ? strnlen(text, limit + 1) : 0;
	bool		cut = length > limit;
	Oid			conversion = InvalidOid;
	char	   *room = NULL;
	size_t		room_length;
	size_t		at = 0;
	StringInfoData out;

	if (cut)
		length = pg_mbcliplen(text, length, limit);
	if (cg_storable_is_ascii(text, length) || GetDatabaseEncoding() == PG_SQL_ASCII)
		return cut ? pnstrdup(text, length) : text;
	room_length = length * MAX_CONVERSION_GROWTH + 1;
	if (GetDatabaseEncoding() != PG_UTF8)
	{
		conversion = FindDefaultConversionProc(GetDatabaseEncoding(), PG_UTF8);
		room = palloc(room_length);
	}
	at = good_length(text, length, conversion, room, room_length);
	if (at == length)
		return cut ? pnstrdup(text, length) : text;
	initStringInfo(&out);
	appendBinaryStringInfo(&out, text, at);
	while (at < length && out.len < limit)
	{
		size_t		good;

		appendStringInfo(&out, "\\x%02x", (unsigned char) text[at++]);
		good = good_length(text + at, length - at, conversion, room, room_length);
		appendBinaryStringInfo(&out, text + at, good);
		at += good;
	}
	return out.data;
}

/* A customer's key as it stands in records, for queries that search the log for it. */
Datum
cg_customer_of_record(PG_FUNCTION_ARGS)
{
	char	   *key = text_to_cstring(PG_GETARG_TEXT_PP(0));

	PG_RETURN_TEXT_P(cstring_to_text(cg_storable_text(cg_record_customer(key), CG_CUSTOMER_LENGTH)));
}
