/*
 * parsed.c
 *		SQL functions whose body is a text that is parsed when they are called.
 *
 * The text must be one SELECT without FROM, of kinds of nodes that are listed here, in
 * which functions, operators and types are qualified with pg_catalog.  The grammar
 * qualifies the names that it makes itself, except the operators of IN, LIKE, BETWEEN and
 * similar syntax, which are looked up with the search_path.  The text must not have
 * another meaning with other settings, either: it must be the same with and without
 * standard_conforming_strings, and must have no constant whose input function is not
 * IMMUTABLE (DateStyle).
 *
 * The text is then analysed as PostgreSQL does when it is called, with the types that the
 * arguments have in the call: casts of these are found by type, not by name.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/functions.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "policy/parsed.h"
#include "policy/prints.h"

static bool is_catalogs(List *names);
static bool is_bare(const SelectStmt *select);
static bool elsewhere_walker(Node *node, void *context);
static bool swayed_constant_walker(Node *node, void *context);
static bool depends_on_call(Form_pg_proc form);
static bool has_actual_types(Form_pg_proc form, Node *call);
static List *parse(char *source);
static Node *analyze(HeapTuple tuple, char *source, List *raw, Node *call);

static bool
is_catalogs(List *names)
{
	return list_length(names) == 2 && strcmp(strVal(linitial(names)), "pg_catalog") == 0;
}

/* Is it only SELECT with a list of results? */
static bool
is_bare(const SelectStmt *select)
{
	return select->distinctClause == NIL && select->intoClause == NULL && select->fromClause == NIL &&
		select->whereClause == NULL && select->groupClause == NIL && select->havingClause == NULL &&
		select->windowClause == NIL && select->valuesLists == NIL && select->sortClause == NIL &&
		select->limitOffset == NULL && select->limitCount == NULL && select->lockingClause == NIL &&
		select->withClause == NULL && select->op == SETOP_NONE;
}

/* Is there a name that may be found in another schema, or a node that is not listed? */
static bool
elsewhere_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_List:
		case T_ResTarget:
		case T_ParamRef:
		case T_A_Const:
		case T_BoolExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_CoalesceExpr:
		case T_CaseWhen:
		case T_A_ArrayExpr:
		case T_A_Indirection:
		case T_A_Indices:
		case T_TypeCast:
			break;
			/* Without FROM it is an argument.  A name after a dot may be a function. */
		case T_ColumnRef:
			if (list_length(((ColumnRef *) node)->fields) != 1 || !IsA(linitial(((ColumnRef *) node)->fields), String))
				return true;
			break;
		case T_SelectStmt:
			if (!is_bare((SelectStmt *) node))
				return true;
			break;
			/* CASE x WHEN compares with an unqualified "=". */
		case T_CaseExpr:
			if (((CaseExpr *) node)->arg != NULL)
				return true;
			break;
		case T_A_Expr:
			if (((A_Expr *) node)->kind != AEXPR_OP || !is_catalogs(((A_Expr *) node)->name))
				return true;
			break;
		case T_FuncCall:
			if (!is_catalogs(((FuncCall *) node)->funcname) || ((FuncCall *) node)->over != NULL ||
				((FuncCall *) node)->agg_order != NIL || ((FuncCall *) node)->agg_filter != NULL)
				return true;
			break;
		case T_TypeName:
			if (!is_catalogs(((TypeName *) node)->names) || ((TypeName *) node)->pct_type)
				return true;
			break;
		default:
			return true;
	}
	return raw_expression_tree_walker(node, elsewhere_walker, context);
}

static bool
swayed_constant_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, swayed_constant_walker, context, 0);
	if (IsA(node, Const))
	{
		Oid			input;
		Oid			ioparam;

		getTypeInputInfo(((Const *) node)->consttype, &input, &ioparam);
		return func_volatile(input) != PROVOLATILE_IMMUTABLE;
	}
	return expression_tree_walker(node, swayed_constant_walker, context);
}

static bool
depends_on_call(Form_pg_proc form)
{
	for (int i = 0; i < form->pronargs; i++)
		if (get_typtype(form->proargtypes.values[i]) == TYPTYPE_PSEUDO)
			return true;
	return get_typtype(form->prorettype) == TYPTYPE_PSEUDO;
}

static bool
has_actual_types(Form_pg_proc form, Node *call)
{
	for (int i = 0; i < form->pronargs; i++)
	{
		Oid			type = get_call_expr_argtype(call, i);

		if (!OidIsValid(type) || get_typtype(type) == TYPTYPE_PSEUDO)
			return false;
	}
	return true;
}

/* NIL if the text has another meaning with the other standard_conforming_strings. */
static List *
parse(char *source)
{
	bool		standard = standard_conforming_strings;
	List	   *raw = pg_parse_query(source);
	List	   *other = raw;

	if (strchr(source, '\\') == NULL)
		return raw;
	standard_conforming_strings = !standard;
	PG_TRY();
	{
		other = pg_parse_query(source);
	}
	PG_FINALLY();
	{
		standard_conforming_strings = standard;
	}
	PG_END_TRY();
	return equal(raw, other) ? raw : NIL;
}

/* As init_sql_fcache() does. */
static Node *
analyze(HeapTuple tuple, char *source, List *raw, Node *call)
{
	SQLFunctionParseInfoPtr info = prepare_sql_fn_parse_info(tuple, call, InvalidOid);

	return (Node *) pg_analyze_and_rewrite_withcb(linitial_node(RawStmt, raw), source,
												  (ParserSetupHook) sql_fn_parser_setup, info, NULL);
}

bool
cg_parsed_differs(Oid function, Node *call)
{
	HeapTuple	tuple;
	bool		result;

	if (function >= FirstNormalObjectId || call == NULL)
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return false;
	result = ((Form_pg_proc) GETSTRUCT(tuple))->prolang == SQLlanguageId &&
		heap_attisnull(tuple, Anum_pg_proc_prosqlbody, NULL);
	ReleaseSysCache(tuple);
	return result;
}

bool
cg_parsed_judge(HeapTuple tuple, Node *call, CgCallees *callees)
{
	Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);
	bool		builtin = form->oid < FirstNormalObjectId;
	bool		depends = depends_on_call(form);
	Oid			outer = callees->body;
	const Bitmapset *values = callees->values;
	bool		isnull;
	char	   *source;
	List	   *raw;
	Node	   *body;

	if (form->prolang != SQLlanguageId || (depends && !builtin) || !(builtin || superuser_arg(form->proowner)))
		return false;
	source = TextDatumGetCString(SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull));
	raw = parse(source);
	if (list_length(raw) != 1 || elsewhere_walker(linitial_node(RawStmt, raw)->stmt, NULL))
		return false;
	if (depends && call == NULL)
		return callees->running;
	if (depends && !has_actual_types(form, call))
		return false;
	body = analyze(tuple, source, raw, depends ? call : NULL);
	if (swayed_constant_walker(body, NULL))
		return false;
	if (callees->prints_wanted)
		callees->prints = cg_prints_append(callees->prints, psprintf("f %u\nmeans %s", form->oid, nodeToString(body)));
	/* The variables of a body are not those of the expression. */
	callees->values = NULL;
	callees->body = form->oid;
	cg_callees_of_expression(body, callees);
	callees->body = outer;
	callees->values = values;
	return true;
}
