/*
 * touches.c
 *		Does an expression over a relation refer to guarded columns?
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_inherits.h"
#include "nodes/bitmapset.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"

#include "policy/policy.h"
#include "policy/touches.h"

static bool counts(Oid guarded, Oid relid, AttrNumber attnum);
static bool any_counts(const List *guarded, Oid relid, Bitmapset *attnums);
static Bitmapset *columns_of_expression(Node *expression);
static bool raw_walker(Node *node, void *context);

/* Does the policy of "guarded" guard a column of "relid", which is its ancestor or child? */
static bool
counts(Oid guarded, Oid relid, AttrNumber attnum)
{
	const CgPolicy *policy = cg_policy_get(guarded);

	if (policy == NULL)
		return false;
	/* System columns tell where and when a row was stored, but no value of it. */
	if (policy->hide || policy->broken || attnum == InvalidAttrNumber)
		return true;
	if (attnum < 0)
		return false;
	if (guarded != relid)
	{
		char	   *name = get_attname(relid, attnum, true);

		/* That relation may not have the column any more. */
		attnum = name ? get_attnum(guarded, name) : InvalidAttrNumber;
		if (attnum == InvalidAttrNumber)
			return false;
		policy = cg_policy_get(guarded);
	}
	return policy && cg_policy_column(policy, attnum) != NULL;
}

static bool
any_counts(const List *guarded, Oid relid, Bitmapset *attnums)
{
	ListCell   *lc;
	int			member = -1;

	while ((member = bms_next_member(attnums, member)) >= 0)
		foreach(lc, guarded)
			if (counts(lfirst_oid(lc), relid, member + FirstLowInvalidHeapAttributeNumber))
				return true;
	return false;
}

/* A definition has variable 1; the condition of a trigger has 1 and 2, OLD and NEW. */
static Bitmapset *
columns_of_expression(Node *expression)
{
	Bitmapset  *attnums = NULL;

	pull_varattnos(expression, 1, &attnums);
	pull_varattnos(expression, 2, &attnums);
	return attnums;
}

bool
cg_touches_expression(Oid relid, Node *expression)
{
	return any_counts(find_all_inheritors(relid, NoLock, NULL), relid, columns_of_expression(expression));
}

bool
cg_touches_column(Oid relid, AttrNumber attnum)
{
	return any_counts(find_all_inheritors(relid, NoLock, NULL), relid,
					  bms_make_singleton(attnum - FirstLowInvalidHeapAttributeNumber));
}

bool
cg_touches_below(Oid child, const List *parents, Node *expression)
{
	return any_counts(parents, child, columns_of_expression(expression));
}

/* True unless every column name in it is an unguarded column of all relations. */
static bool
raw_walker(Node *node, void *context)
{
	const List *family = context;
	Node	   *last;
	ListCell   *lc;

	if (node == NULL)
		return false;
	if (!IsA(node, ColumnRef))
		return raw_expression_tree_walker(node, raw_walker, context);
	last = llast(((ColumnRef *) node)->fields);
	if (!IsA(last, String))
		return true;
	foreach(lc, family)
	{
		AttrNumber	attnum = get_attnum(lfirst_oid(lc), strVal(last));

		if (attnum == InvalidAttrNumber || counts(lfirst_oid(lc), lfirst_oid(lc), attnum))
			return true;
	}
	return false;
}

bool
cg_touches_raw(const List *family, Node *expression)
{
	return raw_walker(expression, (void *) family);
}
