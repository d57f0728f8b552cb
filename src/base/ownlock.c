/*
 * ownlock.c
 *		LOCK TABLE on the extension's own tables.
 *
 * A role that may write all data (pg_write_all_data) could lock them.  Until it releases
 * the lock nobody could read a guarded column, and the recorder could not store a record.
 * LOCK of a view locks the relations beneath the view, with the rights of the view's
 * owner; LOCK of a parent locks its children (all children of our tables are ours:
 * owntables.c).
 *
 * The command looks the names up itself, after us.  So we check before it, for a command
 * that names our tables, and once more after it: then it is known what the command has
 * locked, and an error releases those locks.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "rewrite/rewriteHandler.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/objects.h"
#include "base/ownlock.h"
#include "base/ownschema.h"
#include "base/owntables.h"

static void check(Oid relid, List *above);
static bool view_walker(Node *node, void *context);

void
cg_ownlock_check(Node *statement)
{
	ListCell   *lc;

	if (!IsA(statement, LockStmt) || cg_owntables_is_writing() || !OidIsValid(cg_objects_schema()) ||
		superuser())
		return;
	foreach(lc, ((LockStmt *) statement)->relations)
		check(RangeVarGetRelid(lfirst_node(RangeVar, lc), NoLock, true), NIL);
}

static void
check(Oid relid, List *above)
{
	Relation	view;
	Query	   *query;

	if (!OidIsValid(relid) || list_member_oid(above, relid))
		return;
	if (cg_objects_is_own(relid))
		cg_ownschema_refuse(relid);
	if (get_rel_relkind(relid) != RELKIND_VIEW)
		return;
	/* The lock is neither waited for nor kept: two sessions that upgrade it would deadlock. */
	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		return;
	view = try_relation_open(relid, NoLock);
	if (view == NULL)
	{
		UnlockRelationOid(relid, AccessShareLock);
		return;
	}
	query = view->rd_rel->relkind == RELKIND_VIEW && view->rd_rules ? get_view_query(view) : NULL;
	(void) view_walker((Node *) query, lappend_oid(list_copy(above), relid));
	relation_close(view, AccessShareLock);
}

static bool
view_walker(Node *node, void *context)
{
	ListCell   *lc;

	if (node == NULL)
		return false;
	if (!IsA(node, Query))
		return expression_tree_walker(node, view_walker, context);
	foreach(lc, ((Query *) node)->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		if (rte->rtekind == RTE_RELATION)
			check(rte->relid, context);
	}
	return query_tree_walker((Query *) node, view_walker, context, 0);
}
