/*
 * harmless.c
 *		Conditions of which nothing but their result can leave.
 *
 * The lists name what is allowed, by OID.  pg_trgm has no fixed OIDs, and who may create a
 * schema can make functions of any name; the owner of an extension can make them members of
 * it.  So its functions are known by what only a superuser can make: a function in C that
 * is this symbol of this library.  Operators of any owner may call it.  But the planner may put
 * an operator's negator or commutator in its place, so these must be as harmless.
 *
 * A function gets a row's value as its first argument alone: patterns, flags and numbers of fields
 * can be invalid, and an error would tell what they are.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/transam.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "compat.h"
#include "plan/harmless.h"

#define TRIGRAM_LIBRARY "$libdir/pg_trgm"

static const Oid patterns[] = {
	F_TEXTLIKE, F_TEXTNLIKE, F_TEXTICLIKE, F_TEXTICNLIKE,
	F_TEXTREGEXEQ, F_TEXTREGEXNE, F_TEXTICREGEXEQ, F_TEXTICREGEXNE,
	F_NAMELIKE, F_NAMENLIKE, F_NAMEICLIKE, F_NAMEICNLIKE,
	F_NAMEREGEXEQ, F_NAMEREGEXNE, F_NAMEICREGEXEQ, F_NAMEICREGEXNE,
	F_BPCHARLIKE, F_BPCHARNLIKE, F_BPCHARICLIKE, F_BPCHARICNLIKE,
	F_BPCHARREGEXEQ, F_BPCHARREGEXNE, F_BPCHARICREGEXEQ, F_BPCHARICREGEXNE,
	F_STARTS_WITH
};

static const Oid values[] = {
	F_LOWER_TEXT, F_UPPER_TEXT, F_INITCAP, F_REPLACE, F_TRANSLATE,
	F_REGEXP_REPLACE_TEXT_TEXT_TEXT, F_REGEXP_REPLACE_TEXT_TEXT_TEXT_TEXT,
	F_BTRIM_TEXT, F_BTRIM_TEXT_TEXT, F_LTRIM_TEXT, F_LTRIM_TEXT_TEXT, F_RTRIM_TEXT, F_RTRIM_TEXT_TEXT,
	F_LEFT, F_RIGHT, F_SUBSTR_TEXT_INT4, F_SUBSTR_TEXT_INT4_INT4,
	F_SUBSTRING_TEXT_INT4, F_SUBSTRING_TEXT_INT4_INT4, F_SPLIT_PART, F_STRPOS,
	F_LENGTH_TEXT, F_CHAR_LENGTH_TEXT, F_CHARACTER_LENGTH_TEXT, F_TEXT_BPCHAR, F_TEXT_NAME
};

/* They fail for want of memory alone. */
static const Oid never_fail[] = {F_TEXTCAT, F_LOWER_TEXT, F_UPPER_TEXT};

static const char *const trigrams[] = {
	"similarity", "similarity_op", "word_similarity", "word_similarity_op",
	"word_similarity_commutator_op", "strict_word_similarity", "strict_word_similarity_op",
	"strict_word_similarity_commutator_op"
};

static bool has_oid(Oid oid, const Oid *list, int n);
static bool is_trigram(Oid function);
static bool is_trigram_operator(Oid opno);
static bool rowless_walk(Node *node, void *context);
static bool is_column(const Var *var, CgHarmless *found);
static bool are_harmless(List *nodes, CgHarmless *found);
static bool is_call(Oid function, List *args, CgHarmless *found);
static bool is_comparison_node(Oid opno, List *args, CgHarmless *found);
static bool is_any(const ScalarArrayOpExpr *any, CgHarmless *found);
static bool is_harmless(Node *node, CgHarmless *found);

static bool
has_oid(Oid oid, const Oid *list, int n)
{
	for (int i = 0; i < n; i++)
		if (list[i] == oid)
			return true;
	return false;
}

bool
cg_harmless_is_plain_type(Oid type)
{
	type = getBaseType(type);
	return type < FirstGenbkiObjectId && get_typtype(type) == TYPTYPE_BASE &&
		!OidIsValid(get_element_type(type));
}

bool
cg_harmless_is_comparison(Oid opno)
{
	ListCell   *lc;

	if (opno >= FirstGenbkiObjectId)
		return false;
	foreach(lc, get_op_index_interpretation(opno))
	{
		int			strategy = cg_compat_strategy((OpIndexInterpretation *) lfirst(lc));

		if (strategy >= BTLessStrategyNumber && strategy <= ROWCOMPARE_NE)
			return true;
	}
	return false;
}

static bool
is_trigram(Oid function)
{
	HeapTuple	tuple;
	Form_pg_proc form;
	Datum		symbol;
	Datum		library;
	bool		no_symbol;
	bool		no_library;
	bool		no_settings;
	bool		result = false;

	if (function < FirstNormalObjectId)
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	symbol = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &no_symbol);
	library = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_probin, &no_library);
	(void) SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proconfig, &no_settings);
	if (form->prolang == ClanguageId && form->prokind == PROKIND_FUNCTION && !form->prosecdef && no_settings &&
		!no_symbol && !no_library && strcmp(TextDatumGetCString(library), TRIGRAM_LIBRARY) == 0)
	{
		char	   *name = TextDatumGetCString(symbol);

		for (int i = 0; i < lengthof(trigrams); i++)
			result = result || strcmp(name, trigrams[i]) == 0;
	}
	ReleaseSysCache(tuple);
	return result;
}

static bool
is_trigram_operator(Oid opno)
{
	Oid			negator = get_negator(opno);
	Oid			commutator = get_commutator(opno);

	return is_trigram(get_opcode(opno)) &&
		(!OidIsValid(negator) || is_trigram(get_opcode(negator))) &&
		(!OidIsValid(commutator) || is_trigram(get_opcode(commutator)));
}

static bool
rowless_walk(Node *node, void *context)
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
			return expression_tree_walker(node, rowless_walk, context);
	}
}

bool
cg_harmless_is_rowless(Node *node)
{
	return !rowless_walk(node, NULL) && !contain_volatile_functions(node);
}

bool
cg_harmless_never_fails(const Node *node)
{
	if (IsA(node, OpExpr))
		return ((const OpExpr *) node)->opno < FirstGenbkiObjectId &&
			has_oid(get_opcode(((const OpExpr *) node)->opno), never_fail, lengthof(never_fail));
	return IsA(node, FuncExpr) && has_oid(((const FuncExpr *) node)->funcid, never_fail, lengthof(never_fail));
}

static bool
is_column(const Var *var, CgHarmless *found)
{
	if (var->varlevelsup > 0 || var->varattno <= 0 || (found->rti != 0 && found->rti != var->varno))
		return false;
	found->rti = var->varno;
	found->columns = bms_add_member(found->columns, var->varattno);
	return true;
}

static bool
are_harmless(List *nodes, CgHarmless *found)
{
	ListCell   *lc;

	foreach(lc, nodes)
		if (!is_harmless(lfirst(lc), found))
			return false;
	return true;
}

bool
cg_harmless_are_plain(List *args)
{
	ListCell   *lc;

	foreach(lc, args)
		if (!cg_harmless_is_plain_type(exprType(lfirst(lc))))
			return false;
	return true;
}

/* A call whose result is a value, or true or false. */
static bool
is_call(Oid function, List *args, CgHarmless *found)
{
	/* These do not fail for any value. */
	if (function == F_TEXTCAT || is_trigram(function))
		return are_harmless(args, found);
	if (!has_oid(function, patterns, lengthof(patterns)) && !has_oid(function, values, lengthof(values)))
		return false;
	for (int i = 1; i < list_length(args); i++)
		if (!cg_harmless_is_rowless(list_nth(args, i)))
			return false;
	return is_harmless(linitial(args), found);
}

static bool
is_comparison_node(Oid opno, List *args, CgHarmless *found)
{
	if (cg_harmless_is_comparison(opno))
		return cg_harmless_are_plain(args) && are_harmless(args, found);
	return (opno < FirstGenbkiObjectId || is_trigram_operator(opno)) && is_call(get_opcode(opno), args, found);
}

/* The array comes from the query, or has such elements. */
static bool
is_any(const ScalarArrayOpExpr *any, CgHarmless *found)
{
	Node	   *array = lsecond(any->args);

	if (!cg_harmless_is_plain_type(exprType(linitial(any->args))) ||
		!cg_harmless_is_plain_type(get_element_type(exprType(array))) || !is_harmless(linitial(any->args), found))
		return false;
	if (!cg_harmless_is_rowless(array))
		return false;
	return cg_harmless_is_comparison(any->opno) ||
		(any->opno < FirstGenbkiObjectId && has_oid(get_opcode(any->opno), patterns, lengthof(patterns)));
}

static bool
is_harmless(Node *node, CgHarmless *found)
{
	/* It is computed without a row: rowless.c asks whether it can fail. */
	if (cg_harmless_is_rowless(node))
		return true;
	switch (nodeTag(node))
	{
		case T_Var:
			return is_column((Var *) node, found);
		case T_RelabelType:
			return is_harmless((Node *) ((RelabelType *) node)->arg, found);
		case T_CollateExpr:
			return is_harmless((Node *) ((CollateExpr *) node)->arg, found);
		case T_BoolExpr:
			return are_harmless(((BoolExpr *) node)->args, found);
		case T_NullTest:
			return !((NullTest *) node)->argisrow && is_harmless((Node *) ((NullTest *) node)->arg, found);
		case T_BooleanTest:
			return is_harmless((Node *) ((BooleanTest *) node)->arg, found);
		case T_CoalesceExpr:
			return are_harmless(((CoalesceExpr *) node)->args, found);
		case T_FuncExpr:
			return is_call(((FuncExpr *) node)->funcid, ((FuncExpr *) node)->args, found);
		case T_OpExpr:
		case T_DistinctExpr:	/* the same struct */
			found->compares = true;
			return is_comparison_node(((OpExpr *) node)->opno, ((OpExpr *) node)->args, found);
		case T_ScalarArrayOpExpr:
			found->compares = true;
			return is_any((ScalarArrayOpExpr *) node, found);
		default:
			return false;
	}
}

bool
cg_harmless_condition(Node *node, CgHarmless *found)
{
	return is_harmless(node, found) && found->rti != 0;
}
