/*
 * readmeant.c
 *		What the actor's token is for: columns, and a purpose.
 *
 * The claim "columns" has names of columns, which hold for each relation, and names with that of a
 * relation in front.  It takes away and never gives: a window or a permission must show the
 * value as well.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/lsyscache.h"

#include "read/readmeant.h"

static bool is_claimed(const CgClaims *claims, const char *name);

static bool
is_claimed(const CgClaims *claims, const char *name)
{
	char	   *in_utf8 = pg_server_to_any(name, strlen(name), PG_UTF8);
	bool		found = false;

	for (const char *at = cg_claims_first(claims, &claims->columns); at && !found;
		 at = cg_claims_next(claims, &claims->columns, at))
		found = strcmp(at, in_utf8) == 0;
	return found;
}

uint64
cg_readmeant_not(const CgActorToken *token, Oid relid, const CgReadNames *names)
{
	const CgClaims *claims = &token->claims;
	uint64		result = 0;
	char	   *relation;

	if (token->columns == 0)
		return 0;
	relation = get_rel_name(relid);
	for (int i = 0; i < names->ncolumns; i++)
		if (!is_claimed(claims, names->columns[i]) &&
			(relation == NULL || !is_claimed(claims, psprintf("%s.%s", relation, names->columns[i]))))
			result |= UINT64CONST(1) << i;
	return result;
}

char *
cg_readmeant_purpose(const CgActorToken *token)
{
	const char *purpose = token->claims.purpose;

	return pstrdup(pg_any_to_server(purpose, strlen(purpose), PG_UTF8));
}
