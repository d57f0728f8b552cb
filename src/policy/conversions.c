/*
 * conversions.c
 *		Functions that an expression calls by way of the types of its values.
 *
 * PostgreSQL calls the checks of a domain where it makes a value of the domain: in a cast,
 * in the input of a composite type or an array that contains it, and in built-in functions
 * that return the type which their caller wants, such as json_populate_record().  Functions
 * that make JSON call a cast of their argument's type, which any owner of a type may create.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "nodes/primnodes.h"
#include "utils/palloc.h"

#include "compat.h"
#include "policy/callees.h"
#include "policy/conversions.h"

static void judge_types(const List *types, CgCallees *callees);
static void judge_arguments(Oid function, const List *arguments, CgCallees *callees);
static void judge_leaving(Node *value, CgCallees *callees);

bool
cg_conversions_judge(Node *node, CgCallees *callees)
{
	ListCell   *lc;

	switch ((int) nodeTag(node))
	{
		case T_FuncExpr:
			judge_arguments(((FuncExpr *) node)->funcid, ((FuncExpr *) node)->args, callees);
			cg_callees_of_type(exprType(node), callees);
			break;
		case T_WindowFunc:
			judge_arguments(((WindowFunc *) node)->winfnoid, ((WindowFunc *) node)->args, callees);
			break;
		case T_Aggref:
			foreach(lc, ((Aggref *) node)->args)
				judge_arguments(((Aggref *) node)->aggfnoid,
								list_make1(lfirst_node(TargetEntry, lc)->expr), callees);
			break;
		case T_CoerceToDomain:
		case T_CoerceViaIO:
			cg_callees_of_type(exprType(node), callees);
			break;
		case T_JsonExpr:
		case T_JsonConstructorExpr:
			cg_callees_of_type(cg_compat_json_type(node), callees);
			foreach(lc, cg_compat_json_values(node))
				judge_leaving(lfirst(lc), callees);
			break;
		case T_JsonBehavior:
			break;
		case T_RangeTblFunction:
			judge_types(((RangeTblFunction *) node)->funccoltypes, callees);
			break;
		case T_TableFunc:
			judge_types(((TableFunc *) node)->coltypes, callees);
			break;
		default:
			return false;
	}
	return true;
}

static void
judge_types(const List *types, CgCallees *callees)
{
	ListCell   *lc;

	foreach(lc, types)
		cg_callees_of_type(lfirst_oid(lc), callees);
}

/* Functions that users have made count themselves, if they are not in C. */
static void
judge_arguments(Oid function, const List *arguments, CgCallees *callees)
{
	ListCell   *lc;

	if (function >= FirstNormalObjectId)
		return;
	foreach(lc, arguments)
		judge_leaving(lfirst(lc), callees);
}

static void
judge_leaving(Node *value, CgCallees *callees)
{
	Oid			type = exprType(value);
	List	   *seen = callees->seen_types;

	/* The columns of such a row are not known here. */
	if (type == RECORDOID && IsA(value, Var) && callees->unknown == NULL)
		callees->unknown = pstrdup("a row of a query");
	if (type < FirstNormalObjectId)
		return;
	callees->seen_types = NIL;
	callees->leaving = true;
	cg_callees_of_type(type, callees);
	callees->leaving = false;
	callees->seen_types = seen;
}

List *
cg_conversions_find(Node *node, bool (*refuses) (Oid function), bool *unknown)
{
	CgCallees	callees = {.may_read = true, .refuses = refuses};

	cg_callees_of_expression(node, &callees);
	*unknown = callees.unknown != NULL;
	return callees.refused;
}
