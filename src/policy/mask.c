/*
 * mask.c
 *		Masks, which an actor sees in place of withheld values.
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

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "journal/record.h"
#include "policy/mask.h"

#define PSEUDONYM_HEX 16		/* digits: 64 bits */
#define STARS_MIN 3				/* fewer may stand in a door code */

/* A kind of mask. */
typedef struct MaskType
{
	const char *usage;			/* how it is written, with names of its arguments */
	bool		(*parse) (const char *arguments, CgMask *mask); /* NULL: no arguments */
	/* Makes the mask of a value.  NULL: the mask does not depend on the value. */
	char	   *(*make) (const CgMask *mask, const char *value, const char *actor, const uint8 *key);
	/* Has a text the form of such a mask?  NULL: the form does not tell. */
	bool		(*has_form) (const CgMask *mask, const char *value, int bytes);
} MaskType;

static bool parse_partial(const char *arguments, CgMask *mask);
static bool parse_constant(const char *arguments, CgMask *mask);
static char *mask_partial(const CgMask *mask, const char *value, const char *actor, const uint8 *key);
static char *mask_email(const CgMask *mask, const char *value, const char *actor, const uint8 *key);
static char *mask_pseudonym(const CgMask *mask, const char *value, const char *actor, const uint8 *key);
static bool has_form_of_partial(const CgMask *mask, const char *value, int bytes);
static bool has_form_of_email(const CgMask *mask, const char *value, int bytes);
static char *list_of_masks(void);
static bool is_text_like(Oid type);
static Datum text_to_type(char *masked, Oid base, int32 typmod);

/* The list of all kinds, in the order of CgMaskKind. */
static const MaskType types[] = {
	[CG_MASK_NULL] = {"null", NULL, NULL, NULL},
	[CG_MASK_PARTIAL] = {"partial(prefix,suffix)", parse_partial, mask_partial, has_form_of_partial},
	[CG_MASK_EMAIL] = {"email", NULL, mask_email, has_form_of_email},
	[CG_MASK_CONSTANT] = {"constant(text)", parse_constant, NULL, NULL},
	[CG_MASK_PSEUDONYM] = {"pseudonym", NULL, mask_pseudonym, NULL}
};

static bool
parse_partial(const char *arguments, CgMask *mask)
{
	char		rest;

	return sscanf(arguments, " %5d , %5d %c", &mask->prefix, &mask->suffix, &rest) == 2 &&
		mask->prefix >= 0 && mask->suffix >= 0;
}

static bool
parse_constant(const char *arguments, CgMask *mask)
{
	mask->constant = pstrdup(arguments);
	return true;
}

/* For a message, palloc'd. */
static char *
list_of_masks(void)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < lengthof(types); i++)
		appendStringInfo(&out, "%s%s", i == 0 ? "" : i == lengthof(types) - 1 ? " and " : ", ",
						 types[i].usage);
	return out.data;
}

void
cg_mask_parse(const char *spec, CgMask *mask)
{
	size_t		length = strlen(spec);

	for (int i = 0; i < lengthof(types); i++)
	{
		size_t		name = strcspn(types[i].usage, "(");

		memset(mask, 0, sizeof(*mask));
		mask->kind = i;
		if (strncmp(spec, types[i].usage, name) != 0)
			continue;
		if (types[i].parse == NULL ? spec[name] == '\0' :
			spec[name] == '(' && spec[length - 1] == ')' &&
			types[i].parse(pnstrdup(spec + name + 1, length - name - 2), mask))
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid mask \"%s\"", spec),
			 errhint("Masks are %s.", list_of_masks())));
}

bool
cg_mask_tells(const CgMask *mask)
{
	return types[mask->kind].make != NULL;
}

/* As getBaseType(), but faster for the most frequent types. */
static inline Oid
base_of(Oid type)
{
	return type == TEXTOID || type == VARCHAROID ? type : getBaseType(type);
}

/* Are values of the type stored like text, so that masks can read them? */
static bool
is_text_like(Oid type)
{
	Oid			base = base_of(type);

	return base == BPCHAROID || base == TEXTOID || base == VARCHAROID || IsBinaryCoercible(base, TEXTOID);
}

typedef struct ConstantContext
{
	const char *relation;
	const char *column;
} ConstantContext;

static void
constant_context(void *arg)
{
	ConstantContext *where = arg;

	errcontext("constant mask of column \"%s\" of relation \"%s\"", where->column, where->relation);
}

void
cg_mask_check(const CgMask *mask, Oid type, int32 typmod, const char *relation,
			  const char *column)
{
	if (mask->kind == CG_MASK_NULL)
		return;
	if (mask->kind == CG_MASK_CONSTANT)
	{
		Oid			input;
		Oid			ioparam;

		ConstantContext where = {relation, column};
		ErrorContextCallback callback = {error_context_stack, constant_context, &where};

		/* The type's input function decides which texts it accepts, also for a domain. */
		error_context_stack = &callback;
		getTypeInputInfo(type, &input, &ioparam);
		(void) OidInputFunctionCall(input, mask->constant, ioparam, typmod);
		error_context_stack = callback.previous;
		return;
	}
	if (!is_text_like(type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of relation \"%s\" has type %s, for which only the masks null and constant(text) are suitable",
						column, relation, format_type_be(type))));
}

Datum
cg_mask_apply(const CgMask *mask, Datum value, Oid type, int32 typmod,
			  const char *actor, const uint8 *key, bool *isnull)
{
	*isnull = false;
	if (mask->kind == CG_MASK_CONSTANT)
	{
		Oid			input;
		Oid			ioparam;

		getTypeInputInfo(type, &input, &ioparam);
		return OidInputFunctionCall(input, mask->constant, ioparam, typmod);
	}
	if (types[mask->kind].make)
	{
		int32		basetypmod = typmod;
		Oid			base = type;

		if (base != TEXTOID && base != VARCHAROID)
			base = getBaseTypeAndTypmod(type, &basetypmod);

		/*
		 * The type of the column may have changed since the policy was made.  A value that
		 * cannot be read as text is withheld wholly.
		 */
		if (is_text_like(base))
		{
			/* The padding of a char(n) does not belong to its value. */
			if (base == BPCHAROID)
				value = DirectFunctionCall1(rtrim1, value);
			return text_to_type(types[mask->kind].make(mask, TextDatumGetCString(value), actor, key),
								base, basetypmod);
		}
	}
	*isnull = true;
	return (Datum) 0;
}

/* Where the stars of a partial mask begin and end, in a text of some characters. */
typedef struct Stars
{
	int			head;
	int			tail;
	int			number;
} Stars;

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

static char *
mask_partial(const CgMask *mask, const char *value, const char *actor, const uint8 *key)
{
	int			bytes = strlen(value);
	Stars		stars = find_stars(mask, value, bytes);
	char	   *out = palloc(stars.head + stars.number + bytes - stars.tail + 1);

	memcpy(out, value, stars.head);
	memset(out + stars.head, '*', stars.number);
	memcpy(out + stars.head + stars.number, value + stars.tail, bytes - stars.tail + 1);
	return out;
}

static char *
mask_email(const CgMask *mask, const char *value, const char *actor, const uint8 *key)
{
	const char *at = strrchr(value, '@');
	const char *dot = at ? strrchr(at, '.') : NULL;

	if (at == NULL || at == value)
		return pstrdup("***");
	/* If the text is not an address, anything may stand after its last dot. */
	if (dot == NULL || strspn(dot + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(dot + 1))
		dot = "";
	return psprintf("%.*s***@***%s", pg_mblen(value), value, dot);
}

static char *
mask_pseudonym(const CgMask *mask, const char *value, const char *actor, const uint8 *key)
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

/* Clips a mask that is too long for the type: an error would not help the reader. */
static Datum
text_to_type(char *masked, Oid base, int32 typmod)
{
	if ((base == VARCHAROID || base == BPCHAROID) && typmod >= (int32) VARHDRSZ)
		masked[pg_mbcharcliplen(masked, strlen(masked), typmod - VARHDRSZ)] = '\0';
	if (base == BPCHAROID)
		return DirectFunctionCall3(bpcharin, CStringGetDatum(masked),
								   ObjectIdGetDatum(InvalidOid), Int32GetDatum(typmod));
	return CStringGetTextDatum(masked);
}

/* Has it the form that mask_partial() writes? */
static bool
has_form_of_partial(const CgMask *mask, const char *value, int bytes)
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

/* Has it the form that mask_email() writes? */
static bool
has_form_of_email(const CgMask *mask, const char *value, int bytes)
{
	static const char middle[] = "***@***";
	int			head = bytes > 0 ? Min(pg_mblen(value), bytes) : 0;
	int			at = head + (int) strlen(middle);

	if (bytes == 3 && memcmp(value, "***", 3) == 0)
		return true;
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
cg_mask_has_form(const CgMask *mask, Datum value, Oid type)
{
	text	   *packed;

	if (types[mask->kind].has_form == NULL || !is_text_like(type))
		return false;
	if (base_of(type) == BPCHAROID)
		value = DirectFunctionCall1(rtrim1, value);
	packed = DatumGetTextPP(value);
	return types[mask->kind].has_form(mask, VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
}

bool
cg_mask_is_constant(const CgMask *mask, Datum value, Oid type, int32 typmod)
{
	Datum		constant;
	bool		isnull;
	int16		typlen;
	bool		typbyval;

	if (mask->kind != CG_MASK_CONSTANT || mask->constant[0] == '\0')
		return false;
	if (is_text_like(type) && base_of(type) != BPCHAROID)
	{
		text	   *packed = DatumGetTextPP(value);

		/* For most values the length already differs. */
		return VARSIZE_ANY_EXHDR(packed) == strlen(mask->constant) &&
			memcmp(VARDATA_ANY(packed), mask->constant, strlen(mask->constant)) == 0;
	}
	constant = cg_mask_apply(mask, value, type, typmod, NULL, NULL, &isnull);
	get_typlenbyval(type, &typlen, &typbyval);
	return datum_image_eq(value, constant, typbyval, typlen);
}
