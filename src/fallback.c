/*
 * fallback.c
 *		Row security that keeps a table shut where the library is not loaded.
 *
 * The policies are stored ones: no hook of ours could speak where our library is
 * not there.  Their function is IMMUTABLE, so the planner folds it to TRUE and
 * index conditions stay as they were; without the library it is an error.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "commands/policy.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "rewrite/rowsecurity.h"

#include "fallback.h"

#define RESTRICTIVE "contact_guard_needs_library"
#define PERMISSIVE "contact_guard_all_rows"

static void execute(const char *sql);
static char *relation_name(Oid relid);
static bool has_row_security(Oid relid);
static bool has_other_policy(Oid relid);

/* As the caller, who owns the table. */
static void
execute(const char *sql)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(sql, false, 0) < 0)
		elog(ERROR, "could not execute \"%s\"", sql);
	SPI_finish();
}

static char *
relation_name(Oid relid)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
									  get_rel_name(relid));
}

static bool
has_row_security(Oid relid)
{
	Relation	rel = RelationIdGetRelation(relid);
	bool		result = rel->rd_rel->relrowsecurity;

	RelationClose(rel);
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

		if (strcmp(policy->policy_name, RESTRICTIVE) != 0 && strcmp(policy->policy_name, PERMISSIVE) != 0)
			result = true;
	}
	RelationClose(rel);
	return result;
}

void
cg_fallback_make(Oid relid)
{
	char	   *name = relation_name(relid);
	bool		had_row_security = has_row_security(relid);

	if (OidIsValid(get_relation_policy_oid(relid, RESTRICTIVE, true)))
		return;
	execute(psprintf("CREATE POLICY " RESTRICTIVE " ON %s AS RESTRICTIVE "
					 "USING (contact_guard.require_preload()); "
					 "ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
					 name, name));
	if (!had_row_security)
		execute(psprintf("CREATE POLICY " PERMISSIVE " ON %s USING (contact_guard.require_preload())",
						 name));
}

void
cg_fallback_remove(Oid relid)
{
	char	   *name = relation_name(relid);

	if (OidIsValid(get_relation_policy_oid(relid, RESTRICTIVE, true)))
		execute(psprintf("DROP POLICY " RESTRICTIVE " ON %s", name));
	if (OidIsValid(get_relation_policy_oid(relid, PERMISSIVE, true)))
		execute(psprintf("DROP POLICY " PERMISSIVE " ON %s", name));
	if (!has_other_policy(relid))
		execute(psprintf("ALTER TABLE %s DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY", name));
}
