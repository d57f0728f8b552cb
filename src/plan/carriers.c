/*
 * carriers.c
 *		Carriers: parts of a query that could send a value away while it runs.
 *
 * dblink_exec('…', 'insert …' || phone) sends the value away during expression
 * evaluation, before any row is made; set_config('application_name', phone, …) shows it
 * in pg_stat_activity.  Superusers create C functions, so we rely on the volatility of
 * these, but not on that of other users' functions.  A user's function can also hide in a
 * type: in the check of a domain inside of a row that record_in reads, or in a cast to
 * json that to_json looks up.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "compat.h"
#include "plan/carriers.h"
#include "policy/builtins.h"
#include "policy/descend.h"

static bool carrier_function(Oid function, void *context);
static bool carrier_type(Oid type);
static bool carrier_relation(const RangeTblEntry *rte, bool is_target);
static bool storing_computes(Relation rel);
static bool carrier_call(const FuncExpr *call);
static bool carrier_arguments(List *args);
static bool carrier_types(List *types);
static bool carrier_json(Node *node);
static bool carrier_operator(Oid operator);
static bool carrier_node(Node *node);
static bool carrier_walker(Node *node, void *context);

bool
cg_carriers_present(Query *query)
{
	return carrier_walker((Node *) query, NULL);
}

static bool
carrier_function(Oid function, void *context)
{
	HeapTuple	tuple;
	Form_pg_proc form;
	bool		result;

	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return true;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	result = function < FirstNormalObjectId ? !cg_builtins_keeps(form) : form->provolatile == PROVOLATILE_VOLATILE;
	/* An aggregate's functions may be anybody's. */
	if (function >= FirstNormalObjectId)
		result = result || form->prokind == PROKIND_AGGREGATE ||
			(form->prolang != ClanguageId && form->prolang != INTERNALlanguageId);
	ReleaseSysCache(tuple);
	return result;
}

/*
 * Does reading or printing a value of this type call a user's function: the check of a
 * domain, or a cast to json?
 */
static bool
carrier_type(Oid type)
{
	Oid			element;

	if (type < FirstNormalObjectId)
		return false;
	element = get_element_type(type);
	if (OidIsValid(element))
		return carrier_type(element);
	switch (get_typtype(type))
	{
		case TYPTYPE_BASE:
		case TYPTYPE_ENUM:
			return SearchSysCacheExists2(CASTSOURCETARGET, ObjectIdGetDatum(type),
										 ObjectIdGetDatum(JSONOID));
		case TYPTYPE_COMPOSITE:
			{
				TupleDesc	desc = lookup_rowtype_tupdesc(type, -1);
				bool		result = SearchSysCacheExists2(CASTSOURCETARGET, ObjectIdGetDatum(type),
														   ObjectIdGetDatum(JSONOID));

				for (int i = 0; i < desc->natts && !result; i++)
					result = carrier_type(TupleDescAttr(desc, i)->atttypid);
				ReleaseTupleDesc(desc);
				return result;
			}
		default:
			return true;
	}
}

static bool
carrier_arguments(List *args)
{
	ListCell   *lc;

	foreach(lc, args)
		if (carrier_type(exprType(lfirst(lc))))
			return true;
	return false;
}

/* A built-in function may print or read values of any type that it gets. */
static bool
carrier_call(const FuncExpr *call)
{
	return call->funcid < FirstNormalObjectId &&
		(carrier_type(call->funcresulttype) || carrier_arguments(call->args));
}

/*
 * A foreign server gets values as parameters, and a trigger sees stored rows.  The same
 * holds for all relations that inherit from the named one.  They are in the plan, too, so
 * a later change of one of them makes the plan stale; for others kin.h does that.
 */
static bool
carrier_relation(const RangeTblEntry *rte, bool is_target)
{
	List	   *relids;
	ListCell   *lc;
	bool		result = false;

	if (rte->rtekind != RTE_RELATION)
		return false;
	if (rte->relkind == RELKIND_FOREIGN_TABLE || (rte->inh && cg_descend_has_foreign(rte->relid)))
		return true;
	if (!is_target)
		return false;
	/* Partitions, which may be thousands, may have triggers of their own. */
	if (rte->relkind == RELKIND_PARTITIONED_TABLE)
		return true;
	/* Locked in the same mode as planning will do. */
	relids = rte->inh ? find_all_inheritors(rte->relid, rte->rellockmode, NULL) : list_make1_oid(rte->relid);
	foreach(lc, relids)
	{
		Relation	rel = RelationIdGetRelation(lfirst_oid(lc));

		if (!RelationIsValid(rel))
			return true;
		result |= rel->trigdesc != NULL || storing_computes(rel);
		RelationClose(rel);
	}
	return result;
}

/* Does storing a row call functions of checks, generated columns or indexes? */
static bool
storing_computes(Relation rel)
{
	TupleConstr *constr = RelationGetDescr(rel)->constr;
	ListCell   *lc;
	bool		result = constr && (constr->num_check > 0 || constr->has_generated_stored);

	foreach(lc, RelationGetIndexList(rel))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		if (RelationGetIndexExpressions(index) != NIL || RelationGetIndexPredicate(index) != NIL)
			result = true;
		index_close(index, NoLock);
	}
	return result;
}

static bool
carrier_types(List *types)
{
	ListCell   *lc;

	foreach(lc, types)
		if (carrier_type(lfirst_oid(lc)))
			return true;
	return false;
}

/* Sorting and grouping call a function, too. */
static bool
carrier_operator(Oid operator)
{
	return operator >= FirstNormalObjectId && carrier_function(get_opcode(operator), NULL);
}

/* JSON expressions print values of any type, as json_agg() does, and read their result. */
static bool
carrier_json(Node *node)
{
	return carrier_type(cg_compat_json_type(node)) || carrier_arguments(cg_compat_json_values(node));
}

/* Checks the node without its children.  A kind that is not listed is a carrier. */
static bool
carrier_node(Node *node)
{
	switch ((int) nodeTag(node))
	{
			/* check_functions_in_node() finds the functions that these call. */
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_RowCompareExpr:
		case T_WindowFunc:
			/* These call only functions of a type's author, who is a superuser. */
		case T_Var:
		case T_Const:
		case T_Param:
		case T_GroupingFunc:
		case T_SubscriptingRef:
		case T_NamedArgExpr:
		case T_BoolExpr:
		case T_SubLink:
		case T_FieldSelect:
		case T_FieldStore:
		case T_RelabelType:
		case T_ArrayCoerceExpr:
		case T_ConvertRowtypeExpr:
		case T_CollateExpr:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_CaseTestExpr:
		case T_ArrayExpr:
		case T_RowExpr:
		case T_CoalesceExpr:
		case T_MinMaxExpr:
		case T_SQLValueFunction:
		case T_NullTest:
		case T_BooleanTest:
		case T_SetToDefault:
		case T_CurrentOfExpr:
		case T_NextValueExpr:
		case T_InferenceElem:
		case T_JsonIsPredicate:
		case T_JsonValueExpr:
		case T_MergeSupportFunc:
		case T_ReturningExpr:
			/* Parts of a query */
		case T_List:
		case T_TargetEntry:
		case T_RangeTblRef:
		case T_JoinExpr:
		case T_FromExpr:
		case T_OnConflictExpr:
		case T_MergeAction:
		case T_JsonFormat:
		case T_JsonReturning:
		case T_JsonBehavior:
		case T_WithCheckOption:
		case T_WindowClause:
		case T_CommonTableExpr:
		case T_CTESearchClause:
		case T_TableSampleClause:
			return false;
		case T_RangeTblFunction:
			return carrier_types(((RangeTblFunction *) node)->funccoltypes);
		case T_TableFunc:
			return carrier_types(((TableFunc *) node)->coltypes);
		case T_CoerceViaIO:
			return carrier_type(((CoerceViaIO *) node)->resulttype);
		case T_FuncExpr:
			return carrier_call((FuncExpr *) node);
		case T_Aggref:
			/* json_agg() and similar functions print values of any type. */
			return carrier_types(((Aggref *) node)->aggargtypes);
		case T_XmlExpr:
			return carrier_arguments(((XmlExpr *) node)->args) ||
				carrier_arguments(((XmlExpr *) node)->named_args);
		case T_JsonConstructorExpr:
		case T_JsonExpr:
			return carrier_json(node);
		case T_SortGroupClause:
			return carrier_operator(((SortGroupClause *) node)->eqop) ||
				carrier_operator(((SortGroupClause *) node)->sortop);
		case T_CTECycleClause:
			return carrier_operator(((CTECycleClause *) node)->cycle_mark_neop);
			/* A domain's check may be any function. */
		case T_CoerceToDomain:
		case T_CoerceToDomainValue:
		default:
			return true;
	}
}

static bool
carrier_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
		return carrier_relation((RangeTblEntry *) node, false);
	if (IsA(node, Query))
	{
		Query	   *query = (Query *) node;

		return (query->resultRelation > 0 &&
				carrier_relation(rt_fetch(query->resultRelation, query->rtable), true)) ||
			query_tree_walker(query, carrier_walker, context,
							  QTW_EXAMINE_RTES_BEFORE | QTW_EXAMINE_SORTGROUP);
	}
	if (IsA(node, SetOperationStmt) &&
		carrier_walker((Node *) ((SetOperationStmt *) node)->groupClauses, context))
		return true;
	/* A sequence with a constant name tells nothing about a value. */
	if (IsA(node, FuncExpr) && ((FuncExpr *) node)->funcid == F_NEXTVAL &&
		IsA(linitial(((FuncExpr *) node)->args), Const))
		return false;
	if ((!IsA(node, SetOperationStmt) && carrier_node(node)) ||
		check_functions_in_node(node, carrier_function, context))
		return true;
	return expression_tree_walker(node, carrier_walker, context);
}
