/*
 * kin.c
 *		The kin of a relation: its ancestors and descendants, which a change of the
 *		relation affects.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "storage/lmgr.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "policy/inherit.h"
#include "policy/kin.h"

static void invalidate_one(Oid relid);

List *
cg_kin_below(Oid relid, LOCKMODE lockmode)
{
	List	   *result = list_make1_oid(relid);

	if (lockmode != NoLock)
		LockRelationOid(relid, lockmode);
	/* The list grows during the loop.  There may be many partitions, but each has one parent. */
	for (int i = 0; i < list_length(result); i++)
	{
		Oid			parent = list_nth_oid(result, i);
		List	   *children = find_inheritance_children_extended(parent, false, lockmode, NULL, NULL);

		if (children != NIL && get_rel_relkind(parent) == RELKIND_PARTITIONED_TABLE)
			result = list_concat(result, children);
		else
			result = list_concat_unique_oid(result, children);
	}
	return result;
}

/*
 * Plans that store rows in an ancestor may route them to the relation without having seen
 * it, so the ancestors are locked, too.  Parents are locked first, as PostgreSQL does.
 * While this function waits, the relation may get another parent.
 */
void
cg_kin_lock_above(Oid relid)
{
	List	   *locked;

	do
	{
		locked = cg_inherit_ancestors(relid);
		for (int i = list_length(locked) - 1; i >= 0; i--)
			LockRelationOid(list_nth_oid(locked, i), AccessExclusiveLock);
		LockRelationOid(relid, AccessExclusiveLock);
	} while (list_difference_oid(cg_inherit_ancestors(relid), locked) != NIL);
}

/*
 * A session that uses one of the relations at this moment goes on with a plan without the
 * guard.  So no session may use them when a guard begins.
 */
void
cg_kin_lock(Oid relid)
{
	cg_kin_lock_above(relid);
	(void) cg_kin_below(relid, AccessExclusiveLock);
}

/* The relation is not locked.  If it was dropped meanwhile there is nothing to do. */
static void
invalidate_one(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));

	if (!HeapTupleIsValid(tuple))
		return;
	CacheInvalidateRelcacheByTuple(tuple);
	ReleaseSysCache(tuple);
}

void
cg_kin_invalidate_above(Oid relid)
{
	ListCell   *lc;

	invalidate_one(relid);
	foreach(lc, cg_inherit_ancestors(relid))
		invalidate_one(lfirst_oid(lc));
}

void
cg_kin_invalidate(Oid relid)
{
	ListCell   *lc;

	cg_kin_invalidate_above(relid);
	foreach(lc, cg_kin_below(relid, NoLock))
		invalidate_one(lfirst_oid(lc));
}
