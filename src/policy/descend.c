/*
 * descend.c
 *		Relations below a relation that have labels of their own, or are foreign tables.
 *
 * The search goes upwards, from each relation with a label, or foreign table, to its few
 * ancestors.  It does not go down from a partitioned table, which may have thousands of
 * partitions.  The answer is kept until any relation changes.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_foreign_table.h"
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

/* A relation with a label, or a foreign table, and one of its ancestors. */
typedef struct Pair
{
	Oid			below;
	Oid			above;
} Pair;

/* All pairs of one of the two kinds. */
typedef struct Pairs
{
	List	   *(*of) (void);	/* finds the relations of the kind */
	MemoryContext context;
	List	   *list;
	uint64		known;			/* "invalidations" when the list was made */
} Pairs;

static List *labelled(void);
static List *foreign_tables(void);

static Pairs of_labelled = {labelled, NULL, NIL, 0};
static Pairs of_foreign = {foreign_tables, NULL, NIL, 0};
static uint64 invalidations = 1;
static CgRecent childless;		/* relations without children, since each write asks */

static void descend_inval(Oid relid);
static void add_ancestors(Relation catalog, Oid below, Oid relid, List **found);
static List *pairs_now(Pairs *pairs);
static bool is_childless(Oid relid);

static void
descend_inval(Oid relid)
{
	invalidations++;
	cg_recent_forget(&childless, relid);
}

/* With the tables that inherit from a relation with a label without being partitions. */
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

static List *
foreign_tables(void)
{
	Relation	catalog = table_open(ForeignTableRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(catalog, InvalidOid, false, NULL, 0, NULL);
	List	   *result = NIL;
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		result = lappend_oid(result, ((Form_pg_foreign_table) GETSTRUCT(tuple))->ftrelid);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/* Allocates in the current memory context. */
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
		Pair	   *pair = palloc(sizeof(Pair));

		pair->below = below;
		pair->above = ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent;
		*found = lappend(*found, pair);
		add_ancestors(catalog, below, pair->above, found);
	}
	systable_endscan(scan);
}

static List *
pairs_now(Pairs *pairs)
{
	Relation	catalog;
	MemoryContext oldcontext;
	List	   *relids;
	List	   *found = NIL;
	uint64		before;
	ListCell   *lc;

	if (pairs->known == invalidations)
		return pairs->list;
	before = invalidations;
	pairs->known = 0;
	pairs->list = NIL;
	if (pairs->context)
		MemoryContextReset(pairs->context);
	else
		pairs->context = AllocSetContextCreate(TopMemoryContext, "contact_guard descendants",
											   ALLOCSET_SMALL_SIZES);
	relids = pairs->of();
	catalog = table_open(InheritsRelationId, AccessShareLock);
	oldcontext = MemoryContextSwitchTo(pairs->context);
	foreach(lc, relids)
		add_ancestors(catalog, lfirst_oid(lc), lfirst_oid(lc), &found);
	MemoryContextSwitchTo(oldcontext);
	table_close(catalog, AccessShareLock);
	pairs->list = found;
	pairs->known = before;
	return found;
}

/* Reads no catalog for a relation that is known to be childless. */
static bool
is_childless(Oid relid)
{
	uint64		before;

	if (cg_recent_has(&childless, relid))
		return true;
	cg_inval_on_relation(descend_inval);
	before = invalidations;
	if (has_subclass(relid))
		return false;
	if (invalidations == before)
		cg_recent_add(&childless, relid);
	return true;
}

List *
cg_descend_guarded(Oid relid)
{
	List	   *result = NIL;
	ListCell   *lc;

	if (is_childless(relid))
		return NIL;
	foreach(lc, pairs_now(&of_labelled))
		if (((Pair *) lfirst(lc))->above == relid && cg_policy_get(((Pair *) lfirst(lc))->below))
			result = list_append_unique_oid(result, ((Pair *) lfirst(lc))->below);
	return result;
}

bool
cg_descend_has_foreign(Oid relid)
{
	ListCell   *lc;

	if (is_childless(relid))
		return false;
	foreach(lc, pairs_now(&of_foreign))
		if (((Pair *) lfirst(lc))->above == relid)
			return true;
	return false;
}

bool
cg_descend_is_known(Oid relid)
{
	ListCell   *lc;

	foreach(lc, of_labelled.list)
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
