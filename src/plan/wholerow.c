/*
 * wholerow.c
 *		Whole-row references, expanded to columns.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "utils/rel.h"

#include "plan/wholerow.h"

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
