/*
 * swayed.c
 *		Expressions over values whose result depends on settings of the session.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/transam.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "policy/swayed.h"
#include "policy/trust.h"

/*
 * Functions that are STABLE since they print arguments of any type.  Their results depend
 * on settings only if the output of that type does.
 */
static const Oid printers[] = {
	F_TO_JSON, F_TO_JSONB, F_ROW_TO_JSON_RECORD, F_ROW_TO_JSON_RECORD_BOOL,
	F_ARRAY_TO_JSON_ANYARRAY, F_ARRAY_TO_JSON_ANYARRAY_BOOL,
	F_JSON_BUILD_OBJECT_, F_JSON_BUILD_OBJECT_ANY, F_JSON_BUILD_ARRAY_, F_JSON_BUILD_ARRAY_ANY,
	F_JSONB_BUILD_OBJECT_, F_JSONB_BUILD_OBJECT_ANY, F_JSONB_BUILD_ARRAY_, F_JSONB_BUILD_ARRAY_ANY,
	F_CONCAT, F_CONCAT_WS, F_FORMAT_TEXT, F_FORMAT_TEXT_ANY,
	F_ARRAY_TO_STRING_ANYARRAY_TEXT, F_ARRAY_TO_STRING_ANYARRAY_TEXT_TEXT,
	F_ARRAY_OUT, F_RECORD_OUT, F_RANGE_OUT, F_MULTIRANGE_OUT, F_ENUM_OUT
};

/*
 * Built-in output functions that do not depend on settings.  The mark IMMUTABLE is not
 * enough: bytea, floating point numbers and geometric types have it, and yet obey
 * bytea_output and extra_float_digits.  A reader could find the digits of a stored number
 * by trying settings.
 */
static const Oid outputs[] = {
	F_TEXTOUT, F_VARCHAROUT, F_BPCHAROUT, F_NAMEOUT, F_CHAROUT, F_BOOLOUT, F_INT2OUT, F_INT4OUT,
	F_INT8OUT, F_OIDOUT, F_NUMERIC_OUT, F_UUID_OUT, F_INET_OUT, F_CIDR_OUT, F_MACADDR_OUT, F_MACADDR8_OUT,
	F_JSON_OUT, F_JSONB_OUT, F_BIT_OUT, F_VARBIT_OUT, F_TSVECTOROUT, F_TSQUERYOUT, F_JSONPATH_OUT, F_XML_OUT,
	F_TIME_OUT, F_TIMETZ_OUT, F_TIDOUT, F_XIDOUT, F_XID8OUT, F_CIDOUT, F_OIDVECTOROUT, F_INT2VECTOROUT,
	F_PG_LSN_OUT, F_PG_SNAPSHOT_OUT, F_TXID_SNAPSHOT_OUT, F_CSTRING_OUT, F_UNKNOWNOUT
};

typedef struct Judged
{
	Node	   *node;
	CgCallees  *callees;
} Judged;

static bool obeys_settings(Form_pg_proc form);
static bool swayed_checker(Oid function, void *context);
static bool sways_json(Oid type);
static bool is_swayed(Oid type);
static bool is_function_swayed(Oid function, void *context);
static bool prints_swayed(Node *node, void *context);
static bool is_among_functions(Oid function, const Oid *list, int n);
static bool value_walker(Node *node, void *context);

/* quote_ident() obeys quote_all_identifiers, and is IMMUTABLE. */
static bool
obeys_settings(Form_pg_proc form)
{
	if (form->provolatile != PROVOLATILE_IMMUTABLE || form->oid == F_QUOTE_IDENT)
		return true;
	return form->oid < FirstNormalObjectId && form->prorettype == CSTRINGOID && form->pronargs == 1 &&
		!is_among_functions(form->oid, outputs, lengthof(outputs));
}

/* An admin has judged trusted functions, and callees.c walks SQL-standard bodies. */
static bool
swayed_checker(Oid function, void *context)
{
	Judged	   *judged = context;
	CgCallees  *callees = judged->callees;
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	form = (Form_pg_proc) GETSTRUCT(tuple);
	if (obeys_settings(form) && form->prokind != PROKIND_AGGREGATE &&
		(form->prolang == INTERNALlanguageId || form->prolang == ClanguageId) &&
		!(is_among_functions(function, printers, lengthof(printers)) && !expression_tree_walker(judged->node, prints_swayed, NULL)) &&
		!cg_trust_is_trusted(function))
		callees->refused = list_append_unique_oid(callees->refused, function);
	ReleaseSysCache(tuple);
	return false;
}

bool
cg_swayed_prints_plainly(Oid output)
{
	return is_among_functions(output, outputs, lengthof(outputs));
}

/*
 * context: the node.  PostgreSQL's own functions in SQL, such as quote_literal(), print their
 * arguments like printers do.
 */
static bool
is_function_swayed(Oid function, void *context)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		is_users = function >= FirstNormalObjectId;
	bool		prints = is_among_functions(function, printers, lengthof(printers));
	bool		result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	result = obeys_settings((Form_pg_proc) GETSTRUCT(tuple)) || function == F_TIMEZONE_TEXT_TIMESTAMP;
	if (is_users && !heap_attisnull(tuple, Anum_pg_proc_prosqlbody, NULL))
		result = false;
	prints |= !is_users && ((Form_pg_proc) GETSTRUCT(tuple))->prolang == SQLlanguageId;
	ReleaseSysCache(tuple);
	return result && !cg_trust_is_trusted(function) &&
		!(prints && !expression_tree_walker(context, prints_swayed, NULL));
}

bool
cg_swayed_by_settings(Node *node)
{
	if (IsA(node, XmlExpr))
		return expression_tree_walker(node, prints_swayed, NULL);
	return check_functions_in_node(node, is_function_swayed, node);
}

static bool
is_among_functions(Oid function, const Oid *list, int n)
{
	for (int i = 0; i < n; i++)
		if (list[i] == function)
			return true;
	return false;
}

/* Called for each argument, but not for nodes inside of it. */
static bool
prints_swayed(Node *node, void *context)
{
	if (node && IsA(node, List))
		return expression_tree_walker(node, prints_swayed, context);
	return node && is_swayed(exprType(node));
}

/* For a type that is not built in, to_json() prefers a cast to json to its output. */
static bool
sways_json(Oid type)
{
	Oid			cast = type < FirstNormalObjectId ? InvalidOid :
		GetSysCacheOid2(CASTSOURCETARGET, Anum_pg_cast_castfunc, ObjectIdGetDatum(type), ObjectIdGetDatum(JSONOID));

	return OidIsValid(cast) && func_volatile(cast) != PROVOLATILE_IMMUTABLE;
}

/* Does the output of the type depend on settings? */
static bool
is_swayed(Oid type)
{
	Oid			base = getBaseType(type);
	Oid			element = get_element_type(base);
	Oid			output;
	bool		varlena;

	check_stack_depth();
	if (OidIsValid(element))
		return is_swayed(element);
	if (sways_json(base))
		return true;
	switch (get_typtype(base))
	{
		case TYPTYPE_ENUM:
			return false;
		case TYPTYPE_RANGE:
			return is_swayed(get_range_subtype(base));
		case TYPTYPE_MULTIRANGE:
			return is_swayed(get_multirange_range(base));
		case TYPTYPE_COMPOSITE:
			{
				TupleDesc	desc = lookup_rowtype_tupdesc(base, -1);
				bool		result = false;

				for (int i = 0; i < desc->natts && !result; i++)
					result = !TupleDescAttr(desc, i)->attisdropped && is_swayed(TupleDescAttr(desc, i)->atttypid);
				ReleaseTupleDesc(desc);
				return result;
			}
		case TYPTYPE_BASE:
			getTypeOutputInfo(base, &output, &varlena);
			return output < FirstNormalObjectId ? !is_among_functions(output, outputs, lengthof(outputs)) :
				func_volatile(output) != PROVOLATILE_IMMUTABLE;
		default:
			/* A literal without a type is printed as it is written in the definition. */
			return base != UNKNOWNOID;
	}
}

static bool
value_walker(Node *node, void *context)
{
	const Bitmapset *values = ((CgCallees *) context)->values;

	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Var:
			return values == NULL || ((Var *) node)->varno > 2 ||
				bms_is_member(((Var *) node)->varattno - FirstLowInvalidHeapAttributeNumber, values);
		case T_CaseTestExpr:
		case T_CoerceToDomainValue:
		case T_Param:
		case T_Query:
		case T_SubLink:
			return true;
		default:
			return expression_tree_walker(node, value_walker, context);
	}
}

/*
 * A call without a value in its arguments, such as now(), is not checked here.  A function
 * that compares its result with a value is checked by itself.
 */
void
cg_swayed_judge(Node *node, CgCallees *callees)
{
	if (!callees->unswayed || !expression_tree_walker(node, value_walker, callees))
		return;
	/* It prints values without a function in its node: xmlbinary, extra_float_digits. */
	if (IsA(node, XmlExpr) && expression_tree_walker(node, prints_swayed, NULL) && callees->unknown == NULL)
		callees->unknown = pstrdup("an XML expression whose text depends on settings");
	(void) check_functions_in_node(node, swayed_checker, &((Judged) {node, callees}));
}
