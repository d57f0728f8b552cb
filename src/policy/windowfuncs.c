/*
 * windowfuncs.c
 *		has_open_window() and open_interventions(), for the CRM's own screens.
 *
 * They record nothing: they tell the technician's own visits, but not how to reach a
 * customer.
 */
#include "postgres.h"

#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/customerkey.h"
#include "base/objects.h"
#include "base/result.h"
#include "compat.h"
#include "policy/ask.h"
#include "policy/windows.h"

PG_FUNCTION_INFO_V1(cg_has_open_window);
PG_FUNCTION_INFO_V1(cg_has_open_window_text);
PG_FUNCTION_INFO_V1(cg_open_interventions);

static bool
is_window_open(char *customer)
{
	CgActor		technician = cg_actor_current();
	CgWindow	window;

	/* An interventions view that calls this would ask itself. */
	if (cg_ask_is_running())
		return false;
	return cg_windows_may_be_open(&technician, customer) &&
		cg_windows_verify(&technician, customer, &window);
}

Datum
cg_has_open_window(PG_FUNCTION_ARGS)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, 0);
	char	   *customer = cg_customerkey_text(PG_GETARG_DATUM(0), getBaseType(type));

	if (customer == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("type %s is not suitable for a customer key", format_type_be(type))));
	PG_RETURN_BOOL(is_window_open(customer));
}

/*
 * The same for a literal or a parameter without a type, of which PostgreSQL could not tell
 * what anyelement is.  What a site has granted or revoked on that form counts for both.
 */
Datum
cg_has_open_window_text(PG_FUNCTION_ARGS)
{
	if (object_aclcheck(ProcedureRelationId, cg_objects_function("has_open_window"), GetUserId(), ACL_EXECUTE) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for function %s", "has_open_window")));
	PG_RETURN_BOOL(is_window_open(text_to_cstring(PG_GETARG_TEXT_PP(0))));
}

Datum
cg_open_interventions(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum	   *values;
	bool	   *nulls;
	CgActor		technician;
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	values = palloc(sizeof(Datum) * result->setDesc->natts);
	nulls = palloc(sizeof(bool) * result->setDesc->natts);
	if (cg_ask_is_running())
		return (Datum) 0;
	technician = cg_actor_current();
	foreach(lc, cg_windows_open(&technician))
	{
		CgWindow   *window = lfirst(lc);
		CgResultColumn columns[] = {
			{"relation", REGCLASSOID, ObjectIdGetDatum(window->relid)},
			{"id", TEXTOID, window->id ? CStringGetTextDatum(window->id) : (Datum) 0, window->id == NULL},
			{"customer", TEXTOID, CStringGetTextDatum(window->customer)},
			{"opens_at", TIMESTAMPTZOID, TimestampTzGetDatum(window->opens_at)},
			{"closes_at", TIMESTAMPTZOID, TimestampTzGetDatum(window->closes_at)},
		};

		cg_result_fill(result->setDesc, columns, lengthof(columns), values, nulls);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
