/*
 * unswayed.c
 *		Expressions whose result no setting of a session can change.
 *
 * The mark IMMUTABLE does not say so.  The output of bytea and of floating point numbers,
 * quote_ident() and AT TIME ZONE 'EST' have it and obey settings, and an XML expression
 * has no function that could have it.  So what is known to be independent is named here;
 * a question for windows that has anything else is asked with pinned settings (ask.c).
 * swayed.c has the opposite question: there, what is not known is refused.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "policy/swayed.h"
#include "policy/unswayed.h"

/* Besides comparisons, which btree operator families of PostgreSQL's own name. */
static const Oid known[] = {
	F_TEXTLIKE, F_TEXTNLIKE, F_TEXTICLIKE, F_TEXTICNLIKE, F_TEXTREGEXEQ, F_TEXTICREGEXEQ, F_TEXTCAT,
	F_LOWER_TEXT, F_UPPER_TEXT, F_BTRIM_TEXT, F_TEXT_NAME, F_TEXT_BPCHAR, F_NAME_TEXT,
	F_INT8_INT4, F_INT8_INT2, F_INT4_INT8, F_INT4_INT2, F_INT2_INT4, F_INT2_INT8,
	F_TIMESTAMP_DATE, F_DATE_PLI
};

/* What a walk may meet. */
typedef struct Unswayed
{
	bool		queries;
} Unswayed;

static bool is_plain_value(Oid type);
static bool is_comparison(Oid op);
static bool is_known_safe(Oid function);
static bool is_full_zone(Node *zone);
static bool has_plain_rows(const RangeTblEntry *rte);
static bool is_unswayed_call(Node *node);
static bool unswayed_walker(Node *node, void *context);

/* Do comparisons of its values call nothing that a user has made?  Those of rows do. */
static bool
is_plain_value(Oid type)
{
	Oid			element = get_element_type(type);
	Oid			base = getBaseType(OidIsValid(element) ? element : type);

	return (base < FirstNormalObjectId && base != RECORDOID && base != RECORDARRAYOID &&
			get_typtype(base) == TYPTYPE_BASE) || type_is_enum(base);
}

/* =, <>, < and so on: they compare values, and print none. */
static bool
is_comparison(Oid op)
{
	ListCell   *lc;

	if (op >= FirstNormalObjectId || op_volatile(op) != PROVOLATILE_IMMUTABLE)
		return false;
	foreach(lc, get_op_index_interpretation(op))
		if (((OpIndexInterpretation *) lfirst(lc))->opfamily_id < FirstNormalObjectId)
			return true;
	return false;
}

static bool
is_known_safe(Oid function)
{
	for (int i = 0; i < lengthof(known); i++)
		if (known[i] == function)
			return true;
	return false;
}

/* A name with a slash is in no list of abbreviations, which timezone_abbreviations chooses. */
static bool
is_full_zone(Node *zone)
{
	return IsA(zone, Const) && !((Const *) zone)->constisnull && ((Const *) zone)->consttype == TEXTOID &&
		strchr(TextDatumGetCString(((Const *) zone)->constvalue), '/') != NULL;
}

static bool
is_unswayed_call(Node *node)
{
	Oid			output;
	bool		varlena;

	switch (nodeTag(node))
	{
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
			set_opfuncid((OpExpr *) node);
			return is_comparison(((OpExpr *) node)->opno) || is_known_safe(((OpExpr *) node)->opfuncid);
		case T_ScalarArrayOpExpr:
			set_sa_opfuncid((ScalarArrayOpExpr *) node);
			return is_comparison(((ScalarArrayOpExpr *) node)->opno) || is_known_safe(((ScalarArrayOpExpr *) node)->opfuncid);
		case T_FuncExpr:
			return is_known_safe(((FuncExpr *) node)->funcid) ||
				(((FuncExpr *) node)->funcid == F_TIMEZONE_TEXT_TIMESTAMP && is_full_zone(linitial(((FuncExpr *) node)->args)));
		case T_CoerceViaIO:
			getTypeOutputInfo(exprType((Node *) ((CoerceViaIO *) node)->arg), &output, &varlena);
			return cg_swayed_prints_plainly(output) &&
				(((CoerceViaIO *) node)->resulttype == TEXTOID || ((CoerceViaIO *) node)->resulttype == VARCHAROID);
		default:
			return false;
	}
}

/*
 * Are its rows read as they are stored?  A wrapper makes those of a foreign table, perhaps
 * from texts, and a partition or a child may be one.
 */
static bool
has_plain_rows(const RangeTblEntry *rte)
{
	switch (rte->rtekind)
	{
		case RTE_SUBQUERY:
		case RTE_JOIN:
			return true;
		case RTE_RELATION:
			return rte->tablesample == NULL &&
				(rte->relkind == RELKIND_VIEW || rte->relkind == RELKIND_MATVIEW ||
				 (rte->relkind == RELKIND_RELATION && !has_subclass(rte->relid)));
		default:
			return false;
	}
}

static bool
unswayed_walker(Node *node, void *context)
{
	const Unswayed *walk = context;

	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_List:
		case T_CaseWhen:
			return expression_tree_walker(node, unswayed_walker, context);
		case T_Query:
			/* A choice among rows is the plan's, which settings decide. */
			if (((Query *) node)->hasDistinctOn || ((Query *) node)->limitCount != NULL)
				return true;
			return !walk->queries || query_tree_walker((Query *) node, unswayed_walker, context, QTW_EXAMINE_RTES_BEFORE);
		case T_RangeTblEntry:
			return !has_plain_rows((RangeTblEntry *) node);
		case T_FromExpr:
		case T_JoinExpr:
		case T_RangeTblRef:
		case T_TargetEntry:
		case T_SetOperationStmt:
		case T_SubLink:
			return !walk->queries || expression_tree_walker(node, unswayed_walker, context);
		case T_Var:
			if (!walk->queries && (((Var *) node)->varno != 1 || ((Var *) node)->varlevelsup != 0))
				return true;
			break;
		case T_Param:
			if (((Param *) node)->paramkind != PARAM_EXTERN)
				return true;
			break;
		case T_NullTest:
			if (((NullTest *) node)->argisrow)
				return true;
			break;
		case T_Const:
		case T_BoolExpr:
		case T_BooleanTest:
		case T_RelabelType:
		case T_CaseExpr:
		case T_CaseTestExpr:
		case T_CoalesceExpr:
		case T_CollateExpr:
			break;
		default:
			if (!is_unswayed_call(node))
				return true;
			break;
	}
	return !is_plain_value(exprType(node)) || expression_tree_walker(node, unswayed_walker, context);
}

bool
cg_unswayed_is(Node *expression)
{
	Unswayed	walk = {false};

	return !unswayed_walker(expression, &walk);
}

bool
cg_unswayed_is_query(Node *queries)
{
	Unswayed	walk = {true};

	return !unswayed_walker(queries, &walk);
}
