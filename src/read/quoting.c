/*
 * quoting.c
 *		Expressions over stored values that may fail when a row is written.
 *
 * CHECK (phone::bigint > 0) fails with "invalid input syntax for type bigint: …",
 * which quotes a value that the writer of another column has not set.  Such a
 * message is replaced, and so are the messages of the statement's own expressions,
 * which its author needs.  So this file finds out whether a definition can fail at all.
 * An expression that only compares, matches or measures cannot.  The functions that do
 * only that are listed; any other expression may quote a value.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/sysattr.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "rewrite/rowsecurity.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/reltrigger.h"

#include "compat.h"
#include "policy/policy.h"
#include "policy/policycache.h"
#include "read/quoting.h"

typedef struct Answer
{
	Oid			relid;			/* key */
	uint64		invalidations;	/* their number when the answer was found */
	bool		may;
} Answer;

static HTAB *answers = NULL;

static bool is_plain_function(Oid function);
static bool is_failing_operator(Oid function, void *context);
static bool may_fail(Node *node, void *context);
static bool concerns(const Bitmapset *guarded, Node *expression);
static bool may_quote(const Bitmapset *guarded, Node *expression);
static bool look_at_columns(Relation rel, const Bitmapset *guarded);
static bool look_at_indexes(Relation rel, const Bitmapset *guarded);
static bool look_at_relation(Oid relid);

/* A function that cannot fail on a value, or whose error does not quote the value. */
static bool
is_plain_function(Oid function)
{
	switch (function)
	{
		case F_LENGTH_TEXT:
		case F_LENGTH_BPCHAR:
		case F_CHAR_LENGTH_TEXT:
		case F_CHAR_LENGTH_BPCHAR:
		case F_CHARACTER_LENGTH_TEXT:
		case F_CHARACTER_LENGTH_BPCHAR:
		case F_OCTET_LENGTH_TEXT:
		case F_OCTET_LENGTH_BPCHAR:
		case F_LOWER_TEXT:
		case F_UPPER_TEXT:
		case F_BTRIM_TEXT:
		case F_LTRIM_TEXT:
		case F_RTRIM_TEXT:
		case F_TEXT_BPCHAR:
		case F_TEXTCAT:
		case F_SETWEIGHT_TSVECTOR_CHAR:
		case F_TO_TSVECTOR_REGCONFIG_TEXT:
		case F_TSVECTOR_CONCAT:
			return true;
		default:
			return false;
	}
}

/* Operators that compare or match cannot fail. */
static bool
is_failing_operator(Oid function, void *context)
{
	if (is_plain_function(function))
		return false;
	return function >= FirstNormalObjectId || get_func_rettype(function) != BOOLOID ||
		func_volatile(function) != PROVOLATILE_IMMUTABLE;
}

static bool
may_fail(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Var:
		case T_Const:
		case T_List:
		case T_OpExpr:
		case T_DistinctExpr:
		case T_ScalarArrayOpExpr:
		case T_FuncExpr:
		case T_BoolExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_RelabelType:
		case T_CollateExpr:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_CaseTestExpr:
		case T_CoalesceExpr:
		case T_ArrayExpr:
			break;
		default:
			return true;
	}
	if (IsA(node, FuncExpr) && !is_plain_function(((FuncExpr *) node)->funcid))
		return true;
	if (!IsA(node, FuncExpr) && check_functions_in_node(node, is_failing_operator, context))
		return true;
	return expression_tree_walker(node, may_fail, context);
}

/* guarded: as pull_varattnos() counts, with whole rows; NULL: every column is guarded. */
static bool
concerns(const Bitmapset *guarded, Node *expression)
{
	Bitmapset  *attnums = NULL;

	/* OLD and NEW of a trigger are variables 1 and 2. */
	pull_varattnos(expression, 1, &attnums);
	pull_varattnos(expression, 2, &attnums);
	return guarded ? bms_overlap(attnums, guarded) : !bms_is_empty(attnums);
}

static bool
may_quote(const Bitmapset *guarded, Node *expression)
{
	return expression && concerns(guarded, expression) && may_fail(expression, NULL);
}

static bool
look_at_columns(Relation rel, const Bitmapset *guarded)
{
	TupleConstr *constr = RelationGetDescr(rel)->constr;
	ListCell   *lc;

	for (int i = 0; constr && i < constr->num_check; i++)
		if (cg_compat_is_enforced(&constr->check[i]) && may_quote(guarded, stringToNode(constr->check[i].ccbin)))
			return true;
	for (int i = 0; constr && i < constr->num_defval; i++)
		if (TupleDescAttr(RelationGetDescr(rel), constr->defval[i].adnum - 1)->attgenerated != '\0' &&
			may_quote(guarded, stringToNode(constr->defval[i].adbin)))
			return true;
	for (int i = 0; rel->trigdesc && i < rel->trigdesc->numtriggers; i++)
		if (rel->trigdesc->triggers[i].tgqual && may_quote(guarded, stringToNode(rel->trigdesc->triggers[i].tgqual)))
			return true;
	foreach(lc, rel->rd_rsdesc ? rel->rd_rsdesc->policies : NIL)
	{
		RowSecurityPolicy *policy = lfirst(lc);

		if (may_quote(guarded, (Node *) policy->qual) ||
			may_quote(guarded, (Node *) policy->with_check_qual))
			return true;
	}
	return rel->rd_rel->relispartition && may_quote(guarded, (Node *) RelationGetPartitionQual(rel));
}

static bool
look_at_indexes(Relation rel, const Bitmapset *guarded)
{
	bool		result = false;
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(rel))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		result = result || may_quote(guarded, (Node *) RelationGetIndexExpressions(index)) ||
			may_quote(guarded, (Node *) RelationGetIndexPredicate(index));
		index_close(index, NoLock);
	}
	return result;
}

static bool
look_at_relation(Oid relid)
{
	Relation	rel = try_relation_open(relid, AccessShareLock);
	const CgPolicy *policy;
	Bitmapset  *guarded = NULL;
	bool		result;

	if (rel == NULL)
		return false;
	policy = cg_policy_get(relid);
	if (policy && !policy->hide)
	{
		guarded = bms_make_singleton(0 - FirstLowInvalidHeapAttributeNumber);
		for (int i = 0; i < policy->nguarded; i++)
			guarded = bms_add_member(guarded, policy->guarded[i].attnum - FirstLowInvalidHeapAttributeNumber);
	}
	result = policy && (look_at_columns(rel, guarded) || look_at_indexes(rel, guarded));
	relation_close(rel, NoLock);
	return result;
}

bool
cg_quoting_may_fail(Node *expression)
{
	return may_fail(expression, NULL);
}

bool
cg_quoting_may(Oid relid)
{
	uint64		before = cg_policycache_invalidations();
	HASHCTL		control = {
		.keysize = sizeof(Oid),
		.entrysize = sizeof(Answer),
	};
	Answer	   *answer;
	MemoryContext context;
	MemoryContext oldcontext;
	bool		may = false;
	bool		found;
	ListCell   *lc;

	if (answers == NULL)
		answers = hash_create("contact_guard quoting definitions", 16, &control, HASH_ELEM | HASH_BLOBS);
	answer = hash_search(answers, &relid, HASH_FIND, NULL);
	if (answer && answer->invalidations == before)
		return answer->may;
	context = AllocSetContextCreate(CurrentMemoryContext, "contact_guard quoting", ALLOCSET_SMALL_SIZES);
	oldcontext = MemoryContextSwitchTo(context);
	foreach(lc, get_rel_relkind(relid) == RELKIND_PARTITIONED_TABLE ?
		 find_all_inheritors(relid, NoLock, NULL) : list_make1_oid(relid))
		may = may || look_at_relation(lfirst_oid(lc));
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(context);
	answer = hash_search(answers, &relid, HASH_ENTER, &found);
	answer->may = may;
	answer->invalidations = before;
	return may;
}
