/*
 * assigned.c
 *		Reads in SET of which nothing but the old value of the same column comes.
 *
 * Whoever is not shown a value may still write a statement that leaves it where it is.
 * keep() stores what was stored if the new value is the mask, and refuses any other value.
 * So a mask may be read in SET if it can only come out as the new value of its own column,
 * or if it is only compared with that new value.  These forms are known, and no others:
 *
 * - SET phone = COALESCE($1, phone);
 * - phone = new, phone <> new and phone IS [NOT] DISTINCT FROM new, if the same SET has
 *   phone = new.  ORMs write it in an upsert: SET phone = EXCLUDED.phone, updated_at = CASE
 *   WHEN t.phone IS NOT DISTINCT FROM EXCLUDED.phone THEN t.updated_at ELSE now() END.  If
 *   the new value is the mask, "not distinct" is right, since the stored value stays.  Any
 *   other value fails in keep();
 * - SET phone = (jsonb_populate_record(t, $1)).phone, or the same by a sub-select of that
 *   function in FROM.  A field of its result comes from the JSON or from the same field of
 *   the row, so the row is given that field alone.
 *
 * A comparison in general carries something: CASE substr(phone, 5, 1) WHEN '0' THEN '0' …
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "access/transam.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "plan/assigned.h"
#include "plan/wholerow.h"
#include "policy/policy.h"

typedef struct AssignedContext
{
	const Query *query;
	List	   *targets;
	const TargetEntry *target;	/* the assignment that is being looked at */
	CgAssigned	found;
} AssignedContext;

static Node *bare(Node *node);
static Var *own_column(const AssignedContext *context, Node *node, AttrNumber attnum);
static bool same_value(Node *left, Node *right);
static bool is_new_value(const AssignedContext *context, AttrNumber attnum, Node *value);
static bool compares_equality(Oid opno);
static void find_comparison(AssignedContext *context, OpExpr *test);
static Node **populated_row(Node *node);
static Var *whole_row(const AssignedContext *context, Node *node, Index levelsup);
static void find_field(AssignedContext *context, FieldSelect *select);
static bool reads_one_function(const Query *query);
static AttrNumber assigned_by(const AssignedContext *context, const SubLink *sublink, AttrNumber resno);
static void find_fields(AssignedContext *context, SubLink *sublink);
static bool assigned_walker(Node *node, void *context);

/* Without the conversions that an assignment adds by itself. */
static Node *
bare(Node *node)
{
	for (;;)
	{
		if (node && IsA(node, RelabelType))
			node = (Node *) ((RelabelType *) node)->arg;
		else if (node && IsA(node, FuncExpr) && ((FuncExpr *) node)->funcformat == COERCE_IMPLICIT_CAST &&
				 ((FuncExpr *) node)->funcid < FirstGenbkiObjectId && ((FuncExpr *) node)->args != NIL)
			node = linitial(((FuncExpr *) node)->args);
		else if (node && IsA(node, CoerceToDomain) && ((CoerceToDomain *) node)->coercionformat == COERCE_IMPLICIT_CAST)
			node = (Node *) ((CoerceToDomain *) node)->arg;
		else
			return node;
	}
}

/* The guarded column of the row that is written; attnum 0: any. */
static Var *
own_column(const AssignedContext *context, Node *node, AttrNumber attnum)
{
	const CgPolicy *policy;
	Var		   *var;

	node = bare(node);
	if (node == NULL || !IsA(node, Var))
		return NULL;
	var = (Var *) node;
	if (var->varno != context->query->resultRelation || var->varlevelsup != 0 || var->varattno <= 0 ||
		(attnum != InvalidAttrNumber && var->varattno != attnum))
		return NULL;
	policy = cg_policy_get(rt_fetch(var->varno, context->query->rtable)->relid);
	return policy && cg_policy_column(policy, var->varattno) ? var : NULL;
}

/* A literal is text in a comparison, but has the column's type in an assignment. */
static bool
same_value(Node *left, Node *right)
{
	const Const *a = (const Const *) left;
	const Const *b = (const Const *) right;

	if (!IsA(left, Const) || !IsA(right, Const))
		return equal(left, right);
	if (a->constisnull || b->constisnull)
		return a->constisnull && b->constisnull;
	return a->constlen == b->constlen && a->constbyval == b->constbyval &&
		datumIsEqual(a->constvalue, b->constvalue, a->constbyval, a->constlen);
}

static bool
is_new_value(const AssignedContext *context, AttrNumber attnum, Node *value)
{
	ListCell   *lc;

	foreach(lc, context->targets)
	{
		TargetEntry *target = lfirst_node(TargetEntry, lc);
		Node	   *assigned = bare((Node *) target->expr);

		if (target->resjunk || target->resno != attnum)
			continue;
		return same_value(assigned, bare(value)) && !checkExprHasSubLink(assigned) &&
			!contain_volatile_functions(assigned);
	}
	return false;
}

/* Operators in families of btree are made by superusers. */
static bool
compares_equality(Oid opno)
{
	ListCell   *lc;

	foreach(lc, get_op_index_interpretation(opno))
	{
		int			strategy = cg_compat_strategy((OpIndexInterpretation *) lfirst(lc));

		if (strategy == BTEqualStrategyNumber || strategy == ROWCOMPARE_NE)
			return true;
	}
	return false;
}

static void
find_comparison(AssignedContext *context, OpExpr *test)
{
	if (list_length(test->args) != 2 || !compares_equality(test->opno))
		return;
	for (int i = 0; i < 2; i++)
	{
		Var		   *column = own_column(context, list_nth(test->args, i), InvalidAttrNumber);

		if (column && is_new_value(context, column->varattno, list_nth(test->args, 1 - i)))
			context->found.kept = lappend(context->found.kept, column);
	}
}

/* The place of the row that the function completes from a JSON object; NULL: another node. */
static Node **
populated_row(Node *node)
{
	if (node == NULL || !IsA(node, FuncExpr) ||
		(((FuncExpr *) node)->funcid != F_JSONB_POPULATE_RECORD && ((FuncExpr *) node)->funcid != F_JSON_POPULATE_RECORD))
		return NULL;
	return (Node **) &lfirst(list_head(((FuncExpr *) node)->args));
}

static Var *
whole_row(const AssignedContext *context, Node *node, Index levelsup)
{
	Var		   *var = (Var *) node;

	if (!IsA(node, Var) || var->varno != context->query->resultRelation || var->varlevelsup != levelsup ||
		var->varattno != InvalidAttrNumber)
		return NULL;
	return var;
}

static void
find_field(AssignedContext *context, FieldSelect *select)
{
	Node	  **argument = populated_row((Node *) select->arg);
	Var		   *row = argument ? whole_row(context, *argument, 0) : NULL;
	RowExpr    *fields;
	ListCell   *lc;

	if (row == NULL)
		return;
	fields = cg_wholerow_expand(row, rt_fetch(row->varno, context->query->rtable));
	foreach(lc, fields->args)
	{
		Var		   *field = lfirst(lc);

		if (!IsA(field, Var))
			continue;
		if (field->varattno != select->fieldnum)
			lfirst(lc) = makeNullConst(field->vartype, field->vartypmod, field->varcollid);
		else if (context->target->resno == field->varattno && own_column(context, (Node *) field, field->varattno) &&
				 bare((Node *) context->target->expr) == (Node *) select)
			context->found.fields = lappend(context->found.fields, field);
	}
	*argument = (Node *) fields;
}

/* Is the sub-select nothing but columns of one function's row? */
static bool
reads_one_function(const Query *query)
{
	ListCell   *lc;

	if (query->commandType != CMD_SELECT || list_length(query->rtable) != 1 || query->cteList || query->setOperations ||
		query->groupClause || query->groupingSets || query->distinctClause || query->sortClause ||
		query->windowClause || query->havingQual || query->hasAggs || query->hasTargetSRFs || query->limitCount ||
		query->limitOffset || query->jointree->quals)
		return false;
	if (linitial_node(RangeTblEntry, query->rtable)->rtekind != RTE_FUNCTION ||
		list_length(linitial_node(RangeTblEntry, query->rtable)->functions) != 1)
		return false;
	foreach(lc, query->targetList)
		if (!IsA(lfirst_node(TargetEntry, lc)->expr, Var) || lfirst_node(TargetEntry, lc)->resjunk)
			return false;
	return true;
}

/* The column that SET gives the value of column resno of the sub-select; 0: none or several. */
static AttrNumber
assigned_by(const AssignedContext *context, const SubLink *sublink, AttrNumber resno)
{
	AttrNumber	result = InvalidAttrNumber;
	ListCell   *lc;

	foreach(lc, context->targets)
	{
		TargetEntry *target = lfirst_node(TargetEntry, lc);
		Node	   *value = bare((Node *) target->expr);
		Param	   *param = (Param *) value;

		if (target->resjunk)
			continue;
		if (value != (const Node *) sublink &&
			!(sublink->subLinkType == MULTIEXPR_SUBLINK && IsA(value, Param) && param->paramkind == PARAM_MULTIEXPR &&
			  param->paramid == ((sublink->subLinkId << 16) | resno)))
			continue;
		if (result != InvalidAttrNumber)
			return InvalidAttrNumber;
		result = target->resno;
	}
	return result;
}

/* SET (name, phone) = (SELECT name, phone FROM jsonb_populate_record(t, $1)) */
static void
find_fields(AssignedContext *context, SubLink *sublink)
{
	Query	   *query = (Query *) sublink->subselect;
	RangeTblFunction *function;
	Node	  **argument;
	Var		   *row;
	RowExpr    *fields;
	ListCell   *lc;

	if ((sublink->subLinkType != MULTIEXPR_SUBLINK && sublink->subLinkType != EXPR_SUBLINK) ||
		!IsA(query, Query) || !reads_one_function(query))
		return;
	function = linitial_node(RangeTblFunction, linitial_node(RangeTblEntry, query->rtable)->functions);
	argument = populated_row(function->funcexpr);
	row = argument ? whole_row(context, *argument, 1) : NULL;
	if (row == NULL)
		return;
	fields = cg_wholerow_expand(row, rt_fetch(row->varno, context->query->rtable));
	foreach(lc, fields->args)
	{
		Var		   *field = lfirst(lc);
		Var			own;
		int			uses = 0;
		bool		back = true;
		ListCell   *of;

		if (!IsA(field, Var))
			continue;
		foreach(of, query->targetList)
		{
			TargetEntry *column = lfirst_node(TargetEntry, of);
			Var		   *var = (Var *) column->expr;

			if (var->varlevelsup != 0 || (var->varattno != InvalidAttrNumber && var->varattno != field->varattno))
				continue;
			uses++;
			back &= var->varattno == field->varattno && assigned_by(context, sublink, column->resno) == field->varattno;
		}
		own = *field;
		own.varlevelsup = 0;
		if (uses == 0)
			lfirst(lc) = makeNullConst(field->vartype, field->vartypmod, field->varcollid);
		else if (back && own_column(context, (Node *) &own, field->varattno))
			context->found.fields = lappend(context->found.fields, field);
	}
	*argument = (Node *) fields;
}

static bool
assigned_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_OpExpr:
		case T_DistinctExpr:
			find_comparison(context, (OpExpr *) node);
			break;
		case T_FieldSelect:
			find_field(context, (FieldSelect *) node);
			break;
		case T_SubLink:
			find_fields(context, (SubLink *) node);
			return assigned_walker(((SubLink *) node)->testexpr, context);
		case T_Query:
			return false;
		default:
			break;
	}
	return expression_tree_walker(node, assigned_walker, context);
}

CgAssigned
cg_assigned_find(const Query *query, List *targets)
{
	AssignedContext context = {query, targets};
	ListCell   *lc;

	foreach(lc, targets)
	{
		TargetEntry *target = lfirst_node(TargetEntry, lc);
		Node	   *value = bare((Node *) target->expr);

		context.target = target;
		if (value && IsA(value, CoalesceExpr) && !target->resjunk)
		{
			Var		   *column = own_column(&context, llast(((CoalesceExpr *) value)->args), target->resno);

			if (column)
				context.found.kept = lappend(context.found.kept, column);
		}
		(void) assigned_walker((Node *) target->expr, &context);
	}
	return context.found;
}
