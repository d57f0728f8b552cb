/*
 * pinned.c
 *		Pinned functions, which have a search_path of their own that ends in pg_temp.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "policy/pinned.h"

bool
cg_pinned_by_gate(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	result = ((Form_pg_proc) GETSTRUCT(tuple))->prolang == ClanguageId &&
		heap_attisnull(tuple, Anum_pg_proc_proconfig, NULL);
	ReleaseSysCache(tuple);
	return result;
}

/* The search_path of a function's own settings, or NULL. */
static char *
own_path(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		isnull;
	Datum		config;
	Datum	   *settings;
	int			count = 0;
	char	   *result = NULL;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	config = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proconfig, &isnull);
	if (!isnull)
		deconstruct_array(DatumGetArrayTypeP(config), TEXTOID, -1, false, TYPALIGN_INT,
						  &settings, NULL, &count);
	for (int i = 0; i < count; i++)
	{
		char	   *setting = TextDatumGetCString(settings[i]);

		if (pg_strncasecmp(setting, "search_path=", strlen("search_path=")) == 0)
			result = setting + strlen("search_path=");
	}
	ReleaseSysCache(tuple);
	return result;
}

const char *
cg_pinned_problem(Oid function, List **schemas)
{
	char	   *path = own_path(function);
	List	   *names;
	ListCell   *lc;

	if (schemas)
		*schemas = NIL;
	if (path == NULL && cg_pinned_by_gate(function))
		return NULL;
	if (path == NULL)
		return "It has no search_path of its own.";
	if (!SplitIdentifierString(path, ',', &names))
		return "Its search_path is not a list of names.";
	if (names == NIL || strcmp(llast(names), "pg_temp") != 0)
		return "Its search_path does not end in pg_temp, so that temporary objects come first.";
	names = list_truncate(names, list_length(names) - 1);
	foreach(lc, names)
	{
		const char *name = lfirst(lc);

		if (strcmp(name, "$user") == 0)
			return "Its search_path has \"$user\", which is a different schema for each caller.";
		if (strncmp(name, "pg_temp", strlen("pg_temp")) == 0 ||
			strncmp(name, "pg_toast_temp", strlen("pg_toast_temp")) == 0)
			return "Its search_path has pg_temp before its end.";
	}
	if (schemas)
		*schemas = names;
	return NULL;
}

List *
cg_pinned_path(Oid function)
{
	List	   *schemas = NIL;

	return cg_pinned_problem(function, &schemas) == NULL ? schemas : NIL;
}
