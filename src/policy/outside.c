/*
 * outside.c
 *		What an expression over a row takes from outside of the row.
 *
 * CHECK (phone >= current_setting('app.lowest')) has one column and two inputs.  Whoever
 * sets the setting guesses the phone as well as somebody who sets another column.
 *
 * A function that gets something of the row is judged by what it does with that
 * (swayed.c).  One that gets nothing gives the same to every row: a constant if it is
 * IMMUTABLE, and the writer's choice if it is not.  That mark of an SQL function is what
 * its author says of it, so its body is looked at; a trusted function's is an admin's to
 * judge.
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
#include "policy/trust.h"

static bool has_input(Node *node, void *context);
static bool varies(Oid function, void *context);
static bool has_choosing_body(Oid function, void *context);
static bool outside_walker(Node *node, void *context);

/* Of the row, or of the call that a body is run by. */
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

/* context: a list of the functions whose bodies were looked at. */
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
	return expression_tree_walker(node, outside_walker, context);
}

bool
cg_outside_is_chosen(Node *expression)
{
	List	   *seen = NIL;

	return outside_walker(expression, &seen);
}
