/*
 * mask.c
 *		Masks, which an actor sees in place of withheld values.
 *
 * The list below has all kinds; masktext.c and fiction.c make their texts.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "compat.h"
#include "policy/fiction.h"
#include "policy/mask.h"
#include "policy/masktext.h"

/* A kind of mask. */
typedef struct MaskType
{
	const char *usage;			/* how it is written, with names of its arguments */
	bool		(*parse) (const char *arguments, CgMask *mask); /* NULL: no arguments */
	bool		optional;		/* may the arguments be left out?  Then they are "". */
	/* Makes the mask of a value.  NULL: the mask does not depend on the value. */
	char	   *(*make) (const CgMask *mask, const char *value, const char *actor, const uint8 *key);
	/* Has a text the form of such a mask?  NULL: the form does not tell. */
	bool		(*has_form) (const CgMask *mask, const char *value, int bytes);

	/*
	 * Is a part of it not such a mask any more?  Then it is CG_MASKTEXT_NOTHING where it does
	 * not fit.  And make() without a value gives one that protect() checks for a domain.
	 */
	bool		whole;
}			MaskType;

static bool parse_partial(const char *arguments, CgMask *mask);
static bool parse_email(const char *arguments, CgMask *mask);
static bool parse_constant(const char *arguments, CgMask *mask);
static bool parse_phone(const char *arguments, CgMask *mask);
static bool is_whole(const CgMask *mask);
static void check_text(const char *text, Oid type, int32 typmod, const char *what, const char *relation,
					   const char *column);
static bool is_too_long(const char *text, Oid base, int32 typmod);
static char *list_of_masks(void);
static bool is_text_like(Oid type);
static Datum text_to_type(char *masked, Oid base, int32 typmod);

/* The list of all kinds, in the order of CgMaskKind. */
static const MaskType types[] = {
	[CG_MASK_NULL] = {"null"},
	[CG_MASK_PARTIAL] = {"partial(prefix,suffix)", parse_partial, false, cg_masktext_partial, cg_masktext_is_partial},
	[CG_MASK_EMAIL] = {"email(invalid)", parse_email, true, cg_masktext_email, cg_masktext_is_email},
	[CG_MASK_CONSTANT] = {"constant(text)", parse_constant},
	[CG_MASK_PSEUDONYM] = {"pseudonym", .make = cg_masktext_pseudonym},
	[CG_MASK_PHONE] = {"phone(country,kind)", parse_phone, true, cg_masktext_phone, cg_masktext_is_phone, true},
	[CG_MASK_ADDRESS] = {"address", NULL, false, cg_masktext_address, cg_masktext_is_address, true}
};

static bool
parse_partial(const char *arguments, CgMask *mask)
{
	char		rest;

	return sscanf(arguments, " %5d , %5d %c", &mask->prefix, &mask->suffix, &rest) == 2 &&
		mask->prefix >= 0 && mask->suffix >= 0;
}

static bool
parse_email(const char *arguments, CgMask *mask)
{
	mask->invalid = strcmp(arguments, "invalid") == 0;
	return mask->invalid || arguments[0] == '\0';
}

static bool
parse_constant(const char *arguments, CgMask *mask)
{
	mask->constant = pstrdup(arguments);
	return true;
}

/* A country, or a country and a kind of lines. */
static bool
parse_phone(const char *arguments, CgMask *mask)
{
	char		country[3];
	char		kind[10];
	char		rest;
	int			read = sscanf(arguments, " %2[A-Z] , %9[a-z] %c", country, kind, &rest);

	mask->country = -1;
	if (arguments[0] == '\0')
		return true;
	if (read == 1 && sscanf(arguments, " %2[A-Z] %c", country, &rest) != 1)
		return false;
	if (read != 1 && read != 2)
		return false;
	mask->country = cg_fiction_country(country);
	mask->landline = read == 2 && strcmp(kind, "landline") == 0;
	return mask->country >= 0 && (read == 1 || mask->landline || strcmp(kind, "mobile") == 0);
}

/* For a message, palloc'd. */
static char *
list_of_masks(void)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < lengthof(types); i++)
	{
		appendStringInfoString(&out, i == 0 ? "" : i == lengthof(types) - 1 ? " and " : ", ");
		if (types[i].optional)
			appendStringInfo(&out, "%.*s, ", (int) strcspn(types[i].usage, "("), types[i].usage);
		appendStringInfoString(&out, types[i].usage);
	}
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
		if (spec[name] == '\0' && types[i].optional && types[i].parse("", mask))
			return;
		if (types[i].parse == NULL ? spec[name] == '\0' :
			spec[name] == '(' && spec[length - 1] == ')' && !(types[i].optional && length - name == 2) &&
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

void
cg_mask_check_relay(const CgMask *mask, Oid type, const char *relation, const char *column)
{
	if (cg_mask_tells(mask))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this mask tells something of column \"%s\" of relation \"%s\", which is to be reached by relay only",
						column, relation),
				 errhint("With reveal relay use mask null, or constant(text).")));
	if (!is_text_like(type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of relation \"%s\" has type %s, and cannot be reached by relay",
						column, relation, format_type_be(type)),
				 errhint("Numbers to call are text.")));
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
	const char *what;
	const char *relation;
	const char *column;
} ConstantContext;

static void
constant_context(void *arg)
{
	ConstantContext *where = arg;

	errcontext("%s of column \"%s\" of relation \"%s\"", where->what, where->column, where->relation);
}

/* The type's input function decides which texts it accepts, also for a domain. */
static void
check_text(const char *text, Oid type, int32 typmod, const char *what, const char *relation, const char *column)
{
	Oid			input;
	Oid			ioparam;
	ConstantContext where = {what, relation, column};
	ErrorContextCallback callback = {error_context_stack, constant_context, &where};

	error_context_stack = &callback;
	getTypeInputInfo(type, &input, &ioparam);
	(void) OidInputFunctionCall(input, unconstify(char *, text), ioparam, typmod);
	error_context_stack = callback.previous;
}

static bool
is_whole(const CgMask *mask)
{
	return types[mask->kind].whole || mask->invalid;
}

void
cg_mask_check(const CgMask *mask, Oid type, int32 typmod, const char *relation,
			  const char *column)
{
	if (mask->kind == CG_MASK_NULL)
		return;
	if (mask->kind == CG_MASK_CONSTANT)
	{
		check_text(mask->constant, type, typmod, "constant mask", relation, column);
		return;
	}
	if (!is_text_like(type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of relation \"%s\" has type %s, for which only the masks null and constant(text) are suitable",
						column, relation, format_type_be(type))));
	if (is_whole(mask) && DomainHasConstraints(type))
		check_text(types[mask->kind].make(mask, NULL, NULL, NULL), type, typmod, "mask", relation, column);
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
			char	   *source = NULL;
			char	   *masked;

			/* The padding of a char(n) does not belong to its value. */
			if (base == BPCHAROID)
				value = DirectFunctionCall1(rtrim1, value);
			/* A domain has checked one of these masks, and perhaps takes no other. */
			if (base == type || !is_whole(mask) || !DomainHasConstraints(type))
				source = TextDatumGetCString(value);
			masked = types[mask->kind].make(mask, source, actor, key);
			if (is_whole(mask) && is_too_long(masked, base, basetypmod))
				masked = pstrdup(CG_MASKTEXT_NOTHING);
			return text_to_type(masked, base, basetypmod);
		}
	}
	*isnull = true;
	return (Datum) 0;
}

static bool
is_too_long(const char *text, Oid base, int32 typmod)
{
	return (base == VARCHAROID || base == BPCHAROID) && typmod >= (int32) VARHDRSZ &&
		pg_mbstrlen(text) > typmod - VARHDRSZ;
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
