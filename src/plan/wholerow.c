/*
 * wholerow.c
 *		Whole-row references, expanded to columns.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/rel.h"

#include "plan/wholerow.h"

typedef struct WholeRow
{
	Index		rti;
	Index		depth;			/* how many queries lie between the walk and the one that has it */
} WholeRow;

static bool has_whole_row(Node *node, void *context);

RowExpr *
cg_wholerow_expand(const Var *var, const RangeTblEntry *rte)
{
	RowExpr    *row = makeNode(RowExpr);
	Relation	rel = table_open(rte->relid, NoLock);
	TupleDesc	desc = RelationGetDescr(rel);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		Var		   *column;

		row->colnames = lappend(row->colnames, makeString(pstrdup(NameStr(att->attname))));
		if (att->attisdropped)
		{
			row->args = lappend(row->args, makeNullConst(INT4OID, -1, InvalidOid));
			continue;
		}
		column = copyObject(unconstify(Var *, var));
		column->varattno = att->attnum;
		column->varattnosyn = att->attnum;
		column->vartype = att->atttypid;
		column->vartypmod = att->atttypmod;
		column->varcollid = att->attcollation;
		row->args = lappend(row->args, column);
	}
	table_close(rel, NoLock);
	row->row_typeid = var->vartype;
	row->row_format = COERCE_IMPLICIT_CAST;
	row->location = var->location;
	return row;
}

Node *
cg_wholerow_or_null(RowExpr *row, const Var *var, const RangeTblEntry *rte)
{
	NullTest   *test = makeNode(NullTest);
	CaseWhen   *when = makeNode(CaseWhen);
	CaseExpr   *result = makeNode(CaseExpr);

	if (rte->rtekind == RTE_RELATION)
	{
		Var		   *tableoid = copyObject(unconstify(Var *, var));

		/* Testing this is cheaper than fetching the whole row. */
		tableoid->varattno = TableOidAttributeNumber;
		tableoid->varattnosyn = TableOidAttributeNumber;
		tableoid->vartype = OIDOID;
		tableoid->vartypmod = -1;
		tableoid->varcollid = InvalidOid;
		test->arg = (Expr *) tableoid;
	}
	else
		/* A transition table has no system columns. */
		test->arg = (Expr *) copyObject(unconstify(Var *, var));
	test->nulltesttype = IS_NULL;
	test->argisrow = false;
	test->location = -1;

	when->expr = (Expr *) test;
	when->result = (Expr *) makeNullConst(var->vartype, -1, InvalidOid);
	when->location = -1;
	result->casetype = var->vartype;
	result->args = list_make1(when);
	result->defresult = (Expr *) row;
	result->location = -1;
	return (Node *) result;
}

static bool
has_whole_row(Node *node, void *context)
{
	WholeRow   *whole = context;
	bool		result;

	if (node == NULL)
		return false;
	if (IsA(node, Var))
		return ((Var *) node)->varno == whole->rti && ((Var *) node)->varlevelsup == whole->depth &&
			((Var *) node)->varattno == InvalidAttrNumber;
	if (!IsA(node, Query))
		return expression_tree_walker(node, has_whole_row, context);
	whole->depth++;
	result = query_tree_walker((Query *) node, has_whole_row, context, 0);
	whole->depth--;
	return result;
}

bool
cg_wholerow_is_used(Query *query, Index rti)
{
	WholeRow	whole = {rti, 0};

	return query_tree_walker(query, has_whole_row, &whole, QTW_IGNORE_JOINALIASES);
}
