/*
 * beneath.c
 *		Changes of what the definitions of guarded relations call.
 *
 * A definition reaches more than it depends on: the casts that to_jsonb() looks for, calls
 * in the body of a function, a domain that is only cast to, the key of a table above.  So
 * a command is not judged by its text.  Instead the objects that all definitions reach are
 * compared before and after it.  The admin who protected the relation has not seen new
 * ones.  Objects that are not reached any more do no harm.
 *
 * Relations that call only built-ins are remembered until they change themselves, since
 * nothing beneath them can change.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_database.h"
#include "catalog/pg_default_acl.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/catalog.h"
#include "base/inval.h"
#include "base/names.h"
#include "command/beneath.h"
#include "command/ddl.h"
#include "command/reaches.h"
#include "journal/eventrecord.h"
#include "policy/definition.h"
#include "policy/labels.h"
#include "policy/offences.h"
#include "policy/policy.h"
#include "policy/prints.h"
#include "policy/trust.h"

/* A guarded relation that was looked at */
typedef struct Plain
{
	Oid			relid;			/* hash key */
	bool		plain;			/* it calls only built-ins */
} Plain;

/* A definition before the command */
typedef struct Before
{
	Oid			relid;
	Oid			function;		/* or: the definition is what this trusted function reaches */
	CgDefinition definition;
} Before;

static HTAB *known = NULL;
static uint64 invalidations = 0;

static void beneath_inval(Oid relid);
static bool is_plain_definition(const CgDefinition *definition);
static void survey(const Before *what, CgDefinition *definition);
static void lock_function(Oid function);
static bool lock_casts_types(Oid cast);
static bool lock_domain(Oid constraint);
static bool lock_row_type(const CgAccess *event);
static bool may_be_called(Oid classId, const CgAccess *event);

void
cg_beneath_init(void)
{
	HASHCTL		ctl = {
		.keysize = sizeof(Oid),
		.entrysize = sizeof(Plain),
	};

	known = hash_create("contact_guard plain definitions", 64, &ctl, HASH_ELEM | HASH_BLOBS);
	cg_inval_on_relation(beneath_inval);
}

/* May run at any time, so it removes nothing. */
static void
beneath_inval(Oid relid)
{
	HASH_SEQ_STATUS status;
	Plain	   *entry;

	invalidations++;
	if (OidIsValid(relid))
	{
		entry = hash_search(known, &relid, HASH_FIND, NULL);
		if (entry)
			entry->plain = false;
		return;
	}
	hash_seq_init(&status, known);
	while ((entry = hash_seq_search(&status)) != NULL)
		entry->plain = false;
}

static bool
is_plain_definition(const CgDefinition *definition)
{
	ListCell   *lc;

	foreach(lc, definition->functions)
		if (lfirst_oid(lc) >= FirstNormalObjectId)
			return false;
	return definition->types == NIL && definition->offences == NIL;
}

static void
survey(const Before *what, CgDefinition *definition)
{
	CgCallees	callees = {.prints_wanted = true};

	memset(definition, 0, sizeof(*definition));
	if (OidIsValid(what->relid))
		cg_definition_survey(what->relid, definition);
	else
		cg_reaches_survey(what->function, &callees);
	if (!OidIsValid(what->relid))
		definition->prints = callees.prints;
}

List *
cg_beneath_look(void)
{
	List	   *relids = NIL;
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, cg_labels_relations())
		relids = list_concat_unique_oid(relids, find_all_inheritors(lfirst_oid(lc), NoLock, NULL));
	foreach(lc, relids)
	{
		Oid			relid = lfirst_oid(lc);
		Plain	   *entry = hash_search(known, &relid, HASH_FIND, NULL);
		uint64		at = invalidations;
		Before	   *before;

		if ((entry && entry->plain) || cg_policy_get(relid) == NULL)
			continue;
		before = palloc0(sizeof(Before));
		before->relid = relid;
		survey(before, &before->definition);
		if (!is_plain_definition(&before->definition))
			result = lappend(result, before);
		else if (at == invalidations)
		{
			entry = hash_search(known, &relid, HASH_ENTER, NULL);
			entry->plain = true;
		}
	}
	foreach(lc, cg_trust_is_any() ? cg_trust_functions() : NIL)
	{
		Before	   *before = palloc0(sizeof(Before));

		before->function = lfirst_oid(lc);
		survey(before, &before->definition);
		result = lappend(result, before);
	}
	return result;
}

/* Locks the object.  A check whether a definition's calls are allowed then waits for us. */
static void
lock_function(Oid function)
{
	LockDatabaseObject(ProcedureRelationId, function, 0, RowExclusiveLock);
}

static bool
lock_type(Oid type)
{
	if (type < FirstNormalObjectId)
		return false;
	LockDatabaseObject(TypeRelationId, type, 0, RowExclusiveLock);
	return true;
}

static bool
lock_casts_types(Oid cast)
{
	HeapTuple	tuple = cg_catalog_row(CastRelationId, cast);
	bool		new_source = tuple && lock_type(((Form_pg_cast) GETSTRUCT(tuple))->castsource);
	bool		new_target = tuple && lock_type(((Form_pg_cast) GETSTRUCT(tuple))->casttarget);

	return new_source || new_target;
}

static bool
lock_domain(Oid constraint)
{
	HeapTuple	tuple = cg_catalog_row(ConstraintRelationId, constraint);
	Oid			domain = tuple ? ((Form_pg_constraint) GETSTRUCT(tuple))->contypid : InvalidOid;

	/* A new domain has no values. */
	return OidIsValid(domain) && SearchSysCacheExists1(TYPEOID, ObjectIdGetDatum(domain)) && lock_type(domain);
}

/* Is the relation's row type used by anything except the relation itself? */
static bool
is_row_type_used(Oid type)
{
	Relation	catalog;
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		used = false;

	if (!OidIsValid(type))
		return false;
	catalog = table_open(DependRelationId, AccessShareLock);
	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(TypeRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(type));
	scan = systable_beginscan(catalog, DependReferenceIndexId, true, NULL, 2, keys);
	while (!used && HeapTupleIsValid(tuple = systable_getnext(scan)))
		used = ((Form_pg_depend) GETSTRUCT(tuple))->deptype == DEPENDENCY_NORMAL;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return used;
}

static bool
lock_row_type(const CgAccess *event)
{
	Oid			type = get_rel_type_id(event->object);

	/* No row type: a new relation, or an index.  Internal events concern only files. */
	if (!OidIsValid(type) || event->is_internal)
		return false;
	if (get_rel_relkind(event->object) != RELKIND_COMPOSITE_TYPE && !is_row_type_used(type) &&
		!is_row_type_used(get_array_type(type)))
		return false;
	return lock_type(type);
}

/*
 * No definition can call a new object yet, except new casts, which are looked up by type.
 * accessrules.c decides on the definition of a guarded relation itself.
 */
static bool
may_be_called(Oid classId, const CgAccess *event)
{
	switch (classId)
	{
		case ProcedureRelationId:
			if (!SearchSysCacheExists1(PROCOID, ObjectIdGetDatum(event->object)))
				return false;
			lock_function(event->object);
			return true;
		case CastRelationId:
			return lock_casts_types(event->object);
		case ConstraintRelationId:
			return lock_domain(event->object);
		case RelationRelationId:
			return lock_row_type(event);
		case TypeRelationId:
			return event->access == OAT_POST_ALTER && lock_type(event->object);
		case AttrDefaultRelationId:
		case AuthIdRelationId:
		case DatabaseRelationId:
		case DefaultAclRelationId:
		case IndexRelationId:
		case InheritsRelationId:
		case NamespaceRelationId:
		case PolicyRelationId:
		case RewriteRelationId:
		case StatisticExtRelationId:
		case TriggerRelationId:
			return false;
		default:
			return true;
	}
}

void
cg_beneath_decide(Oid classId, const CgAccess *event)
{
	if (may_be_called(classId, event))
		cg_ddl_note_beneath();
}

static List *
new_offences(const List *before, const List *now)
{
	List	   *result = NIL;
	ListCell   *lc;
	ListCell   *other;

	foreach(lc, now)
	{
		CgOffence  *offence = lfirst(lc);
		bool		found = false;

		foreach(other, before)
			found |= ((CgOffence *) lfirst(other))->function == offence->function &&
				strcmp(((CgOffence *) lfirst(other))->what, offence->what) == 0;
		if (!found)
			result = lappend(result, offence);
	}
	return result;
}

static void
decide_print(const Before *was, const char *print, bool admin)
{
	char	   *caller = OidIsValid(was->relid) ? psprintf("the definition of relation \"%s\"", get_rel_name(was->relid)) :
		psprintf("function %s", cg_names_function(was->function));

	if (admin)
	{
		cg_eventrecord_add("change of %s, which %s calls", cg_prints_name(print), caller);
		return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("must be a member of role \"contact_guard_admin\" to change what %s calls", caller),
			 OidIsValid(was->relid)
			 ? errdetail("The relation has guarded columns, and its definition would call %s in the form that this command creates.",
						 cg_prints_name(print))
			 : errdetail("The function is trusted with stored values, and names in its text would lead to %s in the form that this command creates.",
						 cg_prints_name(print)),
			 errhint("Ask a member of contact_guard_admin to run the command.")));
}

void
cg_beneath_compare(const List *before, bool admin)
{
	ListCell   *lc;
	ListCell   *print;

	foreach(lc, before)
	{
		const Before *was = lfirst(lc);
		CgDefinition now;
		const CgPolicy *policy;

		survey(was, &now);
		foreach(print, now.prints)
			if (!cg_prints_have(was->definition.prints, lfirst(print)))
				decide_print(was, lfirst(print), admin);
		policy = OidIsValid(was->relid) ? cg_policy_get(was->relid) : NULL;
		if (policy && !policy->unpinned)
			cg_offences_refuse(new_offences(was->definition.offences, now.offences));
	}
}
