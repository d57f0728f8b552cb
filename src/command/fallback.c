/*
 * fallback.c
 *		Row security that keeps a table shut where the library is not loaded.
 *
 * Policies are stored in the table, since a hook of ours cannot act where our library is
 * not loaded.  Their function is IMMUTABLE, so the planner folds it, and index conditions
 * stay; without the library the function is an error.  A restrictive policy shuts tables
 * that have permissive policies.  A permissive policy lets no row pass.  It is needed
 * because without any permissive policy PostgreSQL does not evaluate the restrictive one,
 * and shows an empty table instead of the error.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "commands/policy.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "rewrite/rowsecurity.h"

#include "command/fallback.h"
#include "command/runsql.h"
#include "policy/policy.h"

#define RESTRICTIVE "contact_guard_needs_library"

static char *row_security(Oid relid);
static bool has_other_policy(Oid relid);

/* If row security is off, the relation cache does not load policies. */
static bool
has_dormant_policy(Oid relid)
{
	Relation	rel = RelationIdGetRelation(relid);
	bool		found = relation_has_policies(rel);

	RelationClose(rel);
	return found;
}

/* The state of row security, in the words of the label. */
static char *
row_security(Oid relid)
{
	Relation	rel = RelationIdGetRelation(relid);
	char	   *result = !rel->rd_rel->relrowsecurity ? "off" :
		rel->rd_rel->relforcerowsecurity ? "forced" : "on";

	RelationClose(rel);
	/* rd_rsdesc is not set, since row security is off. */
	if (strcmp(result, "off") == 0 && has_dormant_policy(relid))
		result = "dormant";
	return result;
}

static bool
has_other_policy(Oid relid)
{
	Relation	rel = RelationIdGetRelation(relid);
	ListCell   *lc;
	bool		result = false;

	foreach(lc, rel->rd_rsdesc ? rel->rd_rsdesc->policies : NIL)
	{
		RowSecurityPolicy *policy = lfirst(lc);

		if (strcmp(policy->policy_name, RESTRICTIVE) != 0 &&
			strcmp(policy->policy_name, CG_POLICY_NO_ROWS) != 0)
			result = true;
	}
	RelationClose(rel);
	return result;
}

void
cg_fallback_make(Oid relid, char **before)
{
	char	   *name = cg_runsql_name(relid);

	if (*before == NULL)
		*before = row_security(relid);
	if (!OidIsValid(get_relation_policy_oid(relid, RESTRICTIVE, true)))
		cg_runsql_execute(psprintf("CREATE POLICY " RESTRICTIVE " ON %s AS RESTRICTIVE "
						 "USING (contact_guard.require_preload())", name));
	if (!OidIsValid(get_relation_policy_oid(relid, CG_POLICY_NO_ROWS, true)))
		cg_runsql_execute(psprintf("CREATE POLICY " CG_POLICY_NO_ROWS " ON %s "
						 "USING (NOT contact_guard.require_preload())", name));
	cg_runsql_execute(psprintf("ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY", name));
}

void
cg_fallback_remove(Oid relid, const char *before)
{
	char	   *name = cg_runsql_name(relid);

	if (OidIsValid(get_relation_policy_oid(relid, RESTRICTIVE, true)))
		cg_runsql_execute(psprintf("DROP POLICY " RESTRICTIVE " ON %s", name));
	if (OidIsValid(get_relation_policy_oid(relid, CG_POLICY_NO_ROWS, true)))
		cg_runsql_execute(psprintf("DROP POLICY " CG_POLICY_NO_ROWS " ON %s", name));
	if (before == NULL || strcmp(before, "forced") == 0)
		return;
	cg_runsql_execute(psprintf("ALTER TABLE %s NO FORCE ROW LEVEL SECURITY", name));
	if (strcmp(before, "dormant") == 0 || (strcmp(before, "off") == 0 && !has_other_policy(relid)))
		cg_runsql_execute(psprintf("ALTER TABLE %s DISABLE ROW LEVEL SECURITY", name));
}
