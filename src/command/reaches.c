/*
 * reaches.c
 *		What a trusted function may reach by the names in its text.
 *
 * The gate (gate.c) lets a trusted function call code that is harmless by itself: SQL
 * bodies, casts, domains.  If a user could replace the code that these call in turn, its
 * errors would tell him values.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "parser/scansup.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "command/reaches.h"
#include "policy/pinned.h"

typedef struct Words
{
	List	   *names;			/* char *, each once: possible names */
	List	   *operators;
	List	   *schemas;		/* OIDs of the schemas that are searched */
} Words;

static bool is_letter(unsigned char c);
static List *add_once(List *list, char *word);
static void read_text(const char *source, Words *words);
static void reach_functions(const char *name, const Words *words, CgCallees *callees);
static void reach_operators(const char *name, const Words *words, CgCallees *callees);
static void reach_types(const char *name, const Words *words, CgCallees *callees);

static bool
is_letter(unsigned char c)
{
	return isalnum(c) || c == '_' || c == '$' || IS_HIGHBIT_SET(c);
}

static List *
add_once(List *list, char *word)
{
	ListCell   *lc;

	foreach(lc, list)
		if (strcmp(lfirst(lc), word) == 0)
			return list;
	return lappend(list, word);
}

/* Collects words, texts between double quotes, and runs of characters of operators. */
static void
read_text(const char *source, Words *words)
{
	const char *at = source;

	while (*at)
	{
		const char *begin = at;
		const char *quote;

		if (is_letter(*at))
		{
			while (is_letter(*at))
				at++;
			words->names = add_once(words->names, downcase_truncate_identifier(begin, at - begin, false));
		}
		else if (strchr("+-*/<>=~!@#%^&|`?", *at))
		{
			while (*at && strchr("+-*/<>=~!@#%^&|`?", *at))
				at++;
			words->operators = add_once(words->operators, pnstrdup(begin, at - begin));
		}
		else
		{
			quote = *at == '"' ? strchr(at + 1, '"') : NULL;
			if (quote && quote > at + 1)
			{
				char	   *name = pnstrdup(at + 1, quote - at - 1);

				truncate_identifier(name, strlen(name), false);
				words->names = add_once(words->names, name);
			}
			at++;
		}
	}
}

static void
reach_functions(const char *name, const Words *words, CgCallees *callees)
{
	CatCList   *list = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name));
	List	   *found = NIL;
	ListCell   *lc;

	for (int i = 0; i < list->n_members; i++)
	{
		Form_pg_proc form = (Form_pg_proc) GETSTRUCT(&list->members[i]->tuple);

		if (list_member_oid(words->schemas, form->pronamespace))
			found = lappend_oid(found, form->oid);
	}
	ReleaseSysCacheList(list);
	foreach(lc, found)
		cg_callees_of_function(lfirst_oid(lc), callees);
}

static void
reach_operators(const char *name, const Words *words, CgCallees *callees)
{
	CatCList   *list = SearchSysCacheList1(OPERNAMENSP, CStringGetDatum(name));
	List	   *found = NIL;
	ListCell   *lc;

	for (int i = 0; i < list->n_members; i++)
	{
		Form_pg_operator form = (Form_pg_operator) GETSTRUCT(&list->members[i]->tuple);

		if (list_member_oid(words->schemas, form->oprnamespace))
			found = lappend_oid(found, form->oprcode);
	}
	ReleaseSysCacheList(list);
	foreach(lc, found)
		cg_callees_of_function(lfirst_oid(lc), callees);
}

static void
reach_types(const char *name, const Words *words, CgCallees *callees)
{
	ListCell   *lc;

	foreach(lc, words->schemas)
	{
		Oid			type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name),
										   ObjectIdGetDatum(lfirst_oid(lc)));

		if (OidIsValid(type))
			cg_callees_of_type(type, callees);
	}
}

void
cg_reaches_survey(Oid function, CgCallees *callees)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Words		words = {NIL};
	bool		isnull;
	Datum		source;
	ListCell   *lc;

	if (!HeapTupleIsValid(tuple))
		return;
	source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);
	if (!isnull)
		read_text(TextDatumGetCString(source), &words);
	/* The trusted function itself is covered by its label. */
	if (heap_attisnull(tuple, Anum_pg_proc_prosqlbody, NULL))
		callees->seen_functions = list_append_unique_oid(callees->seen_functions, function);
	else
		cg_callees_of_function(function, callees);
	ReleaseSysCache(tuple);
	foreach(lc, cg_pinned_path(function))
		words.schemas = lappend_oid(words.schemas, get_namespace_oid(lfirst(lc), true));
	foreach(lc, words.names)
	{
		Oid			schema = get_namespace_oid(lfirst(lc), true);

		if (OidIsValid(schema))
			words.schemas = list_append_unique_oid(words.schemas, schema);
	}
	foreach(lc, words.names)
	{
		reach_functions(lfirst(lc), &words, callees);
		reach_types(lfirst(lc), &words, callees);
	}
	foreach(lc, words.operators)
		reach_operators(lfirst(lc), &words, callees);
}
