/*
 * trustprint.c
 *		A hash of the function's definition that an admin has trusted.
 *
 * The hash stands in the label of trust.  If the definition has changed, while the library
 * was not loaded or the extension did not exist, the trust is void.  A dump contains label
 * and definition.  So the hash is made of text as dumps write it, without OIDs, and without
 * the function's own name, since the trust follows a renaming.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "policy/labelparse.h"
#include "policy/labels.h"
#include "policy/trustprint.h"

static void append_part(StringInfo out, const char *name, const char *value);
static void append_column(StringInfo out, HeapTuple tuple, AttrNumber attnum, const char *name);
static char *definition(Oid function, HeapTuple tuple);

/* Writes the length, too, so that no value can look like two parts. */
static void
append_part(StringInfo out, const char *name, const char *value)
{
	appendStringInfo(out, "%s %zu %s\n", name, strlen(value), value);
}

/* A column of type text; nothing where it is NULL. */
static void
append_column(StringInfo out, HeapTuple tuple, AttrNumber attnum, const char *name)
{
	bool		isnull;
	Datum		value = SysCacheGetAttr(PROCOID, tuple, attnum, &isnull);

	if (!isnull)
		append_part(out, name, TextDatumGetCString(value));
}

static char *
definition(Oid function, HeapTuple tuple)
{
	Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);
	StringInfoData out;
	bool		isnull;
	Datum		config = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proconfig, &isnull);
	Datum	   *settings = NULL;
	int			count = 0;

	initStringInfo(&out);
	append_part(&out, "language", get_language_name(form->prolang, false));
	append_part(&out, "security", form->prosecdef ? "definer" : "invoker");
	append_part(&out, "arguments",
				TextDatumGetCString(OidFunctionCall1(F_PG_GET_FUNCTION_ARGUMENTS, ObjectIdGetDatum(function))));
	if (form->prokind != PROKIND_PROCEDURE)
		append_part(&out, "result",
					TextDatumGetCString(OidFunctionCall1(F_PG_GET_FUNCTION_RESULT, ObjectIdGetDatum(function))));
	if (!isnull)
		deconstruct_array(DatumGetArrayTypeP(config), TEXTOID, -1, false, TYPALIGN_INT,
						  &settings, NULL, &count);
	for (int i = 0; i < count; i++)
		append_part(&out, "setting", TextDatumGetCString(settings[i]));
	append_column(&out, tuple, Anum_pg_proc_probin, "library");
	append_column(&out, tuple, Anum_pg_proc_prosrc, "source");
	(void) SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosqlbody, &isnull);
	if (!isnull)
		append_part(&out, "body",
					TextDatumGetCString(OidFunctionCall1(F_PG_GET_FUNCTION_SQLBODY, ObjectIdGetDatum(function))));
	return out.data;
}

char *
cg_trustprint_make(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	int			level;
	char	   *text;
	bytea	   *hash;
	char	   *hex;
	uint64		length;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	/* With this path every name has its schema, in every session, as in a dump. */
	level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	text = definition(function, tuple);
	AtEOXact_GUC(true, level);
	ReleaseSysCache(tuple);
	hash = DatumGetByteaPP(DirectFunctionCall1(sha256_bytea, PointerGetDatum(cstring_to_text(text))));
	hex = palloc0(2 * VARSIZE_ANY_EXHDR(hash) + 1);
	length = hex_encode(VARDATA_ANY(hash), VARSIZE_ANY_EXHDR(hash), hex);
	hex[length] = '\0';
	return hex;
}

bool
cg_trustprint_fits(Oid function, const char *label)
{
	CgFunctionLabel parsed;
	char	   *print = cg_trustprint_make(function);

	cg_labelparse_function(label, &parsed);
	return print && strcmp(print, parsed.definition) == 0;
}
