/*
 * inheritance.c
 *		Relations that become the child of another one, or leave it.
 *
 * PostgreSQL tells the child and the parent, but not which of the two it is: the row
 * of pg_inherits says so.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "command/childcode.h"
#include "command/ddl.h"
#include "command/inheritance.h"
#include "policy/descend.h"
#include "policy/inherit.h"
#include "policy/policy.h"

static bool inherits(Oid child, Oid parent);

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

void
cg_inheritance_decide(const CgAccess *event)
{
	Oid			child = event->object;
	Oid			parent = event->auxiliary;
	char		relkind = get_rel_relkind(child);

	if (relkind == RELKIND_INDEX || relkind == RELKIND_PARTITIONED_INDEX)
		return;
	/* Somebody may have looked at the child's policy since it was made. */
	CacheInvalidateRelcacheByRelid(child);
	if (!inherits(child, parent))
	{
		/* It leaves its parent: cg_altertable_decide() has kept its policy. */
		if (!cg_inherit_is_kept(child))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("relation \"%s\" would lose the policy that it has from relation \"%s\"",
							get_rel_name(child), get_rel_name(parent))));
		if (cg_descend_is_guarded(child) && !cg_ddl_is_admin())
			cg_ddl_refuse(child, "detach");
		return;
	}
	/* What a new table brings along is not complete yet: cg_ddl_finish() looks at it. */
	if (cg_ddl_is_created(child))
		return;
	/* The policy is the one that the child has had so far. */
	if (cg_descend_is_guarded(child))
		cg_ddl_require_admin(child, "attach");
	else if (cg_policy_get(parent))
	{
		if (!cg_ddl_is_admin())
			cg_childcode_check(child, list_make1_oid(parent));
		cg_ddl_note_changed(child);
	}
}
