/*
 * writers.c
 *		PostgreSQL's own functions that write without a statement.
 *
 * A volatile one is taken for a writer unless it is named here.  Functions that
 * run SQL come to the executor with what they write.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_proc.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "plan/writers.h"
#include "policy/callees.h"

/* Volatile, but they write nothing that another statement could miss. */
static const Oid writes_nothing[] = {
	F_RANDOM, F_CLOCK_TIMESTAMP, F_TIMEOFDAY, F_GEN_RANDOM_UUID, F_PG_SLEEP, F_PG_SLEEP_FOR,
	F_PG_SLEEP_UNTIL, F_NEXTVAL, F_CURRVAL, F_LASTVAL, F_SET_CONFIG,
	F_PG_ADVISORY_LOCK_INT8, F_PG_ADVISORY_LOCK_INT4_INT4, F_PG_TRY_ADVISORY_LOCK_INT8,
	F_PG_TRY_ADVISORY_LOCK_INT4_INT4, F_PG_ADVISORY_UNLOCK_INT8, F_PG_ADVISORY_UNLOCK_INT4_INT4,
	F_PG_ADVISORY_XACT_LOCK_INT8, F_PG_ADVISORY_XACT_LOCK_INT4_INT4,
	F_PG_TRY_ADVISORY_XACT_LOCK_INT8, F_PG_TRY_ADVISORY_XACT_LOCK_INT4_INT4,
	F_LO_GET_OID, F_LO_GET_OID_INT8_INT4, F_TS_STAT_TEXT, F_TS_STAT_TEXT_TEXT
};

static bool writer_function(Oid function, void *context);
static bool writer_walker(Node *node, void *context);

bool
cg_writers_present(Query *query)
{
	return writer_walker((Node *) query, NULL);
}

bool
cg_writers_is_one(Oid function)
{
	if (function >= FirstNormalObjectId || func_volatile(function) != PROVOLATILE_VOLATILE ||
		cg_callees_runs_sql(function))
		return false;
	for (int i = 0; i < lengthof(writes_nothing); i++)
		if (function == writes_nothing[i])
			return false;
	return true;
}

static bool
writer_function(Oid function, void *context)
{
	return cg_writers_is_one(function);
}

static bool
writer_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, writer_function, context))
		return true;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, writer_walker, context, 0);
	return expression_tree_walker(node, writer_walker, context);
}
