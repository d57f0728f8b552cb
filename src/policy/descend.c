/*
 * descend.c
 *		Relations below a relation that are guarded by themselves.
 *
 * Asked from below: from each relation with a label up to its ancestors, which are
 * few, and not from a partitioned table down to its partitions, which may be
 * thousands.  The answer is kept until any relation changes.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_seclabel.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/inval.h"
#include "base/recent.h"
#include "policy/descend.h"
#include "policy/labels.h"
#include "policy/policy.h"

#define PROVIDER "contact_guard"

/* A labelled relation, and one above it. */
typedef struct Pair
{
	Oid			below;
	Oid			above;
} Pair;

static MemoryContext pairs_context = NULL;
static List *pairs = NIL;
static uint64 pairs_of = 0;		/* the invalidations that they know of */
static uint64 invalidations = 1;
static CgRecent childless;		/* relations without children: each write asks */

static void descend_inval(Oid relid);
static List *labelled(void);
static void add_ancestors(Relation catalog, Oid below, Oid relid, List **found);
static void build_descendants(void);

static void
descend_inval(Oid relid)
{
	invalidations++;
	cg_recent_forget(&childless, relid);
}

/* With what a child of the old kind inherits from a labelled one. */
static List *
labelled(void)
{
	Relation	catalog = table_open(SecLabelRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(catalog, InvalidOid, false, NULL, 0, NULL);
	List	   *result = NIL;
	HeapTuple	tuple;
	int			n;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		FormData_pg_seclabel *form = (FormData_pg_seclabel *) GETSTRUCT(tuple);
		bool		isnull;
		Datum		provider = heap_getattr(tuple, Anum_pg_seclabel_provider,
											RelationGetDescr(catalog), &isnull);

		if (form->classoid == RelationRelationId && !isnull &&
			strcmp(TextDatumGetCString(provider), PROVIDER) == 0 &&
			(result == NIL || llast_oid(result) != form->objoid))
			result = list_append_unique_oid(result, form->objoid);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	n = list_length(result);
	for (int i = 0; i < n; i++)
		if (get_rel_relkind(list_nth_oid(result, i)) == RELKIND_RELATION &&
			has_subclass(list_nth_oid(result, i)))
			result = list_concat_unique_oid(result, find_all_inheritors(list_nth_oid(result, i),
																		NoLock, NULL));
	return result;
}

static void
add_ancestors(Relation catalog, Oid below, Oid relid, List **found)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(catalog, InheritsRelidSeqnoIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Pair	   *pair = MemoryContextAlloc(pairs_context, sizeof(Pair));
		MemoryContext oldcontext = MemoryContextSwitchTo(pairs_context);

		pair->below = below;
		pair->above = ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent;
		*found = lappend(*found, pair);
		MemoryContextSwitchTo(oldcontext);
		add_ancestors(catalog, below, pair->above, found);
	}
	systable_endscan(scan);
}

static void
build_descendants(void)
{
	Relation	catalog;
	List	   *found = NIL;
	uint64		before;
	ListCell   *lc;

	if (pairs_of == invalidations)
		return;
	before = invalidations;
	pairs_of = 0;
	pairs = NIL;
	if (pairs_context)
		MemoryContextReset(pairs_context);
	else
		pairs_context = AllocSetContextCreate(TopMemoryContext, "contact_guard descendants",
											  ALLOCSET_SMALL_SIZES);
	catalog = table_open(InheritsRelationId, AccessShareLock);
	foreach(lc, labelled())
		add_ancestors(catalog, lfirst_oid(lc), lfirst_oid(lc), &found);
	table_close(catalog, AccessShareLock);
	pairs = found;
	pairs_of = before;
}

List *
cg_descend_guarded(Oid relid)
{
	List	   *result = NIL;
	uint64		before;
	ListCell   *lc;

	if (cg_recent_has(&childless, relid))
		return NIL;
	cg_inval_on_relation(descend_inval);
	before = invalidations;
	if (!has_subclass(relid))
	{
		if (invalidations == before)
			cg_recent_add(&childless, relid);
		return NIL;
	}
	build_descendants();
	foreach(lc, pairs)
		if (((Pair *) lfirst(lc))->above == relid && cg_policy_get(((Pair *) lfirst(lc))->below))
			result = list_append_unique_oid(result, ((Pair *) lfirst(lc))->below);
	return result;
}

bool
cg_descend_is_known(Oid relid)
{
	ListCell   *lc;

	foreach(lc, pairs)
		if (((Pair *) lfirst(lc))->above == relid)
			return true;
	return false;
}

bool
cg_descend_is_guarded(Oid relid)
{
	ListCell   *lc;

	if (!OidIsValid(relid))
		return false;
	if (cg_policy_get(relid))
		return true;
	foreach(lc, find_all_inheritors(relid, NoLock, NULL))
		if (cg_policy_get(lfirst_oid(lc)))
			return true;
	return false;
}

bool
cg_descend_guards_anything(void)
{
	ListCell   *lc;

	foreach(lc, cg_labels_relations())
		if (cg_policy_get(lfirst_oid(lc)))
			return true;
	return false;
}
