/*
 * statistics.c
 *		Statistics of guarded columns, which contain values of these columns.
 *
 * pg_stats shows most common values and histogram bounds to every role that may SELECT
 * the column.  A security qual of ours hides the rows of guarded columns in queries.  The
 * planner still has them, since it reads statistics through the system caches.
 *
 * The qual checks the session's outer role: a superuser's function must not show the rows
 * to its caller.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/index.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_statistic_ext_data.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/objects.h"
#include "plan/covers.h"
#include "plan/statistics.h"
#include "policy/descend.h"
#include "policy/policy.h"

PG_FUNCTION_INFO_V1(cg_statistics_visible);
PG_FUNCTION_INFO_V1(cg_statistics_ext_visible);

static bool guard_walker(Node *node, void *context);
static Node *visible_call(Oid catalog, Index rti);
static bool is_above_guarded(Oid relid);

void
cg_statistics_guard(Query *query)
{
	(void) guard_walker((Node *) query, NULL);
}

static bool
guard_walker(Node *node, void *context)
{
	Query	   *query = (Query *) node;
	Index		rti = 0;
	ListCell   *lc;

	if (node == NULL)
		return false;
	if (!IsA(node, Query))
		return expression_tree_walker(node, guard_walker, context);
	foreach(lc, query->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		rti++;
		if (rte->rtekind == RTE_RELATION && cg_policy_is_statistics(rte->relid))
			rte->securityQuals = lcons(visible_call(rte->relid, rti), rte->securityQuals);
	}
	return query_tree_walker(query, guard_walker, context, 0);
}

static Node *
visible_call(Oid catalog, Index rti)
{
	Oid			function;
	List	   *args;

	if (catalog == StatisticRelationId)
	{
		function = cg_objects_function("statistics_visible");
		args = list_make2(makeVar(rti, Anum_pg_statistic_starelid, OIDOID, -1, InvalidOid, 0),
						  makeVar(rti, Anum_pg_statistic_staattnum, INT2OID, -1, InvalidOid, 0));
	}
	else
	{
		function = cg_objects_function("statistics_ext_visible");
		args = list_make1(makeVar(rti, Anum_pg_statistic_ext_data_stxoid, OIDOID, -1, InvalidOid, 0));
	}
	return (Node *) makeFuncExpr(function, BOOLOID, args, InvalidOid, InvalidOid,
								 COERCE_EXPLICIT_CALL);
}

/* Does a relation below it have guards that this relation lacks? */
static bool
is_above_guarded(Oid relid)
{
	ListCell   *lc;

	foreach(lc, cg_descend_guarded(relid))
		if (!cg_covers_is_covered(relid, lfirst_oid(lc)))
			return true;
	return false;
}

/* Statistics of an index are those of its expressions, which may use any column. */
Datum
cg_statistics_visible(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	char		relkind = get_rel_relkind(relid);
	const CgPolicy *policy;

	if (superuser_arg(GetOuterUserId()))
		PG_RETURN_BOOL(true);
	if (relkind == RELKIND_INDEX || relkind == RELKIND_PARTITIONED_INDEX)
		relid = IndexGetRelation(relid, true);
	/* Any user may call this for any OID, and the relation may have been dropped. */
	if (relkind == '\0' || !OidIsValid(relid) || get_rel_relkind(relid) == '\0' ||
		cg_policy_is_audited(relid))
		PG_RETURN_BOOL(false);
	if (relid != PG_GETARG_OID(0))
		PG_RETURN_BOOL(cg_policy_get(relid) == NULL);
	/* Statistics of a whole tree contain values of columns that are guarded below. */
	if (is_above_guarded(relid))
		PG_RETURN_BOOL(false);
	policy = cg_policy_get(relid);
	/* If rows are hidden, the statistics of every column would tell about them. */
	PG_RETURN_BOOL(policy == NULL ||
				   (!policy->hide && cg_policy_column(policy, PG_GETARG_INT16(1)) == NULL));
}

Datum
cg_statistics_ext_visible(PG_FUNCTION_ARGS)
{
	HeapTuple	tuple;
	bool		visible = false;

	if (superuser_arg(GetOuterUserId()))
		PG_RETURN_BOOL(true);
	tuple = SearchSysCache1(STATEXTOID, ObjectIdGetDatum(PG_GETARG_OID(0)));
	if (HeapTupleIsValid(tuple))
	{
		visible = cg_policy_get(((Form_pg_statistic_ext) GETSTRUCT(tuple))->stxrelid) == NULL &&
			!is_above_guarded(((Form_pg_statistic_ext) GETSTRUCT(tuple))->stxrelid) &&
			!cg_policy_is_audited(((Form_pg_statistic_ext) GETSTRUCT(tuple))->stxrelid);
		ReleaseSysCache(tuple);
	}
	PG_RETURN_BOOL(visible);
}
