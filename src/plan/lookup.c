/*
 * lookup.c
 *		Look-ups by actors with a standing permission: "which customer is calling?"
 *
 * A comparison becomes a security qual of its relation, followed by found(), which makes
 * the record.  So PostgreSQL applies the comparison before a user's function can tell
 * anything about the row, and applies found() only to rows that the comparison accepts.
 *
 * Each relation has only one comparison.  If there were two, the second would tell
 * something about a row that the first has found, before found() has recorded it.
 * Comparisons are allowed with built-in operators that have their btree meaning, and with
 * LIKE and a valid pattern: this code can only compare.  They are allowed only in the
 * WHERE of a SELECT, for a relation that no outer join can extend with nulls: there a
 * condition on the relation is equal to the same condition on the join.  All other
 * comparisons use reveal(), and are correct, but slow.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "access/transam.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/site.h"
#include "compat.h"
#include "plan/calls.h"
#include "plan/lookup.h"
#include "policy/planassume.h"
#include "policy/policy.h"
#include "policy/rtemark.h"

static void add_inner(Node *node, Bitmapset **inner);
static Var *compared_column(Node *node);
static Var *bare_column(Node *node);
static bool is_plain_type(Oid type);
static bool is_plain_operator(Oid opno);
static bool is_good_pattern(Oid opno, Node *pattern);
static bool row_walker(Node *node, void *context);
static bool could_look_up(Query *query, const Bitmapset *inner, const Var *column);
static Var *looked_up(Query *query, Node *condition);
static int	rank(const Node *comparison);
static List *choose(Query *query, List *conditions);

/* Adds the relations that no outer join extends with nulls. */
static void
add_inner(Node *node, Bitmapset **inner)
{
	ListCell   *lc;

	if (IsA(node, RangeTblRef))
		*inner = bms_add_member(*inner, ((RangeTblRef *) node)->rtindex);
	else if (IsA(node, FromExpr))
	{
		foreach(lc, ((FromExpr *) node)->fromlist)
			add_inner(lfirst(lc), inner);
	}
	else if (IsA(node, JoinExpr))
	{
		JoinExpr   *join = (JoinExpr *) node;

		if (join->jointype == JOIN_INNER || join->jointype == JOIN_LEFT)
			add_inner(join->larg, inner);
		if (join->jointype == JOIN_INNER || join->jointype == JOIN_RIGHT)
			add_inner(join->rarg, inner);
	}
}

/* Are the type's comparisons built in, with those of its elements? */
static bool
is_plain_type(Oid type)
{
	type = getBaseType(type);
	return type < FirstGenbkiObjectId && get_typtype(type) == TYPTYPE_BASE &&
		!OidIsValid(get_element_type(type));
}

static bool
is_plain_operator(Oid opno)
{
	ListCell   *lc;

	if (opno >= FirstGenbkiObjectId)
		return false;
	foreach(lc, get_op_index_interpretation(opno))
	{
		int			strategy = cg_compat_strategy((OpIndexInterpretation *) lfirst(lc));

		if (strategy >= BTLessStrategyNumber && strategy <= BTGreaterStrategyNumber)
			return true;
	}
	return false;
}

/* LIKE throws for an escape at the end of a pattern, but only for values that match so far. */
static bool
is_good_pattern(Oid opno, Node *pattern)
{
	char	   *like;
	int			escapes = 0;

	if ((opno != OID_TEXT_LIKE_OP && opno != OID_BPCHAR_LIKE_OP) || !IsA(pattern, Const) ||
		((Const *) pattern)->constisnull || ((Const *) pattern)->consttype != TEXTOID)
		return false;
	like = TextDatumGetCString(((Const *) pattern)->constvalue);
	for (size_t length = strlen(like); length > 0 && like[length - 1] == '\\'; length--)
		escapes++;
	return escapes % 2 == 0;
}

static Var *
bare_column(Node *node)
{
	while (IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	if (!IsA(node, Var) || ((Var *) node)->varlevelsup > 0 || ((Var *) node)->varattno <= 0)
		return NULL;
	return (Var *) node;
}

/* Does the expression depend on a row or a subquery? */
static bool
row_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Param:
			return ((Param *) node)->paramkind != PARAM_EXTERN;
		case T_Var:
		case T_SubLink:
		case T_Query:
		case T_Aggref:
		case T_GroupingFunc:
		case T_WindowFunc:
		case T_CurrentOfExpr:
			return true;
		default:
			return expression_tree_walker(node, row_walker, context);
	}
}

/* The column in: column op expression, expression op column, column = ANY (expression) */
static Var *
compared_column(Node *node)
{
	List	   *args;
	Oid			opno;
	Var		   *column;
	Node	   *other;

	if (IsA(node, OpExpr))
	{
		args = ((OpExpr *) node)->args;
		opno = ((OpExpr *) node)->opno;
	}
	else if (IsA(node, ScalarArrayOpExpr) && ((ScalarArrayOpExpr *) node)->useOr)
	{
		args = ((ScalarArrayOpExpr *) node)->args;
		opno = ((ScalarArrayOpExpr *) node)->opno;
	}
	else
		return NULL;
	if (list_length(args) != 2 ||
		!(is_plain_operator(opno) || (IsA(node, OpExpr) && is_good_pattern(opno, lsecond(args)))))
		return NULL;
	column = bare_column(linitial(args));
	other = lsecond(args);
	if (column == NULL && IsA(node, OpExpr))
	{
		column = bare_column(lsecond(args));
		other = linitial(args);
	}
	if (column == NULL || !is_plain_type(column->vartype) ||
		row_walker(other, NULL) || contain_volatile_functions(other))
		return NULL;
	return column;
}

static bool
could_look_up(Query *query, const Bitmapset *inner, const Var *column)
{
	RangeTblEntry *rte = rt_fetch(column->varno, query->rtable);
	const CgPolicy *policy;

	if (!bms_is_member(column->varno, inner) || rte->rtekind != RTE_RELATION)
		return false;
	policy = cg_policy_get(rte->relid);
	return policy && !policy->broken && cg_policy_column(policy, column->varattno);
}

/* The column that a condition of the query's WHERE looks up, or NULL. */
static Var *
looked_up(Query *query, Node *condition)
{
	Var		   *column = compared_column(condition);
	Bitmapset  *inner = NULL;

	if (column == NULL)
		return NULL;
	add_inner((Node *) query->jointree, &inner);
	return could_look_up(query, inner, column) ? column : NULL;
}

bool
cg_lookup_present(Query *query)
{
	ListCell   *lc;

	if (query->commandType != CMD_SELECT || query->jointree->quals == NULL)
		return false;
	foreach(lc, make_ands_implicit((Expr *) query->jointree->quals))
		if (looked_up(query, lfirst(lc)))
			return true;
	return false;
}

/* Comparisons that are likely to find fewer rows have a lower rank. */
static int
rank(const Node *comparison)
{
	List	   *interpretations;

	if (IsA(comparison, ScalarArrayOpExpr))
		return 1;
	interpretations = get_op_index_interpretation(((const OpExpr *) comparison)->opno);
	if (interpretations != NIL &&
		cg_compat_strategy((OpIndexInterpretation *) linitial(interpretations)) == BTEqualStrategyNumber)
		return 0;
	return interpretations == NIL ? 2 : 3;
}

/* The best comparison of each relation, as CgLookup. */
static List *
choose(Query *query, List *conditions)
{
	List	   *lookups = NIL;
	ListCell   *lc;

	foreach(lc, conditions)
	{
		Var		   *column = looked_up(query, lfirst(lc));
		CgLookup   *lookup = NULL;
		ListCell   *other;

		if (column == NULL || !cg_planassume_permitted(rt_fetch(column->varno, query->rtable)->relid))
			continue;
		foreach(other, lookups)
			if (((CgLookup *) lfirst(other))->rti == column->varno)
				lookup = lfirst(other);
		if (lookup == NULL)
		{
			lookup = palloc0(sizeof(CgLookup));
			lookup->rti = column->varno;
			lookups = lappend(lookups, lookup);
		}
		else if (rank(lookup->comparison) <= rank(lfirst(lc)))
			continue;
		lookup->comparison = lfirst(lc);
		lookup->attnum = column->varattno;
	}
	return lookups;
}

List *
cg_lookup_take(Query *query)
{
	List	   *conditions = make_ands_implicit((Expr *) query->jointree->quals);
	List	   *lookups = choose(query, conditions);
	ListCell   *lc;

	foreach(lc, lookups)
		conditions = list_delete_ptr(conditions, ((CgLookup *) lfirst(lc))->comparison);
	if (lookups != NIL)
		query->jointree->quals = conditions == NIL ? NULL : (Node *) make_ands_explicit(conditions);
	return lookups;
}

void
cg_lookup_put(Query *query, List *lookups, bool eager)
{
	ListCell   *lc;

	foreach(lc, lookups)
	{
		CgLookup   *lookup = lfirst(lc);
		RangeTblEntry *rte = rt_fetch(lookup->rti, query->rtable);
		const CgPolicy *policy = cg_policy_get(rte->relid);
		CgSite		site = {rte->relid, lookup->attnum, eager ? CG_SITE_EAGER : 0};
		Var		   *key = makeVar(lookup->rti, policy->customer, InvalidOid, -1, InvalidOid, 0);

		get_atttypetypmodcoll(rte->relid, key->varattno,
							  &key->vartype, &key->vartypmod, &key->varcollid);
		rte->securityQuals = lappend(rte->securityQuals, lookup->comparison);
		rte->securityQuals = lappend(rte->securityQuals, cg_calls_test("found", key, site));
		cg_rtemark_set(rte, CG_ASSUMED_PERMITTED, list_make1_int(lookup->attnum), NIL);
	}
}
