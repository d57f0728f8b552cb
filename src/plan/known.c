/*
 * known.c
 *		Kinds of nodes that the rewrite understands.
 *
 * The lists name the kinds that are allowed.  test/census compares them, and the fields of
 * the structs, with the headers of the server.
 */
#include "postgres.h"

#include "nodes/nodes.h"

#include "compat.h"
#include "plan/known.h"

pg_noreturn static void refuse_unknown(const char *what, int kind);

static void
refuse_unknown(const char *what, int kind)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("a statement with guarded columns has a form that is not supported"),
			 errdetail("The statement has a %s that contact_guard does not know (%d).", what, kind),
			 errhint("Leave it out, or use a version of contact_guard that was made for this server.")));
}

void
cg_known_require_query(const Query *query)
{
	ListCell   *lc;

	switch (query->commandType)
	{
		case CMD_SELECT:
		case CMD_INSERT:
		case CMD_UPDATE:
		case CMD_DELETE:
		case CMD_MERGE:
			break;
		default:
			refuse_unknown("kind of command", query->commandType);
	}
	foreach(lc, query->rtable)
	{
		switch ((int) lfirst_node(RangeTblEntry, lc)->rtekind)
		{
			case RTE_RELATION:
			case RTE_SUBQUERY:
			case RTE_JOIN:
			case RTE_FUNCTION:
			case RTE_TABLEFUNC:
			case RTE_VALUES:
			case RTE_CTE:
			case RTE_NAMEDTUPLESTORE:
			case RTE_RESULT:
			case RTE_GROUP:
				break;
			default:
				refuse_unknown("kind of range table entry", lfirst_node(RangeTblEntry, lc)->rtekind);
		}
	}
}

void
cg_known_require(const Node *node)
{
	switch ((int) nodeTag(node))
	{
			/* Expressions of a query that has been analysed and rewritten */
		case T_Var:
		case T_Const:
		case T_Param:
		case T_Aggref:
		case T_GroupingFunc:
		case T_WindowFunc:
		case T_SubscriptingRef:
		case T_FuncExpr:
		case T_NamedArgExpr:
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_BoolExpr:
		case T_SubLink:
		case T_FieldSelect:
		case T_FieldStore:
		case T_RelabelType:
		case T_CoerceViaIO:
		case T_ArrayCoerceExpr:
		case T_ConvertRowtypeExpr:
		case T_CollateExpr:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_CaseTestExpr:
		case T_ArrayExpr:
		case T_RowExpr:
		case T_RowCompareExpr:
		case T_CoalesceExpr:
		case T_MinMaxExpr:
		case T_SQLValueFunction:
		case T_XmlExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_CoerceToDomain:
		case T_CoerceToDomainValue:
		case T_SetToDefault:
		case T_CurrentOfExpr:
		case T_NextValueExpr:
		case T_InferenceElem:
		case T_JsonValueExpr:
		case T_JsonConstructorExpr:
		case T_JsonIsPredicate:
		case T_JsonExpr:
		case T_MergeSupportFunc:
		case T_ReturningExpr:
			/* Nodes that hold expressions */
		case T_List:
		case T_TargetEntry:
		case T_RangeTblRef:
		case T_JoinExpr:
		case T_FromExpr:
		case T_RangeTblFunction:
		case T_TableFunc:
		case T_SortGroupClause:
		case T_TableSampleClause:
		case T_WithCheckOption:
		case T_MergeAction:
		case T_JsonFormat:
		case T_JsonReturning:
		case T_JsonBehavior:
			break;
		default:
			refuse_unknown("kind of expression", nodeTag(node));
	}
}
