/*
 * swayed.c
 *		Does the result of an expression depend on settings of whoever computes it?
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "nodes/nodeFuncs.h"
#include "utils/syscache.h"

#include "policy/swayed.h"
#include "policy/trust.h"

static bool swayed_checker(Oid function, void *context);
static bool value_walker(Node *node, void *context);

/* Trusted functions are the admin's to judge, bodies of the SQL standard are walked. */
static bool
swayed_checker(Oid function, void *context)
{
	CgCallees  *callees = context;
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	form = (Form_pg_proc) GETSTRUCT(tuple);
	if (form->provolatile != PROVOLATILE_IMMUTABLE && form->prokind != PROKIND_AGGREGATE &&
		(form->prolang == INTERNALlanguageId || form->prolang == ClanguageId) &&
		!cg_trust_is_trusted(function))
		callees->refused = list_append_unique_oid(callees->refused, function);
	ReleaseSysCache(tuple);
	return false;
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

/* now() meets no value, and what it is compared with is another function's. */
void
cg_swayed_judge(Node *node, CgCallees *callees)
{
	if (callees->unswayed && expression_tree_walker(node, value_walker, callees))
		(void) check_functions_in_node(node, swayed_checker, callees);
}
