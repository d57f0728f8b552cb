/*
 * inherit.c
 *		Tables that have their policy from an ancestor.
 *
 * A child's columns are guarded by the labels of its parent's columns.  If the parent, or
 * the parent's column, is dropped and the child's column stays, its values would not be
 * guarded any more.  So the label is copied first.  This needs no privilege, since it
 * removes no guard.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "journal/eventrecord.h"
#include "policy/inherit.h"
#include "policy/labelparse.h"
#include "policy/labels.h"
#include "policy/policy.h"

static List *parents(Relation catalog, Oid child);
static bool stays(Oid child, AttrNumber attnum);

static List *
parents(Relation catalog, Oid child)
{
	List	   *result = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(child));
	scan = systable_beginscan(catalog, InheritsRelidSeqnoIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		result = lappend_oid(result, ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent);
	systable_endscan(scan);
	return result;
}

List *
cg_inherit_ancestors(Oid relid)
{
	List	   *result;
	Relation	catalog;

	if (!has_superclass(relid))
		return NIL;
	catalog = table_open(InheritsRelationId, AccessShareLock);
	result = parents(catalog, relid);
	/* The list grows during the loop. */
	for (int i = 0; i < list_length(result); i++)
		result = list_concat_unique_oid(result, parents(catalog, list_nth_oid(result, i)));
	table_close(catalog, AccessShareLock);
	return result;
}

List *
cg_inherit_guarded_parents(Oid relid)
{
	List	   *result = NIL;
	Relation	catalog;
	ListCell   *lc;

	if (!has_superclass(relid))
		return NIL;
	catalog = table_open(InheritsRelationId, AccessShareLock);
	foreach(lc, parents(catalog, relid))
		if (cg_policy_get(lfirst_oid(lc)))
			result = lappend_oid(result, lfirst_oid(lc));
	table_close(catalog, AccessShareLock);
	return result;
}

void
cg_inherit_keep(Oid child)
{
	const CgPolicy *policy = cg_policy_get(child);
	CgTableLabel table;
	AttrNumber	customer;
	int			count;
	AttrNumber *attnums;
	bool		hide;

	if (policy == NULL)
		return;
	/* Setting a label invalidates the policy.  A broken one has no key, and stays broken. */
	hide = policy->hide;
	customer = policy->customer;
	count = policy->nguarded;
	attnums = palloc(sizeof(AttrNumber) * count);
	for (int i = 0; i < count; i++)
		attnums[i] = policy->guarded[i].attnum;
	for (int i = 0; i < count; i++)
		cg_inherit_keep_column(child, attnums[i]);
	if (customer != InvalidAttrNumber)
		cg_inherit_keep_column(child, customer);
	cg_labelparse_table(cg_labels_get(child, 0), &table);
	if (table.protect && (!hide || strcmp(table.mode, "hide") == 0))
		return;
	if (!table.protect)
	{
		table.protect = true;
		table.mode = "mask";
		table.fallback = "none";
	}
	if (hide)
		table.mode = "hide";
	cg_labels_set_table(child, &table);
}

void
cg_inherit_keep_column(Oid child, AttrNumber attnum)
{
	const CgPolicy *policy = cg_policy_get(child);
	const CgGuarded *guarded = policy ? cg_policy_column(policy, attnum) : NULL;
	CgColumnLabel label;

	if (policy == NULL || (guarded == NULL && attnum != policy->customer))
		return;
	cg_labelparse_column(cg_labels_get(child, attnum), &label);
	if (label.mask || label.customer)
		return;
	if (guarded)
	{
		label.mask = pstrdup(guarded->spec);
		label.relay = guarded->relay;
	}
	else
		label.customer = true;
	cg_labels_set_column(child, attnum, &label);
	cg_eventrecord_add("column %s of %s keeps the policy that it has inherited: %s",
					   get_attname(child, attnum, false), get_rel_name(child),
					   label.mask ? label.mask : "customer key");
}

/*
 * Does the child's column stay when its parent's is dropped?  DROP COLUMN has already
 * changed the columns of children that stay; others are dropped with the parent's.
 */
static bool
stays(Oid child, AttrNumber attnum)
{
	HeapTuple	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(child), Int16GetDatum(attnum));
	Form_pg_attribute form;
	Relation	catalog;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_attribute) GETSTRUCT(tuple);
	catalog = table_open(InheritsRelationId, AccessShareLock);
	result = form->attislocal || form->attinhcount != 1 || list_length(parents(catalog, child)) > 1;
	table_close(catalog, AccessShareLock);
	ReleaseSysCache(tuple);
	return result;
}

void
cg_inherit_drop_column(Oid parent, AttrNumber attnum)
{
	char	   *name = get_attname(parent, attnum, true);
	ListCell   *lc;

	if (name == NULL || cg_labels_get(parent, attnum) == NULL)
		return;
	foreach(lc, find_all_inheritors(parent, NoLock, NULL))
	{
		Oid			child = lfirst_oid(lc);
		AttrNumber	its = child == parent ? InvalidAttrNumber : get_attnum(child, name);

		if (its != InvalidAttrNumber && stays(child, its))
			cg_inherit_keep_column(child, its);
	}
}

bool
cg_inherit_is_kept(Oid child)
{
	const CgPolicy *policy = cg_policy_get(child);
	CgColumnLabel label;
	CgTableLabel table;

	if (policy == NULL)
		return true;
	for (int i = 0; i < policy->nguarded; i++)
	{
		cg_labelparse_column(cg_labels_get(child, policy->guarded[i].attnum), &label);
		if (label.mask == NULL)
			return false;
	}
	label.customer = false;
	if (!policy->broken)
		cg_labelparse_column(cg_labels_get(child, policy->customer), &label);
	cg_labelparse_table(cg_labels_get(child, 0), &table);
	return (policy->broken || label.customer) && (!policy->hide || (table.protect && strcmp(table.mode, "hide") == 0));
}
