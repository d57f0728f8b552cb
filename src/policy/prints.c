/*
 * prints.c
 *		Prints: the functions and types beneath a definition, as texts to compare.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/syscache.h"

#include "base/names.h"
#include "policy/prints.h"

bool
cg_prints_have(const List *prints, const char *print)
{
	ListCell   *lc;

	foreach(lc, prints)
		if (strcmp(lfirst(lc), print) == 0)
			return true;
	return false;
}

List *
cg_prints_append(List *prints, char *print)
{
	return cg_prints_have(prints, print) ? prints : lappend(prints, print);
}

/* Functions in C have no print: their owners cannot replace them. */
void
cg_prints_function(HeapTuple tuple, CgCallees *callees)
{
	static const AttrNumber columns[] = {
		Anum_pg_proc_prosrc, Anum_pg_proc_probin, Anum_pg_proc_prosqlbody
	};
	Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);
	StringInfoData print;
	bool		isnull;
	Datum		config;

	if (form->oid < FirstNormalObjectId || form->prolang == INTERNALlanguageId || form->prolang == ClanguageId)
		return;
	initStringInfo(&print);
	appendStringInfo(&print, "f %u\n%u %d %d %c %u", form->oid, form->prolang, form->prosecdef,
					 form->proisstrict, form->provolatile, form->prosupport);
	for (int i = 0; i < lengthof(columns); i++)
	{
		Datum		value = SysCacheGetAttr(PROCOID, tuple, columns[i], &isnull);

		appendStringInfo(&print, "\n%s", isnull ? "" : TextDatumGetCString(value));
	}
	config = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proconfig, &isnull);
	if (!isnull)
		appendStringInfo(&print, "\n%s", OidOutputFunctionCall(F_ARRAY_OUT, config));
	callees->prints = cg_prints_append(callees->prints, print.data);
}

char *
cg_prints_name(const char *print)
{
	Oid			object = strtoul(print + 2, NULL, 10);

	return print[0] == 'f' ? psprintf("function %s", cg_names_function(object))
		: psprintf("type %s", format_type_be(object));
}
