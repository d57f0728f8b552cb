/*
 * callees.c
 *		Functions that an expression calls and that must not get stored values.
 *
 * The walk lists each kind of node that it allows.  A kind that a later PostgreSQL adds
 * is refused until a developer has added it here.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_range.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/catalog.h"
#include "base/names.h"
#include "compat.h"
#include "policy/builtins.h"
#include "policy/callees.h"
#include "policy/conversions.h"
#include "policy/parsed.h"
#include "policy/prints.h"
#include "policy/swayed.h"
#include "policy/trust.h"

typedef struct Caller
{
	Node	   *node;
	CgCallees  *callees;
} Caller;

static bool callees_walker(Node *node, void *context);
static bool callees_checker(Oid function, void *context);
static void judge_function(Oid function, Node *call, CgCallees *callees);
static void judge_aggregate(Oid function, CgCallees *callees);
static void judge_body(HeapTuple tuple, CgCallees *callees);
static void judge_domain(Oid domain, CgCallees *callees);
static void judge_row_type(Oid relid, CgCallees *callees);
static void judge_range(Oid type, CgCallees *callees);
static void judge_casts_to_json(Oid type, CgCallees *callees);

/* Is it an extension's C function that gets the row, or may do more than compute? */
static bool
may_hand_on(Form_pg_proc form)
{
	return form->prolang == ClanguageId &&
		(form->provolatile == PROVOLATILE_VOLATILE || form->prorettype == TRIGGEROID);
}

void
cg_callees_of_function(Oid function, CgCallees *callees)
{
	if (OidIsValid(function))
		judge_function(function, NULL, callees);
}

/* "call" is the node that calls it, or NULL. */
static void
judge_function(Oid function, Node *call, CgCallees *callees)
{
	HeapTuple	tuple;
	Form_pg_proc form;
	bool		allowed = false;

	if (list_member_oid(callees->seen_functions, function) && !cg_parsed_differs(function, call))
		return;
	callees->seen_functions = list_append_unique_oid(callees->seen_functions, function);
	check_stack_depth();
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	form = (Form_pg_proc) GETSTRUCT(tuple);
	if (callees->refuses && (form->prokind != PROKIND_AGGREGATE || function < FirstNormalObjectId))
		allowed = !callees->refuses(function);
	else if (form->prokind == PROKIND_AGGREGATE)
	{
		/* The language of every aggregate is "internal". */
		judge_aggregate(function, callees);
		allowed = true;
	}
	else if (form->prolang == INTERNALlanguageId || form->prolang == ClanguageId)
		allowed = function < FirstNormalObjectId ? cg_builtins_may_have_row(form) :
			!(callees->definition && may_hand_on(form)) || cg_trust_is_trusted(function);
	else if (form->prolang == SQLlanguageId &&
			 !heap_attisnull(tuple, Anum_pg_proc_prosqlbody, NULL))
	{
		judge_body(tuple, callees);
		allowed = true;
	}
	else
		allowed = cg_trust_is_trusted(function) || cg_parsed_judge(tuple, call, callees);
	if (callees->prints_wanted)
		cg_prints_function(tuple, callees);
	ReleaseSysCache(tuple);
	if (!allowed)
		callees->refused = list_append_unique_oid(callees->refused, function);
}

static void
judge_aggregate(Oid function, CgCallees *callees)
{
	HeapTuple	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(function));
	Form_pg_aggregate form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for aggregate %u", function);
	form = (Form_pg_aggregate) GETSTRUCT(tuple);
	cg_callees_of_function(form->aggtransfn, callees);
	cg_callees_of_function(form->aggfinalfn, callees);
	cg_callees_of_function(form->aggcombinefn, callees);
	cg_callees_of_function(form->aggserialfn, callees);
	cg_callees_of_function(form->aggdeserialfn, callees);
	cg_callees_of_function(form->aggmtransfn, callees);
	cg_callees_of_function(form->aggminvtransfn, callees);
	cg_callees_of_function(form->aggmfinalfn, callees);
	if (OidIsValid(form->aggsortop))
		cg_callees_of_function(get_opcode(form->aggsortop), callees);
	cg_callees_of_type(form->aggtranstype, callees);
	if (callees->prints_wanted && function >= FirstNormalObjectId)
		callees->prints = cg_prints_append(callees->prints,
										   psprintf("f %u\naggregate %u %u %u %u %u %u %u %u %u", function,
													form->aggtransfn, form->aggfinalfn, form->aggcombinefn, form->aggserialfn,
													form->aggdeserialfn, form->aggmtransfn, form->aggminvtransfn,
													form->aggmfinalfn, form->aggtranstype));
	ReleaseSysCache(tuple);
}

/* A body is a query, or a list that holds a list of queries. */
static void
judge_body(HeapTuple tuple, CgCallees *callees)
{
	bool		isnull;
	Datum		body = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosqlbody, &isnull);
	Oid			outer = callees->body;
	const Bitmapset *values = callees->values;

	/* The variables of a body are not those of the expression. */
	callees->values = NULL;
	callees->body = ((Form_pg_proc) GETSTRUCT(tuple))->oid;
	cg_callees_of_expression(stringToNode(TextDatumGetCString(body)), callees);
	callees->body = outer;
	callees->values = values;
}

/*
 * A body refers to relations by OID, but the owner of a relation may change the query of
 * a view, a policy, or a foreign table among the partitions.
 */
static void
judge_relation(const RangeTblEntry *rte, CgCallees *callees)
{
	if (rte->rtekind != RTE_RELATION || callees->unknown != NULL)
		return;
	callees->unknown = psprintf("%s, which reads relation %s,",
								OidIsValid(callees->body) ? psprintf("function %s", cg_names_function(callees->body)) : "an expression",
								get_rel_name(rte->relid) ? quote_qualified_identifier(get_namespace_name(get_rel_namespace(rte->relid)), get_rel_name(rte->relid)) : "?");
}

void
cg_callees_of_expression(Node *node, CgCallees *callees)
{
	(void) callees_walker(node, callees);
}

static bool
callees_checker(Oid function, void *context)
{
	Caller	   *caller = context;

	if (OidIsValid(function))
		judge_function(function, caller->node, caller->callees);
	return false;
}

static void
judge_operator(Oid operator, CgCallees *callees)
{
	if (OidIsValid(operator))
		cg_callees_of_function(get_opcode(operator), callees);
}

static void
judge_unknown(const char *what, CgCallees *callees)
{
	if (callees->unknown == NULL)
		callees->unknown = pstrdup(what);
}

static bool
callees_walker(Node *node, void *context)
{
	CgCallees  *callees = context;

	if (node == NULL)
		return false;
	switch ((int) nodeTag(node))
	{
			/* Expressions, which have a type. */
		case T_Var:
		case T_Const:
		case T_Param:
		case T_Aggref:
		case T_GroupingFunc:
		case T_WindowFunc:
		case T_SubscriptingRef:
		case T_FuncExpr:
		case T_NamedArgExpr:
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_BoolExpr:
		case T_SubLink:
		case T_FieldSelect:
		case T_FieldStore:
		case T_RelabelType:
		case T_CoerceViaIO:
		case T_ArrayCoerceExpr:
		case T_ConvertRowtypeExpr:
		case T_CollateExpr:
		case T_CaseExpr:
		case T_CaseTestExpr:
		case T_ArrayExpr:
		case T_RowExpr:
		case T_RowCompareExpr:
		case T_CoalesceExpr:
		case T_MinMaxExpr:
		case T_SQLValueFunction:
		case T_XmlExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_CoerceToDomain:
		case T_CoerceToDomainValue:
		case T_SetToDefault:
		case T_JsonIsPredicate:
			/* Input and output functions are judged by their types. */
			if (!callees->refuses || !IsA(node, CoerceViaIO))
				(void) check_functions_in_node(node, callees_checker, &((Caller) {node, callees}));
			if (callees->refuses)
			{
				cg_conversions_judge(node, callees);
				break;
			}
			cg_swayed_judge(node, callees);
			cg_callees_of_type(exprType(node), callees);
			break;
			/* Parts of a query. */
		case T_List:
		case T_CaseWhen:
		case T_TargetEntry:
		case T_FromExpr:
		case T_JoinExpr:
		case T_RangeTblRef:
		case T_CommonTableExpr:
		case T_CTESearchClause:
		case T_WindowClause:
		case T_JsonValueExpr:
			break;
		case T_RangeTblFunction:
		case T_TableFunc:
			if (callees->refuses)
				cg_conversions_judge(node, callees);
			break;
		case T_CTECycleClause:
			judge_operator(((CTECycleClause *) node)->cycle_mark_neop, callees);
			break;
		case T_SetOperationStmt:
			callees_walker((Node *) ((SetOperationStmt *) node)->groupClauses, callees);
			break;
		case T_SortGroupClause:
			judge_operator(((SortGroupClause *) node)->eqop, callees);
			judge_operator(((SortGroupClause *) node)->sortop, callees);
			break;
		case T_RangeTblEntry:
			if (!callees->may_read)
				judge_relation((RangeTblEntry *) node, callees);
			return false;
		case T_Query:
			if (((Query *) node)->commandType != CMD_SELECT || ((Query *) node)->hasModifyingCTE)
				judge_unknown("a statement that stores rows", callees);
			return query_tree_walker((Query *) node, callees_walker, context,
									 QTW_EXAMINE_RTES_BEFORE | QTW_EXAMINE_SORTGROUP);
		default:
			if (callees->refuses && cg_conversions_judge(node, callees))
				break;
			judge_unknown(psprintf("an expression of a kind that contact_guard does not know (%d)",
								   (int) nodeTag(node)), callees);
			return false;
	}
	return expression_tree_walker(node, callees_walker, context);
}

void
cg_callees_of_type(Oid type, CgCallees *callees)
{
	HeapTuple	tuple;
	Form_pg_type form;

	if (type < FirstNormalObjectId || list_member_oid(callees->seen_types, type))
		return;
	callees->seen_types = lappend_oid(callees->seen_types, type);
	check_stack_depth();
	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	form = (Form_pg_type) GETSTRUCT(tuple);
	/* They are in C, and only superusers create them. */
	if (!callees->refuses)
	{
		cg_callees_of_function(form->typinput, callees);
		cg_callees_of_function(form->typoutput, callees);
		cg_callees_of_function(form->typreceive, callees);
		cg_callees_of_function(form->typsend, callees);
		cg_callees_of_function(form->typsubscript, callees);
	}
	if (OidIsValid(form->typelem))
		cg_callees_of_type(form->typelem, callees);
	if (form->typtype == TYPTYPE_DOMAIN)
	{
		if (!callees->leaving)
			judge_domain(type, callees);
		cg_callees_of_type(form->typbasetype, callees);
	}
	else if (form->typtype == TYPTYPE_COMPOSITE)
		judge_row_type(form->typrelid, callees);
	else if (form->typtype == TYPTYPE_RANGE)
		judge_range(type, callees);
	else if (form->typtype == TYPTYPE_MULTIRANGE)
		cg_callees_of_type(get_multirange_range(type), callees);
	ReleaseSysCache(tuple);
	if (!callees->refuses || callees->leaving)
		judge_casts_to_json(type, callees);
}

static void
judge_domain(Oid domain, CgCallees *callees)
{
	Relation	catalog = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_constraint_contypid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(domain));
	scan = systable_beginscan(catalog, ConstraintTypidIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		check = heap_getattr(tuple, Anum_pg_constraint_conbin,
										 RelationGetDescr(catalog), &isnull);

		if (isnull)
			continue;
		cg_callees_of_expression(stringToNode(TextDatumGetCString(check)), callees);
		if (callees->prints_wanted)
			callees->prints = cg_prints_append(callees->prints, psprintf("t %u\n%s", domain, TextDatumGetCString(check)));
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
}

static void
judge_row_type(Oid relid, CgCallees *callees)
{
	int			natts = cg_catalog_natts(relid);

	for (AttrNumber attnum = 1; attnum <= natts; attnum++)
	{
		Oid			type = get_atttype(relid, attnum);

		cg_callees_of_type(type, callees);
		if (callees->prints_wanted && type >= FirstNormalObjectId)
			callees->prints = cg_prints_append(callees->prints, psprintf("t %u\nhas %u", get_rel_type_id(relid), type));
	}
}

static void
judge_range(Oid type, CgCallees *callees)
{
	HeapTuple	tuple = SearchSysCache1(RANGETYPE, ObjectIdGetDatum(type));
	Form_pg_range form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for range type %u", type);
	form = (Form_pg_range) GETSTRUCT(tuple);
	cg_callees_of_function(form->rngcanonical, callees);
	cg_callees_of_function(form->rngsubdiff, callees);
	cg_callees_of_type(form->rngsubtype, callees);
	ReleaseSysCache(tuple);
}

/* to_json() and similar functions look for such a cast when they run, and call it. */
static void
judge_casts_to_json(Oid type, CgCallees *callees)
{
	static const Oid targets[] = {JSONOID, JSONBOID};

	for (int i = 0; i < lengthof(targets); i++)
	{
		HeapTuple	tuple = SearchSysCache2(CASTSOURCETARGET, ObjectIdGetDatum(type),
											ObjectIdGetDatum(targets[i]));

		if (!HeapTupleIsValid(tuple))
			continue;
		cg_callees_of_function(((Form_pg_cast) GETSTRUCT(tuple))->castfunc, callees);
		if (callees->prints_wanted)
			callees->prints = cg_prints_append(callees->prints,
											   psprintf("t %u\ncast %u %u", type, targets[i],
														((Form_pg_cast) GETSTRUCT(tuple))->castfunc));
		ReleaseSysCache(tuple);
	}
}
