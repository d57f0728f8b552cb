/*
 * kin.c
 *		The relations for which a change of one relation counts: those above and below.
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
	/* The list grows while we walk it.  A partition, of which there may be many, has one parent. */
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
 * Rows that are stored in an ancestor are routed to the relation by plans that have never
 * heard of it.  Parents first, as PostgreSQL locks them; while this waits the relation may
 * get another one.
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
 * A session that reads or writes one of them at this moment has a plan without the
 * guard, and goes on with it.  So nobody may use them when a guard begins.
 */
void
cg_kin_lock(Oid relid)
{
	cg_kin_lock_above(relid);
	(void) cg_kin_below(relid, AccessExclusiveLock);
}

/* It is not locked: one that is gone by now needs nothing. */
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
