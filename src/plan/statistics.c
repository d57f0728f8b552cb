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
#include "access/xlog.h"
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
#include "journal/forward.h"
#include "plan/covers.h"
#include "plan/statistics.h"
#include "policy/ask.h"
#include "policy/descend.h"
#include "policy/policy.h"
#include "read/execution.h"

PG_FUNCTION_INFO_V1(cg_statistics_visible);
PG_FUNCTION_INFO_V1(cg_statistics_ext_visible);

static bool guard_walker(Node *node, void *context);
static Node *visible_call(Oid catalog, Index rti);
static Oid	guarded_by(Oid relid, AttrNumber attnum);
static bool is_recorded(Oid guarded, AttrNumber attnum);
static bool is_visible(Oid relid, AttrNumber attnum);

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

/*
 * The relation whose guards statistics of relid fall under, or InvalidOid.  attnum: the
 * column that they are of, or InvalidAttrNumber if they may be of any.
 */
static Oid
guarded_by(Oid relid, AttrNumber attnum)
{
	const CgPolicy *policy = cg_policy_get(relid);
	ListCell   *lc;

	/* If rows are hidden, the statistics of every column would tell about them. */
	if (policy && (attnum == InvalidAttrNumber || policy->hide || cg_policy_column(policy, attnum)))
		return relid;
	/* Statistics of a whole tree contain values of columns that are guarded below. */
	foreach(lc, cg_descend_guarded(relid))
		if (!cg_covers_is_covered(relid, lfirst_oid(lc)))
			return lfirst_oid(lc);
	return InvalidOid;
}

/*
 * A superuser is shown them, as files have them: pg_dump --statistics of PostgreSQL 18
 * writes them into the dump.  There is a record of it, or it is not shown.
 */
static bool
is_recorded(Oid guarded, AttrNumber attnum)
{
	const CgPolicy *policy = cg_policy_get(guarded);
	CgReads    *reads;

	/* pg_upgrade takes statistics along, as it takes the files. */
	if (IsBinaryUpgrade)
		return true;
	if ((RecoveryInProgress() && !cg_forward_is_on()) || cg_ask_is_running() || !cg_objects_is_usable())
		return false;
	reads = cg_execution_reads();
	if (reads == NULL || policy == NULL)
		return false;
	if (attnum == InvalidAttrNumber || cg_policy_column(policy, attnum) == NULL)
		attnum = policy->guarded[0].attnum;
	cg_reads_look_up(reads, guarded, list_make1_int(attnum));
	return true;
}

static bool
is_visible(Oid relid, AttrNumber attnum)
{
	bool		superuser = superuser_arg(GetOuterUserId());
	Oid			guarded;

	/* Any user may ask about any OID, and the relation may have been dropped. */
	if (!OidIsValid(relid) || get_rel_relkind(relid) == '\0' || cg_policy_is_audited(relid))
		return superuser;
	guarded = guarded_by(relid, attnum);
	return !OidIsValid(guarded) || (superuser && is_recorded(guarded, attnum));
}

/* Statistics of an index are those of its expressions, which may use any column. */
Datum
cg_statistics_visible(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	char		relkind = get_rel_relkind(relid);

	if (relkind == RELKIND_INDEX || relkind == RELKIND_PARTITIONED_INDEX)
		PG_RETURN_BOOL(is_visible(IndexGetRelation(relid, true), InvalidAttrNumber));
	PG_RETURN_BOOL(is_visible(relid, PG_GETARG_INT16(1)));
}

Datum
cg_statistics_ext_visible(PG_FUNCTION_ARGS)
{
	HeapTuple	tuple = SearchSysCache1(STATEXTOID, ObjectIdGetDatum(PG_GETARG_OID(0)));
	Oid			relid = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		relid = ((Form_pg_statistic_ext) GETSTRUCT(tuple))->stxrelid;
		ReleaseSysCache(tuple);
	}
	PG_RETURN_BOOL(is_visible(relid, InvalidAttrNumber));
}
