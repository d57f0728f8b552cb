/*
 * labels.c
 *		Security labels of provider contact_guard: the policy as it is stored.
 *
 * SetSecurityLabel sends no invalidation, so all code that sets a label calls
 * invalidate() here.  Otherwise cached plans of other sessions would go on without the
 * guard for as long as those sessions live.
 *
 * A label that is set by hand passes check_label(), which applies the same rules as the
 * SQL functions, as far as they concern one object.  Rules about several columns are
 * checked when the policy is used, since a restore sets labels one by one.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_seclabel.h"
#include "commands/extension.h"
#include "commands/seclabel.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/objects.h"
#include "base/roles.h"
#include "base/shared.h"
#include "journal/eventrecord.h"
#include "policy/kin.h"
#include "policy/labelparse.h"
#include "policy/labels.h"
#include "policy/mask.h"
#include "policy/trustlabel.h"
#include "policy/windowquery.h"

/* The label of a group role */
#define GROUP_ROLE "group role"

static void check_label(const ObjectAddress *object, const char *label);
static void invalidate(Oid relid, bool interventions);
static void store_label(Oid relid, AttrNumber attnum, const char *label, bool interventions);
static void take_label(AttrNumber attnum, const char *label, void *context);
static void append_key(StringInfo out, const char *key, const char *value);

void
cg_labels_init(void)
{
	register_label_provider(CG_LABEL_PROVIDER, check_label);
}

/*
 * The mark of a group role says that a superuser answers for its members.  Roles belong to
 * the cluster: a user who may create roles could have created ours before us, with members
 * of that user's choice.  The install script sets the mark, and pg_dumpall writes it.
 */
static void
check_role_label(const ObjectAddress *role, const char *label)
{
	if (!superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be superuser to set or remove a contact_guard label of a role")));
	if (label && strcmp(label, GROUP_ROLE) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("invalid contact_guard label of a role: \"%s\"", label),
				 errhint("The only valid label is \"%s\".", GROUP_ROLE)));
	if (OidIsValid(cg_objects_schema()) && !creating_extension)
		cg_eventrecord_add("label on role %s: %s", GetUserNameFromId(role->objectId, false),
						   label ? label : "removed");
}

/* The provider's check.  PostgreSQL has locked the object and checked its owner. */
static void
check_label(const ObjectAddress *object, const char *label)
{
	char		relkind;
	bool		interventions = false;

	if (object->classId == AuthIdRelationId)
	{
		check_role_label(object, label);
		return;
	}
	cg_roles_require_admin("set or remove a contact_guard label");
	if (object->classId != RelationRelationId && object->classId != ProcedureRelationId)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("contact_guard labels are for tables, views, their columns and functions")));
	/* In a binary upgrade our tables may not exist yet. */
	if (!IsBinaryUpgrade)
		(void) cg_objects_relation("journal_state", false);

	if (object->classId == ProcedureRelationId)
	{
		cg_trustlabel_check(object, label);
		cg_eventrecord_add("label on %s: %s",
						   getObjectIdentity(object, false), label ? label : "removed");
		return;
	}
	relkind = get_rel_relkind(object->objectId);
	if (object->objectSubId == 0)
	{
		CgTableLabel parsed;

		cg_labelparse_table(label, &parsed);
		interventions = parsed.interventions;
		if (interventions)
			cg_windowquery_check_label(&parsed);
		if (parsed.protect && relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE &&
			relkind != RELKIND_MATVIEW && relkind != RELKIND_FOREIGN_TABLE)
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("\"%s\" is not a table", get_rel_name(object->objectId)),
					 errhint("Protect the tables under a view.")));
	}
	else
	{
		CgColumnLabel parsed;

		cg_labelparse_column(label, &parsed);
		if (parsed.mask || parsed.customer)
			cg_kin_lock(object->objectId);
		if (parsed.mask)
		{
			CgMask		mask;
			Oid			type;
			int32		typmod;
			Oid			collation;

			cg_mask_parse(parsed.mask, &mask);
			get_atttypetypmodcoll(object->objectId, object->objectSubId, &type, &typmod, &collation);
			cg_mask_check(&mask, type, typmod, get_rel_name(object->objectId),
						  get_attname(object->objectId, object->objectSubId, false));
			if (parsed.relay)
				cg_mask_check_relay(&mask, type, get_rel_name(object->objectId),
									get_attname(object->objectId, object->objectSubId, false));
		}
	}
	cg_eventrecord_add("label on %s: %s",
					   getObjectIdentity(object, false), label ? label : "removed");
	invalidate(object->objectId, interventions);
}

/*
 * Descendants inherit the policy, and ancestors route rows to the relation, so their plans
 * become stale, too.  interventions: the relation may be new in the list of those that
 * hold interventions.
 */
static void
invalidate(Oid relid, bool interventions)
{
	/* The label of our own interventions comes from the install script. */
	if (get_rel_namespace(relid) != cg_objects_schema())
		cg_shared_note_guarded();
	if (interventions)
		CacheInvalidateRelcacheByRelid(CG_LABELS_SIGNAL);
	cg_kin_invalidate(relid);
}

static void
store_label(Oid relid, AttrNumber attnum, const char *label, bool interventions)
{
	ObjectAddress object;

	ObjectAddressSubSet(object, RelationRelationId, relid, attnum);
	SetSecurityLabel(&object, CG_LABEL_PROVIDER, label);
	/* The same label may be set again in this command. */
	CommandCounterIncrement();
	invalidate(relid, interventions);
}

void
cg_labels_set_table(Oid relid, const CgTableLabel *label)
{
	StringInfoData out;

	initStringInfo(&out);
	if (label->protect)
	{
		appendStringInfoString(&out, "{\"protect\": {");
		append_key(&out, "mode", label->mode);
		append_key(&out, "fallback", label->fallback);
		append_key(&out, "row_security", label->row_security);
		append_key(&out, "unpinned", label->unpinned ? "accept" : NULL);
		appendStringInfoChar(&out, '}');
	}
	if (label->interventions)
	{
		appendStringInfoString(&out, label->protect ? ", \"interventions\": {" : "{\"interventions\": {");
		append_key(&out, "open_when", label->open_when);
		append_key(&out, "early", label->early);
		append_key(&out, "late", label->late);
		append_key(&out, "longest", label->longest);
		append_key(&out, "timezone", label->timezone);
		append_key(&out, "watch", label->beneath ? "beneath" : label->watch ? "trigger" : NULL);
		appendStringInfoChar(&out, '}');
	}
	if (out.len > 0)
		appendStringInfoChar(&out, '}');
	store_label(relid, 0, out.len > 0 ? out.data : NULL, label->interventions);
}

void
cg_labels_set_column(Oid relid, AttrNumber attnum, const CgColumnLabel *label)
{
	StringInfoData out;

	initStringInfo(&out);
	if (label->customer || label->mask || label->part >= 0 || label->watched)
	{
		appendStringInfoChar(&out, '{');
		if (label->customer)
			append_key(&out, "protect", "customer");
		else if (label->mask)
		{
			appendStringInfoString(&out, "\"protect\": {");
			append_key(&out, "mask", label->mask);
			if (label->relay)
				append_key(&out, "reveal", "relay");
			appendStringInfoChar(&out, '}');
		}
		if (label->part >= 0)
			append_key(&out, "interventions", cg_labels_part_names[label->part]);
		append_key(&out, "watched", label->watched ? "id" : NULL);
		appendStringInfoChar(&out, '}');
	}
	store_label(relid, attnum, out.len > 0 ? out.data : NULL, false);
}

char *
cg_labels_function_text(const CgFunctionLabel *label)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoChar(&out, '{');
	append_key(&out, "trusted", label->reason);
	append_key(&out, "definition", label->definition);
	appendStringInfoChar(&out, '}');
	return out.data;
}

static void
append_key(StringInfo out, const char *key, const char *value)
{
	if (value == NULL)
		return;
	if (out->data[out->len - 1] != '{')
		appendStringInfoString(out, ", ");
	appendStringInfo(out, "\"%s\": ", key);
	escape_json(out, value);
}

/* Is it a label of ours?  Texts are copied, so what is cheap is asked first. */
static char *
label_of_ours(HeapTuple tuple, TupleDesc desc)
{
	bool		isnull;
	text	   *provider = DatumGetTextPP(heap_getattr(tuple, Anum_pg_seclabel_provider, desc, &isnull));

	if (VARSIZE_ANY_EXHDR(provider) != strlen(CG_LABEL_PROVIDER) ||
		memcmp(VARDATA_ANY(provider), CG_LABEL_PROVIDER, strlen(CG_LABEL_PROVIDER)) != 0)
		return NULL;
	return TextDatumGetCString(heap_getattr(tuple, Anum_pg_seclabel_label, desc, &isnull));
}

/*
 * Scans pg_seclabel for one relation's labels, or for those of all.  whole: only labels of
 * relations, not those of columns.
 */
static void
scan_labels(Oid relid, bool whole, void (*found) (const FormData_pg_seclabel *form, const char *label, void *context),
			void *context)
{
	Relation	catalog = table_open(SecLabelRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		one = OidIsValid(relid);

	ScanKeyInit(&keys[0], Anum_pg_seclabel_objoid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	ScanKeyInit(&keys[1], Anum_pg_seclabel_classoid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(RelationRelationId));
	scan = systable_beginscan(catalog, one ? SecLabelObjectIndexId : InvalidOid, one, NULL,
							  one ? 2 : 0, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		const FormData_pg_seclabel *form = (const FormData_pg_seclabel *) GETSTRUCT(tuple);
		char	   *label;

		if (form->classoid != RelationRelationId || (whole && form->objsubid != 0))
			continue;
		label = label_of_ours(tuple, RelationGetDescr(catalog));
		if (label)
			found(form, label, context);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
}

typedef struct RelationScan
{
	CgLabelCallback callback;
	void	   *context;
} RelationScan;

static void
found_of_relation(const FormData_pg_seclabel *form, const char *label, void *context)
{
	RelationScan *scan = context;

	scan->callback(form->objsubid, label, scan->context);
}

void
cg_labels_of_relation(Oid relid, CgLabelCallback callback, void *context)
{
	RelationScan scan = {callback, context};

	scan_labels(relid, false, found_of_relation, &scan);
}

static void
found_relation(const FormData_pg_seclabel *form, const char *label, void *context)
{
	List	  **relids = context;

	*relids = lappend_oid(*relids, form->objoid);
}

List *
cg_labels_relations(void)
{
	List	   *relids = NIL;

	scan_labels(InvalidOid, false, found_relation, &relids);
	list_sort(relids, list_oid_cmp);
	list_deduplicate_oid(relids);
	return relids;
}

/* Few of many labels name interventions: most need not be parsed, if nothing is escaped. */
static void
found_interventions(const FormData_pg_seclabel *form, const char *label, void *context)
{
	List	  **relids = context;
	CgTableLabel parsed;

	if (strstr(label, "\"interventions\"") == NULL && strchr(label, '\\') == NULL)
		return;
	cg_labelparse_table(label, &parsed);
	if (parsed.interventions)
		*relids = lappend_oid(*relids, form->objoid);
}

/* Parses in a context of its own, which is freed afterwards. */
List *
cg_labels_interventions(void)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "contact_guard labels",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	List	   *relids = NIL;

	scan_labels(InvalidOid, true, found_interventions, &relids);
	MemoryContextSwitchTo(oldcontext);
	relids = list_copy(relids);
	MemoryContextDelete(context);
	list_sort(relids, list_oid_cmp);
	return relids;
}

typedef struct OneLabel
{
	AttrNumber	attnum;
	char	   *label;
} OneLabel;

static void
take_label(AttrNumber attnum, const char *label, void *context)
{
	OneLabel   *one = context;

	if (attnum == one->attnum)
		one->label = pstrdup(label);
}

char *
cg_labels_get(Oid relid, AttrNumber attnum)
{
	OneLabel	one = {attnum, NULL};

	cg_labels_of_relation(relid, take_label, &one);
	return one.label;
}
