/*
 * inheritance.c
 *		Relations that become the child of another one, or leave it.
 *
 * PostgreSQL's hook names the child and the parent, but not which of the two it is: the
 * row of pg_inherits says so.
 *
 * The child's descendants get or lose the parent's policy with it, and rows that are stored
 * in the parent's ancestors may be routed to them.  PostgreSQL does not lock all these
 * relations, and does not send invalidations for all of them.  So this is done here, for
 * each row of pg_inherits that a command adds or removes.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "command/childcode.h"
#include "command/ddl.h"
#include "command/inheritance.h"
#include "policy/descend.h"
#include "policy/inherit.h"
#include "policy/kin.h"
#include "policy/policy.h"

static bool inherits(Oid child, Oid parent);
static void joins(Oid child, Oid parent);
static void leaves(Oid child, Oid parent);

static bool
inherits(Oid child, Oid parent)
{
	Relation	catalog = table_open(InheritsRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		result = false;

	ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(child));
	scan = systable_beginscan(catalog, InheritsRelidSeqnoIndexId, true, SnapshotSelf, 1, &key);
	while (!result && HeapTupleIsValid(tuple = systable_getnext(scan)))
		result = ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent == parent;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/*
 * The relations are locked because a session that uses the child's descendants at this
 * moment, or stores rows in the parent's ancestors, has a plan without the new guard.
 */
static void
joins(Oid child, Oid parent)
{
	bool		guarded = cg_descend_is_guarded(child);

	/* A new table is not complete yet: cg_ddl_finish() looks at it. */
	if (cg_ddl_is_created(child))
		return;
	if (cg_policy_get(parent))
		(void) cg_kin_below(child, AccessExclusiveLock);
	/* The child was guarded before. */
	if (guarded)
	{
		cg_ddl_require_admin(child, "attach");
		cg_kin_lock_above(parent);
	}
	else if (cg_policy_get(parent))
	{
		if (!cg_ddl_is_admin())
			cg_childcode_check(child, list_make1_oid(parent));
		cg_ddl_note_changed(child);
	}
}

/* cg_altertable_decide() has copied the policy to the child. */
static void
leaves(Oid child, Oid parent)
{
	if (!cg_inherit_is_kept(child))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("relation \"%s\" would lose the policy that it has from relation \"%s\"",
						get_rel_name(child), get_rel_name(parent))));
	if (cg_descend_is_guarded(child) && !cg_ddl_is_admin())
		cg_ddl_refuse(child, "detach");
}

void
cg_inheritance_decide(const CgAccess *event)
{
	Oid			child = event->object;
	Oid			parent = event->auxiliary;
	char		relkind = get_rel_relkind(child);

	if (relkind == RELKIND_INDEX || relkind == RELKIND_PARTITIONED_INDEX)
		return;
	if (inherits(child, parent))
		joins(child, parent);
	else
		leaves(child, parent);
	/* A new row of pg_inherits is not visible yet, so both ends are invalidated separately. */
	cg_kin_invalidate_above(parent);
	cg_kin_invalidate(child);
}
