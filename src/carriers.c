/*
 * carriers.c
 *		What could carry a value off while a query runs.
 *
 * dblink_exec('…', 'insert …' || phone) sends the value away during expression
 * evaluation, before any row is made; set_config('application_name', phone, …)
 * shows it in pg_stat_activity.  C functions are the superuser's work, so their
 * volatility is believed; what others label their functions is not.  A function
 * of somebody's can also hide in a type: the check of a domain inside a row that
 * record_in reads, a cast to json that to_json looks up.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "carriers.h"

/* Volatile functions of PostgreSQL's own that take a value nowhere. */
static const Oid harmless[] = {
	F_RANDOM, F_CLOCK_TIMESTAMP, F_TIMEOFDAY, F_GEN_RANDOM_UUID, F_PG_SLEEP
};

static bool carrier_function(Oid function, void *context);
static bool carrier_type(Oid type);
static bool carrier_relation(const RangeTblEntry *rte);
static bool computes(Relation rel);
static bool carrier_call(const FuncExpr *call);
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

	for (int i = 0; i < lengthof(harmless); i++)
		if (function == harmless[i])
			return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return true;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	result = form->provolatile == PROVOLATILE_VOLATILE;
	/* set_config() and setval() are PostgreSQL's own; aggregates call others. */
	if (function >= FirstNormalObjectId)
		result = result || form->prokind == PROKIND_AGGREGATE ||
			(form->prolang != ClanguageId && form->prolang != INTERNALlanguageId);
	ReleaseSysCache(tuple);
	return result;
}

/*
 * Does reading or printing a value of this type call somebody's function: the
 * check of a domain, or a cast to json?
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

/* PostgreSQL's own functions that print or read whatever type they are given. */
static bool
carrier_call(const FuncExpr *call)
{
	ListCell   *lc;

	if (call->funcid >= FirstNormalObjectId)
		return false;
	if (carrier_type(call->funcresulttype))
		return true;
	foreach(lc, call->args)
		if (carrier_type(exprType(lfirst(lc))))
			return true;
	return false;
}

/* A foreign server gets values as parameters; a trigger sees what is stored. */
static bool
carrier_relation(const RangeTblEntry *rte)
{
	Relation	rel;
	bool		result;

	if (rte->rtekind != RTE_RELATION)
		return false;
	if (rte->relkind == RELKIND_FOREIGN_TABLE)
		return true;
	if ((rte->requiredPerms & (ACL_INSERT | ACL_UPDATE | ACL_DELETE)) == 0)
		return false;
	/* Partitions may have triggers and servers of their own. */
	if (rte->relkind == RELKIND_PARTITIONED_TABLE)
		return true;
	rel = RelationIdGetRelation(rte->relid);
	if (!RelationIsValid(rel))
		return true;
	result = rel->trigdesc != NULL || computes(rel);
	RelationClose(rel);
	return result;
}

/* Does storing a row call functions: of checks, generated columns, indexes? */
static bool
computes(Relation rel)
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
carrier_walker(Node *node, void *context)
{
	ListCell   *lc;

	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_RangeTblEntry:
			return carrier_relation((RangeTblEntry *) node);
		case T_Query:
			return query_tree_walker((Query *) node, carrier_walker, context,
									 QTW_EXAMINE_RTES_BEFORE);
		case T_RangeTblFunction:
			foreach(lc, ((RangeTblFunction *) node)->funccoltypes)
				if (carrier_type(lfirst_oid(lc)))
					return true;
			break;
		case T_CoerceToDomain:
			/* A domain's check may be any function. */
			return true;
		case T_CoerceViaIO:
			if (carrier_type(((CoerceViaIO *) node)->resulttype))
				return true;
			break;
		case T_FuncExpr:
			/* Which sequence is no secret as long as it is a constant. */
			if (((FuncExpr *) node)->funcid == F_NEXTVAL &&
				IsA(linitial(((FuncExpr *) node)->args), Const))
				return false;
			if (carrier_call((FuncExpr *) node))
				return true;
			break;
		case T_Aggref:
			/* json_agg and its like, again. */
			foreach(lc, ((Aggref *) node)->aggargtypes)
				if (carrier_type(lfirst_oid(lc)))
					return true;
			break;
		default:
			break;
	}
	if (check_functions_in_node(node, carrier_function, context))
		return true;
	return expression_tree_walker(node, carrier_walker, context);
}
