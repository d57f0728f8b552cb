/*
 * writers.c
 *		Writers: built-in functions that write without a statement.
 *
 * A volatile built-in counts as a writer unless builtins.c names it.  Functions that run
 * SQL write through the executor.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/syscache.h"

#include "compat.h"
#include "plan/writers.h"
#include "policy/builtins.h"
#include "policy/conversions.h"

static bool is_in_c(Form_pg_proc form);
static bool makes_any_type(Oid function);
static bool may_reach(Oid function);
static bool possible_writer(Oid function, void *context);
static bool possible_walker(Node *node, void *context);
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
	HeapTuple	tuple = function < FirstNormalObjectId ? SearchSysCache1(PROCOID, ObjectIdGetDatum(function)) : NULL;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	result = cg_builtins_writes((Form_pg_proc) GETSTRUCT(tuple));
	ReleaseSysCache(tuple);
	return result;
}

static bool
is_in_c(Form_pg_proc form)
{
	return form->prolang == ClanguageId || form->prolang == INTERNALlanguageId;
}

/*
 * PostgreSQL lets no STABLE function write by a statement of its own, but such a statement may
 * call a VOLATILE function, which may.
 */
bool
cg_writers_may_be_one(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	/* A built-in that runs a text as SQL may write, too. */
	if (function < FirstNormalObjectId)
		result = cg_builtins_writes(form) || !cg_builtins_keeps(form);
	else
		result = form->provolatile == PROVOLATILE_VOLATILE || !is_in_c(form);
	ReleaseSysCache(tuple);
	return result;
}

bool
cg_writers_may_read(Oid function)
{
	HeapTuple	tuple;
	bool		result;

	if (function < FirstNormalObjectId)
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return false;
	result = !is_in_c((Form_pg_proc) GETSTRUCT(tuple));
	ReleaseSysCache(tuple);
	return result;
}

/* PostgreSQL calls the others for parallel plans only, in workers, where reveal() is refused. */
List *
cg_writers_called_by(Oid function)
{
	HeapTuple	tuple = function < FirstNormalObjectId ? NULL : SearchSysCache1(AGGFNOID, ObjectIdGetDatum(function));
	Form_pg_aggregate form;
	List	   *result;

	if (!HeapTupleIsValid(tuple))
		return list_make1_oid(function);
	form = (Form_pg_aggregate) GETSTRUCT(tuple);
	result = list_make1_oid(form->aggtransfn);
	for (int i = 0; i < 4; i++)
	{
		Oid			other = ((Oid[]) {form->aggfinalfn, form->aggmtransfn, form->aggminvtransfn, form->aggmfinalfn})[i];

		if (OidIsValid(other))
			result = list_append_unique_oid(result, other);
	}
	ReleaseSysCache(tuple);
	return result;
}

static bool
possible_writer(Oid function, void *context)
{
	return cg_writers_may_be_one(function);
}

static bool
possible_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, possible_writer, context))
		return true;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, possible_walker, context, 0);
	return expression_tree_walker(node, possible_walker, context);
}

bool
cg_writers_may_be_below(Node *node)
{
	return possible_walker(node, NULL);
}

/*
 * May a built-in make a value of a type that an argument names?  The checks of a domain are then
 * called.  domain_in() and record_in() have the text, and the type's OID.
 */
static bool
makes_any_type(Oid function)
{
	HeapTuple	tuple;
	Form_pg_proc form;
	bool		result;

	if (function >= FirstNormalObjectId)
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	result = (form->pronargs > 1 && form->proargtypes.values[0] == CSTRINGOID) ||
		function == F_PG_INPUT_IS_VALID || function == F_PG_INPUT_ERROR_INFO;
	ReleaseSysCache(tuple);
	return result;
}

static bool
may_reach(Oid function)
{
	return cg_writers_may_be_one(function) || makes_any_type(function);
}

bool
cg_writers_may_be_reached(Node *node)
{
	bool		unknown;

	return cg_conversions_find(node, may_reach, &unknown) != NIL || unknown;
}

bool
cg_writers_several_reached(Query *query)
{
	bool		unknown;

	return list_length(cg_conversions_find((Node *) query, may_reach, &unknown)) > 1;
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
