/*
 * names.c
 *		Names of relations, as records have them.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/names.h"

char *
cg_names_relation(Oid relid)
{
	char	   *namespace = get_namespace_name(get_rel_namespace(relid));
	char	   *name = get_rel_name(relid);
	bool		saved = quote_all_identifiers;
	char	   *volatile result = NULL;

	/* The reader's setting would make another relation of it in the log. */
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
