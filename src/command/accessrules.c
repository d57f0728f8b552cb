/*
 * accessrules.c
 *		Decisions on objects when PostgreSQL creates or changes them.
 *
 * PostgreSQL calls the object-access hook with the OID of the object, while the command
 * holds its lock.  This is before a trigger fires, before an index is built, and before a
 * check or a generated column is computed for a row.  So it does not matter what a name
 * meant earlier.  The new row of the catalog is not visible to other sessions yet, and not
 * to this command either.  So it is read with SnapshotSelf.
 *
 * PostgreSQL's own changes pass (is_internal): indexes of keys, triggers of foreign keys,
 * objects that a partition inherits.  A clone was decided when its original was created,
 * or when the table became a child.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/catalog.h"
#include "base/roles.h"
#include "base/underway.h"
#include "command/accessrules.h"
#include "command/ddl.h"
#include "command/dependents.h"
#include "command/foreignkeys.h"
#include "policy/descend.h"
#include "policy/labels.h"
#include "policy/policy.h"
#include "policy/touches.h"
#include "policy/trust.h"
#include "read/uniques.h"

static void require_admin_for(Oid relid, Node *expression, const char *what);
static void decide_stored_domain(Oid domain);
static bool has_transition_tables(HeapTuple tuple);
static bool index_touches(Oid indexid);
static Oid	relation_of(Oid relid);
static void decide_new_relation(const CgAccess *event);

/* An expression that refers to nothing guarded needs no admin. */
static void
require_admin_for(Oid relid, Node *expression, const char *what)
{
	if (cg_touches_expression(relid, expression))
		cg_ddl_require_admin(relid, what);
}

static bool
has_transition_tables(HeapTuple tuple)
{
	bool		no_old;
	bool		no_new;

	(void) cg_catalog_value(tuple, TriggerRelationId, Anum_pg_trigger_tgoldtable, &no_old);
	(void) cg_catalog_value(tuple, TriggerRelationId, Anum_pg_trigger_tgnewtable, &no_new);
	return !no_old || !no_new;
}

/* A partition gets its parent's triggers as clones. */
void
cg_accessrules_trigger(const CgAccess *event)
{
	HeapTuple	tuple = cg_catalog_row(TriggerRelationId, event->object);
	Form_pg_trigger form = tuple ? (Form_pg_trigger) GETSTRUCT(tuple) : NULL;

	if (form == NULL || form->tgisinternal || event->is_internal || event->access != OAT_POST_CREATE)
		return;
	/* Other kinds of triggers get no rows. */
	if (!TRIGGER_FOR_ROW(form->tgtype) && !has_transition_tables(tuple))
		return;
	if (!OidIsValid(form->tgparentid))
		cg_ddl_require_admin(form->tgrelid, psprintf("create trigger \"%s\" on", NameStr(form->tgname)));
	else if (cg_ddl_is_admin() && cg_descend_is_guarded(form->tgrelid))
		cg_ddl_note_changed(form->tgrelid);
}

void
cg_accessrules_rule(const CgAccess *event)
{
	HeapTuple	tuple = cg_catalog_row(RewriteRelationId, event->object);
	Oid			relid = tuple ? ((Form_pg_rewrite) GETSTRUCT(tuple))->ev_class : InvalidOid;

	if (OidIsValid(relid))
		cg_ddl_require_image(relid, InvalidOid);
	/* The ON SELECT rule of a view or a materialized view is its query. */
	if (OidIsValid(relid) && event->access == OAT_POST_CREATE &&
		((Form_pg_rewrite) GETSTRUCT(tuple))->ev_type != CMD_SELECT + '0')
		cg_ddl_require_admin(relid, "create a rule on");
}

void
cg_accessrules_policy(const CgAccess *event)
{
	HeapTuple	tuple = cg_catalog_row(PolicyRelationId, event->object);

	/* DROP OWNED only removes a role from policies. */
	if (tuple == NULL || (cg_underway_statement() && IsA(cg_underway_statement(), DropOwnedStmt)))
		return;
	cg_ddl_require_image(((Form_pg_policy) GETSTRUCT(tuple))->polrelid, InvalidOid);
	cg_ddl_require_admin(((Form_pg_policy) GETSTRUCT(tuple))->polrelid,
				  event->access == OAT_POST_CREATE ? "create a policy on" : "alter a policy on");
}

void
cg_accessrules_statistics(const CgAccess *event)
{
	HeapTuple	tuple = cg_catalog_row(StatisticExtRelationId, event->object);

	Form_pg_statistic_ext form = tuple ? (Form_pg_statistic_ext) GETSTRUCT(tuple) : NULL;
	char	   *what;

	if (form == NULL || event->access != OAT_POST_CREATE)
		return;
	what = psprintf("create statistics object \"%s\" on", NameStr(form->stxname));
	require_admin_for(form->stxrelid, cg_catalog_expression(tuple, StatisticExtRelationId, Anum_pg_statistic_ext_stxexprs), what);
	/* Such statistics contain common values of guarded columns. */
	for (int i = 0; i < form->stxkeys.dim1; i++)
		if (cg_touches_column(form->stxrelid, form->stxkeys.values[i]))
			cg_ddl_require_admin(form->stxrelid, what);
}

/* ADD CONSTRAINT of a domain looks at all stored values of the domain. */
static void
decide_stored_domain(Oid domain)
{
	ListCell   *lc;

	/* In CREATE DOMAIN no value of it is stored, and the caches do not know it yet. */
	if (!SearchSysCacheExists1(TYPEOID, ObjectIdGetDatum(domain)))
		return;
	foreach(lc, cg_labels_relations())
	{
		const CgPolicy *policy = cg_policy_get(lfirst_oid(lc));
		Oid			relid = policy ? policy->relid : InvalidOid;
		bool		hide = policy && policy->hide;
		int			natts = policy ? cg_catalog_natts(relid) : 0;

		for (AttrNumber attnum = 1; attnum <= natts; attnum++)
		{
			Oid			type;

			policy = cg_policy_get(relid);
			if (!hide && cg_policy_column(policy, attnum) == NULL)
				continue;
			type = get_atttype(relid, attnum);
			if (OidIsValid(type) && cg_dependents_uses_domain(type, domain))
			{
				cg_ddl_require_admin(relid, "add or validate a constraint of a domain used by");
				break;
			}
		}
	}
}

/* Does an index refer to guarded columns?  An exclusion constraint compares all its parts. */
static bool
index_touches(Oid indexid)
{
	HeapTuple	tuple = cg_catalog_row(IndexRelationId, indexid);
	Form_pg_index form = tuple ? (Form_pg_index) GETSTRUCT(tuple) : NULL;

	if (form == NULL)
		return true;
	for (int i = 0; i < form->indkey.dim1; i++)
		if (form->indkey.values[i] != InvalidAttrNumber && cg_touches_column(form->indrelid, form->indkey.values[i]))
			return true;
	return cg_touches_expression(form->indrelid, cg_catalog_expression(tuple, IndexRelationId, Anum_pg_index_indexprs)) ||
		cg_touches_expression(form->indrelid, cg_catalog_expression(tuple, IndexRelationId, Anum_pg_index_indpred));
}

void
cg_accessrules_constraint(const CgAccess *event)
{
	HeapTuple	tuple = cg_catalog_row(ConstraintRelationId, event->object);
	Form_pg_constraint form = tuple ? (Form_pg_constraint) GETSTRUCT(tuple) : NULL;

	if (form == NULL || event->access != OAT_POST_CREATE)
		return;
	if (OidIsValid(form->contypid))
	{
		decide_stored_domain(form->contypid);
		return;
	}
	switch (form->contype)
	{
		case CONSTRAINT_PRIMARY:
		case CONSTRAINT_UNIQUE:
		case CONSTRAINT_TRIGGER:
			/* Decided with the command that makes it; until 17 of domains alone. */
		case CONSTRAINT_NOTNULL:
			break;
		case CONSTRAINT_FOREIGN:
			cg_foreignkeys_decide(tuple, cg_ddl_is_created(form->conrelid));
			break;
		case CONSTRAINT_CHECK:
			if (!event->is_internal)
				require_admin_for(form->conrelid, cg_catalog_expression(tuple, ConstraintRelationId, Anum_pg_constraint_conbin),
								  psprintf("add check constraint \"%s\" to", NameStr(form->conname)));
			break;
		case CONSTRAINT_EXCLUSION:
			if (!event->is_internal && index_touches(form->conindid))
				cg_ddl_require_admin(form->conrelid, psprintf("add exclusion constraint \"%s\" to", NameStr(form->conname)));
			break;
		default:
			if (!event->is_internal)
				cg_ddl_require_admin(form->conrelid, psprintf("add constraint \"%s\" to", NameStr(form->conname)));
			break;
	}
}

/* event->object is the relation.  A plain default gets no stored value. */
void
cg_accessrules_default(const CgAccess *event)
{
	Relation	catalog;
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	Node	   *expression = NULL;
	char	   *what;

	if (get_attgenerated(event->object, event->column) == '\0')
		return;
	catalog = table_open(AttrDefaultRelationId, AccessShareLock);
	ScanKeyInit(&keys[0], Anum_pg_attrdef_adrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(event->object));
	ScanKeyInit(&keys[1], Anum_pg_attrdef_adnum, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum(event->column));
	scan = systable_beginscan(catalog, AttrDefaultIndexId, true, SnapshotSelf, 2, keys);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		expression = cg_catalog_expression(tuple, AttrDefaultRelationId, Anum_pg_attrdef_adbin);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	what = psprintf("compute column \"%s\" of", get_attname(event->object, event->column, false));
	if (expression == NULL)
		cg_ddl_require_admin(event->object, what);
	else
		require_admin_for(event->object, expression, what);
}

/* The table of an index; other relations themselves. */
static Oid
relation_of(Oid relid)
{
	HeapTuple	tuple = cg_catalog_row(IndexRelationId, relid);

	return tuple ? ((Form_pg_index) GETSTRUCT(tuple))->indrelid : relid;
}

static void
decide_new_relation(const CgAccess *event)
{
	HeapTuple	tuple = cg_catalog_row(IndexRelationId, event->object);
	Oid			relid = tuple ? ((Form_pg_index) GETSTRUCT(tuple))->indrelid : InvalidOid;

	if (tuple == NULL)
		cg_ddl_note_created(event->object);
	else if (cg_touches_expression(relid, cg_catalog_expression(tuple, IndexRelationId, Anum_pg_index_indexprs)) ||
			 cg_touches_expression(relid, cg_catalog_expression(tuple, IndexRelationId, Anum_pg_index_indpred)))
		cg_ddl_require_admin(relid, "create an index with expressions over guarded columns on");
	else if (cg_uniques_tells((Form_pg_index) GETSTRUCT(tuple)))
		cg_ddl_require_admin(relid, "create a unique or exclusion index over guarded columns on");
}

/*
 * A relation was created or altered.  PostgreSQL does not say how it was altered, so it must
 * be one for which the command was decided before.
 */
void
cg_accessrules_relation(const CgAccess *event)
{
	Oid			relid;

	if (event->is_internal || event->access == OAT_POST_CREATE)
	{
		if (!event->is_internal && event->column == 0)
			decide_new_relation(event);
		return;
	}
	relid = relation_of(event->object);
	cg_ddl_require_image(relid, InvalidOid);
	if (!cg_ddl_is_decided(relid) && cg_descend_is_guarded(relid) && !cg_ddl_is_admin())
		cg_ddl_refuse(relid, "make this change to");
}

/* CLUSTER marks the index that it follows. */
void
cg_accessrules_index(const CgAccess *event)
{
	if (cg_underway_statement() && IsA(cg_underway_statement(), ClusterStmt))
		cg_ddl_require_admin(relation_of(event->object), "cluster");
}

/* A new function has no dependents yet. */
void
cg_accessrules_function(const CgAccess *event)
{
	Oid			relid;

	cg_ddl_require_image(InvalidOid, event->object);
	relid = cg_dependents_guarded(event->object);
	if (!OidIsValid(relid))
		return;
	/* An admin must be able to mend a definition; it is checked after the command. */
	if (cg_roles_is_admin())
	{
		if (cg_trust_is_allowed(event->object))
			cg_ddl_note_changed(relid);
	}
	else
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be a member of role \"contact_guard_admin\" to change function \"%s\"",
						get_func_name(event->object)),
				 errdetail("The definition of relation \"%s\", which has guarded columns, calls it.",
						   get_rel_name(relid))));
}

/* The policies of fallback.c must stay, but a policy may be dropped with its table. */
void
cg_accessrules_drop_policy(Oid policy)
{
	HeapTuple	tuple = cg_catalog_row(PolicyRelationId, policy);
	DropStmt   *statement = (DropStmt *) cg_underway_statement();

	if (tuple && statement && IsA(statement, DropStmt) && statement->removeType == OBJECT_POLICY)
		cg_ddl_require_admin(((Form_pg_policy) GETSTRUCT(tuple))->polrelid, "drop a policy on");
}

/*
 * PostgreSQL's own functions print a value of a user-defined type by its cast to json.
 * Plans were made for the casts that existed (carriers.c), and the plan cache does not
 * watch casts.  So all plans are made anew.
 */
void
cg_accessrules_cast(const CgAccess *event)
{
	HeapTuple	tuple = event->access == OAT_POST_CREATE ? cg_catalog_row(CastRelationId, event->object) : NULL;

	if (tuple && ((Form_pg_cast) GETSTRUCT(tuple))->casttarget == JSONOID && cg_descend_guards_anything())
		CacheInvalidateRelcacheAll();
}
