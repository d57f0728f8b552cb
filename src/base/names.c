/*
 * names.c
 *		Names of relations and functions, as they stand in records and messages.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_proc.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/names.h"

char *
cg_names_relation(Oid relid)
{
	char	   *namespace = get_namespace_name(get_rel_namespace(relid));
	char	   *name = get_rel_name(relid);
	bool		saved = quote_all_identifiers;
	char	   *volatile result = NULL;

	/* With the reader's setting the name in the log would look like another relation. */
	quote_all_identifiers = false;
	PG_TRY();
	{
		result = quote_qualified_identifier(namespace, name);
	}
	PG_FINALLY();
	{
		quote_all_identifiers = saved;
	}
	PG_END_TRY();
	return result;
}

/* Not by format_procedure_qualified(), which also qualifies the built-in types. */
char *
cg_names_function(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	char	   *schema;
	StringInfoData out;

	if (!HeapTupleIsValid(tuple))
		return psprintf("%u", function);
	form = (Form_pg_proc) GETSTRUCT(tuple);
	schema = get_namespace_name(form->pronamespace);
	initStringInfo(&out);
	appendStringInfo(&out, "%s(", quote_qualified_identifier(schema, NameStr(form->proname)));
	for (int i = 0; i < form->pronargs; i++)
	{
		Oid			type = form->proargtypes.values[i];

		appendStringInfo(&out, "%s%s", i > 0 ? ", " : "",
						 type < FirstNormalObjectId ? format_type_be(type) : format_type_be_qualified(type));
	}
	appendStringInfoChar(&out, ')');
	ReleaseSysCache(tuple);
	return out.data;
}
