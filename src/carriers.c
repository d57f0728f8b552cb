/*
 * carriers.c
 *		What could carry a value off while a query runs.
 *
 * dblink_exec('…', 'insert …' || phone) sends the value away during expression
 * evaluation, before any row is made.  C functions are the superuser's work, so
 * their volatility is believed; what others label their functions is not.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

#include "carriers.h"

static bool carrier_function(Oid function, void *context);
static bool carrier_relation(const RangeTblEntry *rte);
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

	if (function < FirstNormalObjectId)
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return true;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	result = form->provolatile == PROVOLATILE_VOLATILE ||
		form->prokind == PROKIND_AGGREGATE ||
		(form->prolang != ClanguageId && form->prolang != INTERNALlanguageId);
	ReleaseSysCache(tuple);
	return result;
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
	result = !RelationIsValid(rel) || rel->trigdesc != NULL;
	if (RelationIsValid(rel))
		RelationClose(rel);
	return result;
}

static bool
carrier_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
		return carrier_relation((RangeTblEntry *) node);
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, carrier_walker, context,
								 QTW_EXAMINE_RTES_BEFORE);
	/* A domain's check may be any function. */
	if (IsA(node, CoerceToDomain))
		return true;
	if (check_functions_in_node(node, carrier_function, context))
		return true;
	return expression_tree_walker(node, carrier_walker, context);
}
