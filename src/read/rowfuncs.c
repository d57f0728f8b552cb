/*
 * rowfuncs.c
 *		open_customers(), visible(), compared() and found(), which a rewritten query calls for rows.
 *
 * Like reveal() they take a site, which only the rewrite can make, and run only in
 * the leader of a parallel query.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/supportnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/uuid.h"

#include "base/actor.h"
#include "base/copystate.h"
#include "base/customerkey.h"
#include "base/site.h"
#include "journal/forward.h"
#include "policy/ask.h"
#include "policy/windows.h"
#include "read/execution.h"
#include "read/readsearch.h"
#include "read/reveal.h"

PG_FUNCTION_INFO_V1(cg_open_customers);
PG_FUNCTION_INFO_V1(cg_visible);
PG_FUNCTION_INFO_V1(cg_found);
PG_FUNCTION_INFO_V1(cg_compared);

PG_FUNCTION_INFO_V1(cg_filter_support);
PG_FUNCTION_INFO_V1(cg_test_support);

static bool key_value(const char *text, Oid type, Datum *value);
static bool key_of_row(FunctionCallInfo fcinfo, CgCustomerKey *key);

/* False for a key that a column of this type cannot hold. */
static bool
key_value(const char *text, Oid type, Datum *value)
{
	long long	number;
	char	   *end;

	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			errno = 0;
			number = strtoll(text, &end, 10);
			if (errno != 0 || end == text || *end != '\0' ||
				(type == INT4OID && number != (int32) number) ||
				(type == INT2OID && number != (int16) number))
				return false;
			*value = type == INT8OID ? Int64GetDatum(number) :
				type == INT4OID ? Int32GetDatum((int32) number) : Int16GetDatum((int16) number);
			return true;
		case UUIDOID:
			*value = DirectFunctionCall1(uuid_in, CStringGetDatum(text));
			return true;
		default:
			*value = CStringGetTextDatum(text);
			return true;
	}
}

/*
 * The customers at whom the actor may have an open window, from a cache that is at most
 * a second old.  The planner calls it too, for the number of customers.
 */
Datum
cg_open_customers(PG_FUNCTION_ARGS)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, 0);
	List	   *customers = NIL;
	ListCell   *lc;
	Datum	   *values;
	int			count = 0;
	int16		typlen;
	bool		typbyval;
	char		typalign;

	if (PG_ARGISNULL(1) || !OidIsValid(type))
		PG_RETURN_NULL();
	/* None on a standby that withholds everything, and none while a question is asked. */
	if ((!RecoveryInProgress() || cg_forward_is_on()) && !cg_ask_is_running())
	{
		CgActor		technician = cg_actor_current();

		customers = cg_windows_customers(&technician);
	}
	values = palloc(sizeof(Datum) * (list_length(customers) + 1));
	foreach(lc, customers)
		if (key_value(lfirst(lc), type, &values[count]))
			count++;
	get_typlenbyvalalign(type, &typlen, &typbyval, &typalign);
	PG_RETURN_ARRAYTYPE_P(construct_array(values, count, type, typlen, typbyval, typalign));
}

/* False for a row without a customer, and for a type that cannot be a key. */
static bool
key_of_row(FunctionCallInfo fcinfo, CgCustomerKey *key)
{
	Oid			type = getBaseType(get_fn_expr_argtype(fcinfo->flinfo, 0));

	if (IsParallelWorker())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("guarded relations cannot be read in a parallel worker"),
				 errhint("A function that reads them must be PARALLEL RESTRICTED or UNSAFE.")));
	return !PG_ARGISNULL(0) && cg_customerkey_take(PG_GETARG_DATUM(0), type, key);
}

/* Does the row exist for the actor? */
Datum
cg_visible(PG_FUNCTION_ARGS)
{
	CgSite		site = cg_site_unpack(PG_GETARG_INT64(1));
	CgCustomerKey key;
	bool		has_key = key_of_row(fcinfo, &key);
	CgReads    *reads;
	char	   *customer;
	bool		result;

	if (!has_key || (RecoveryInProgress() && !cg_forward_is_on()) || cg_ask_is_running())
		PG_RETURN_BOOL(false);
	reads = cg_execution_reads();
	customer = cg_customerkey_print(&key);
	result = reads && cg_reads_is_open(reads, site.relid, customer);
	pfree(customer);
	PG_RETURN_BOOL(result);
}

/*
 * The row has been found by the value of a guarded column, and that is a read of the
 * value.  No other function has seen the row before.  The function is not strict: a row
 * without a customer is found, too.
 */
Datum
cg_found(PG_FUNCTION_ARGS)
{
	CgSite		site;
	CgCustomerKey key;
	bool		has_key = key_of_row(fcinfo, &key);
	CgReads    *reads;

	if (PG_ARGISNULL(1) || (!has_key && !PG_ARGISNULL(0)) || cg_ask_is_running())
		PG_RETURN_BOOL(false);
	site = cg_site_unpack(PG_GETARG_INT64(1));
	reads = cg_execution_reads();
	if (reads == NULL || !cg_reads_decide(reads, &site, has_key ? &key : NULL))
		PG_RETURN_BOOL(false);
	cg_readsearch_found(reads, &site, has_key ? &key : NULL);
	if (has_key && key.text)
		pfree(key.text);
	if ((site.flags & CG_SITE_EAGER) != 0 || cg_copystate_now()->leaves)
		cg_execution_settle_or_fail(CG_DUE_SHOWN);
	PG_RETURN_BOOL(true);
}

/*
 * A search is about to compare the row by the values of guarded columns.  The function stands
 * before the conditions, and is true.
 */
Datum
cg_compared(PG_FUNCTION_ARGS)
{
	CgSite		site;
	CgCustomerKey key;
	bool		has_key = key_of_row(fcinfo, &key);
	bool		first;
	CgReads    *reads;

	if (PG_ARGISNULL(1) || (!has_key && !PG_ARGISNULL(0)) || cg_ask_is_running())
		PG_RETURN_BOOL(false);
	site = cg_site_unpack(PG_GETARG_INT64(1));
	reads = cg_execution_reads();
	if (reads == NULL || !cg_readsearch_row(reads, &site, has_key ? &key : NULL, &first))
		PG_RETURN_BOOL(false);
	if (has_key && key.text)
		pfree(key.text);
	if (first && ((site.flags & CG_SITE_EAGER) != 0 || cg_copystate_now()->leaves))
		cg_execution_settle_or_fail(CG_DUE_SHOWN);
	PG_RETURN_BOOL(true);
}

Datum
cg_filter_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);

	/* See put_search() in lookup.c. */
	if (IsA(request, SupportRequestCost))
	{
		SupportRequestCost *cost = (SupportRequestCost *) request;
		const FuncExpr *call = (const FuncExpr *) cost->node;

		if (call == NULL || !IsA(call, FuncExpr) || !IsA(lsecond(call->args), Const) ||
			(cg_site_unpack(DatumGetInt64(lsecond_node(Const, call->args)->constvalue)).flags & CG_SITE_FIRST) == 0)
			PG_RETURN_POINTER(NULL);
		cost->startup = cost->per_tuple = 0;
		PG_RETURN_POINTER(request);
	}
	if (!IsA(request, SupportRequestSelectivity))
		PG_RETURN_POINTER(NULL);
	((SupportRequestSelectivity *) request)->selectivity = 1.0;
	PG_RETURN_POINTER(request);
}

/* Its name in version 1.0. */
Datum
cg_test_support(PG_FUNCTION_ARGS)
{
	return cg_filter_support(fcinfo);
}
