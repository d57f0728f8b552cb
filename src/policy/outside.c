/*
 * outside.c
 *		Inputs of an expression over a row that do not come from the row.
 *
 * CHECK (phone >= current_setting('app.lowest')) has one column and two inputs.  A writer
 * can guess the phone by changing the setting, as by changing another column.
 *
 * A function that gets a value of the row is an input as well if its result depends on a
 * setting (swayed.c refuses it where the value is a guarded one).  A function that gets none
 * returns the same for every row: a constant if it is IMMUTABLE, or else a value that the
 * writer may choose.  The author of an SQL function sets that mark, so the function's
 * body is checked here.  An admin has judged trusted functions.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pg_list.h"
#include "nodes/primnodes.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "policy/outside.h"
#include "policy/swayed.h"
#include "policy/trust.h"

static bool has_input(Node *node, void *context);
static bool varies(Oid function, void *context);
static bool has_choosing_body(Oid function, void *context);
static bool outside_walker(Node *node, void *context);

/* Has it an input from the row, or from the arguments of the call that runs a body? */
static bool
has_input(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var) || IsA(node, Param) || IsA(node, CaseTestExpr) || IsA(node, CoerceToDomainValue))
		return true;
	return expression_tree_walker(node, has_input, context);
}

static bool
varies(Oid function, void *context)
{
	switch (function)
	{
		case F_NOW:
		case F_TRANSACTION_TIMESTAMP:
		case F_STATEMENT_TIMESTAMP:
		case F_CLOCK_TIMESTAMP:
			return false;
		default:
			return func_volatile(function) != PROVOLATILE_IMMUTABLE;
	}
}

/* context: the list of functions whose bodies were checked. */
static bool
has_choosing_body(Oid function, void *context)
{
	List	  **seen = context;
	HeapTuple	tuple;
	Datum		body;
	bool		isnull;
	bool		result = false;

	if (function < FirstNormalObjectId || list_member_oid(*seen, function) || cg_trust_is_trusted(function))
		return false;
	*seen = lappend_oid(*seen, function);
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return false;
	body = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosqlbody, &isnull);
	if (!isnull)
		result = outside_walker(stringToNode(TextDatumGetCString(body)), seen);
	ReleaseSysCache(tuple);
	return result;
}

static bool
outside_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	check_stack_depth();
	if (IsA(node, SQLValueFunction))
		return ((SQLValueFunction *) node)->op >= SVFOP_CURRENT_ROLE;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, outside_walker, context, 0);
	if (check_functions_in_node(node, has_choosing_body, context))
		return true;
	if (!expression_tree_walker(node, has_input, NULL) && check_functions_in_node(node, varies, NULL))
		return true;
	/* to_char(made, …) gets a value of the row, and the writer chooses its TimeZone. */
	if (expression_tree_walker(node, has_input, NULL) && cg_swayed_by_settings(node))
		return true;
	return expression_tree_walker(node, outside_walker, context);
}

bool
cg_outside_is_chosen(Node *expression)
{
	List	   *seen = NIL;

	return outside_walker(expression, &seen);
}
