/*
 * objects.c
 *		Finds the extension's own objects in the current database.
 *
 * An object is not ours because of its name.  The extension is the row of pg_extension,
 * which only a superuser can make (see the control file).  Its schema is the one in that
 * row.  A table, function or type is ours if pg_depend says that it is a member of this
 * extension, and if its owner is a superuser at present.  (The owner is the bootstrap
 * superuser, whichever role has installed the extension: see acls.c.  Objects of version
 * 1.0 may belong to the role that installed it.  If that role is no superuser any more,
 * its SECURITY DEFINER functions do not count.)  An object that only has one of our names
 * is an ordinary object.
 *
 * The answers are cached until an invalidation.  pg_extension and pg_depend send none.
 * But CREATE and DROP EXTENSION always create or drop functions, which do, and members
 * cannot be changed otherwise (owntables.c).  The session that drops the extension calls
 * cg_objects_forget.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/inval.h"
#include "base/objects.h"
#include "base/owncolumns.h"
#include "base/recent.h"

/* A table or function of ours that was looked up */
typedef struct Known
{
	NameData	name;			/* hash key */
	Oid			oid;			/* InvalidOid: not known any more */
	uint32		hashvalue;		/* of its entry in the system cache */
} Known;

static CgExtension extension;
static bool extension_known = false;
static bool columns_checked = false;
static Oid	site_type = InvalidOid;
static HTAB *relations = NULL;
static HTAB *functions = NULL;
uint64		cg_objects_invalidations = 0;

CgRecent	cg_objects_strangers;	/* relations of other schemas */
static CgRecent ours;

static const CgExtension *look_for_extension(void);
static Oid	find_function(const char *name);
static const char *columns_problem(char **detail);

/* Handlers only set flags: see inval.h. */
static void
forget_all(HTAB *table)
{
	HASH_SEQ_STATUS seq;
	Known	   *entry;

	hash_seq_init(&seq, table);
	while ((entry = hash_seq_search(&seq)) != NULL)
		entry->oid = InvalidOid;
}

/* A schema or function was created, altered or dropped.  This is rare: forget all. */
static void
objects_inval(int cacheid, uint32 hashvalue)
{
	cg_objects_invalidations++;
	extension_known = false;
	columns_checked = false;
	cg_recent_forget(&cg_objects_strangers, InvalidOid);
	cg_recent_forget(&ours, InvalidOid);
	forget_all(functions);
}

/* The relation may be in another schema now, or its OID may belong to another one. */
static void
stranger_inval(Oid relid)
{
	cg_objects_invalidations++;
	cg_recent_forget(&cg_objects_strangers, relid);
	cg_recent_forget(&ours, relid);
}

static void
type_inval(int cacheid, uint32 hashvalue)
{
	cg_objects_invalidations++;
	site_type = InvalidOid;
}

/* Forgets only what has changed, or each new temporary table would cost new look-ups. */
static void
own_relation_inval(int cacheid, uint32 hashvalue)
{
	HASH_SEQ_STATUS seq;
	Known	   *entry;

	cg_objects_invalidations++;
	hash_seq_init(&seq, relations);
	while ((entry = hash_seq_search(&seq)) != NULL)
	{
		if (hashvalue != 0 && entry->hashvalue != hashvalue)
			continue;
		entry->oid = InvalidOid;
		columns_checked = false;
	}
}

/* An owner may have become a superuser, or may be one no more. */
static void
role_inval(int cacheid, uint32 hashvalue)
{
	cg_objects_forget();
}

static void
listen(void)
{
	HASHCTL		ctl = {.keysize = sizeof(NameData), .entrysize = sizeof(Known)};

	if (relations)
		return;
	functions = hash_create("contact_guard functions", 16, &ctl, HASH_ELEM | HASH_STRINGS);
	relations = hash_create("contact_guard tables", 32, &ctl, HASH_ELEM | HASH_STRINGS);
	cg_inval_on_catalog(NAMESPACEOID, objects_inval);
	cg_inval_on_catalog(PROCOID, objects_inval);
	cg_inval_on_catalog(TYPEOID, type_inval);
	cg_inval_on_catalog(RELOID, own_relation_inval);
	cg_inval_on_catalog(AUTHOID, role_inval);
	cg_inval_on_relation(stranger_inval);
}

void
cg_objects_forget(void)
{
	if (relations == NULL)
		return;
	objects_inval(0, 0);
	type_inval(0, 0);
	own_relation_inval(0, 0);
}

/* This is called for each plan and each range table entry of each session. */
static inline const CgExtension *
own_extension(void)
{
	/* While the extension is being created, its row comes without an invalidation. */
	if (likely(extension_known && !creating_extension))
		return &extension;
	return look_for_extension();
}

static const CgExtension *
look_for_extension(void)
{
	static const CgExtension none = {InvalidOid};
	uint64		before;

	/* At the ROLLBACK of a failed transaction nothing can be looked up. */
	if (!IsTransactionState())
		return &none;
	listen();
	before = cg_objects_invalidations;
	cg_objectextension_find(&extension);
	extension_known = (cg_objects_invalidations == before);
	return &extension;
}

Oid
cg_objects_schema(void)
{
	return own_extension()->schema;
}

Oid
cg_objects_extension(void)
{
	return own_extension()->oid;
}

bool
cg_objects_is_other_version(void)
{
	const CgExtension *own = own_extension();

	return OidIsValid(own->oid) && own->other_version;
}

bool
cg_objects_is_creating(void)
{
	return creating_extension && OidIsValid(cg_objects_extension()) &&
		CurrentExtensionObject == cg_objects_extension();
}

/* Is the object a member of the extension, and its owner a superuser? */
static bool
belongs(Oid classId, Oid oid, Oid owner)
{
	const CgExtension *own = own_extension();

	return OidIsValid(own->oid) && superuser_arg(owner) &&
		getExtensionOfObject(classId, oid) == own->oid;
}

static bool
is_own_relation(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		return false;
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return belongs(RelationRelationId, relid, owner);
}

bool
cg_objects_is_own(Oid relid)
{
	Oid			schema = cg_objects_schema();
	uint64		before = cg_objects_invalidations;
	char		relkind;

	if (!OidIsValid(schema) || !OidIsValid(relid) || cg_objects_is_stranger(relid))
		return false;
	if (get_rel_namespace(relid) != schema)
	{
		if (cg_objects_invalidations == before && extension_known && !creating_extension)
			cg_recent_add(&cg_objects_strangers, relid);
		return false;
	}
	if (cg_recent_has(&ours, relid))
		return true;
	/* An index is not a member of the extension; its table is. */
	relkind = get_rel_relkind(relid);
	if (relkind == RELKIND_INDEX || relkind == RELKIND_PARTITIONED_INDEX)
		relid = IndexGetRelation(relid, true);
	if (!OidIsValid(relid) || !is_own_relation(relid))
		return false;
	if (cg_objects_invalidations == before && extension_known && !creating_extension)
		cg_recent_add(&ours, relid);
	return true;
}

static Known *
known(HTAB *table, const char *name)
{
	Known	   *entry = hash_search(table, name, HASH_FIND, NULL);

	return entry && OidIsValid(entry->oid) ? entry : NULL;
}

/* Keeps an answer, unless there was an invalidation since the look-up began. */
static void
keep_known(HTAB *table, const char *name, int cacheid, Oid oid, uint64 before)
{
	Known	   *entry = hash_search(table, name, HASH_ENTER, NULL);

	entry->hashvalue = GetSysCacheHashValue1(cacheid, ObjectIdGetDatum(oid));
	entry->oid = cg_objects_invalidations == before && !creating_extension ? oid : InvalidOid;
}

Oid
cg_objects_relation(const char *name, bool missing_ok)
{
	const CgExtension *own = own_extension();
	Known	   *entry = OidIsValid(own->oid) ? known(relations, name) : NULL;
	uint64		before = cg_objects_invalidations;
	Oid			relid = InvalidOid;

	if (entry)
		return entry->oid;
	if (OidIsValid(own->oid))
		relid = get_relname_relid(name, own->schema);
	if (OidIsValid(relid) && !is_own_relation(relid))
		relid = InvalidOid;
	if (OidIsValid(relid))
		keep_known(relations, name, RELOID, relid, before);
	else if (!missing_ok)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"%s.%s\" of extension \"%s\" does not exist", CG_SCHEMA, name, CG_SCHEMA),
				 cg_objectextension_missing_hint(own)));
	return relid;
}

/* The table that is not what the library expects, or NULL. */
static const char *
columns_problem(char **detail)
{
	uint64		before = cg_objects_invalidations;
	const char *table;

	/* While a script runs, the tables are not complete yet. */
	if ((columns_checked && extension_known) || creating_extension || IsBinaryUpgrade)
		return NULL;
	table = cg_owncolumns_problem(detail);
	columns_checked = table == NULL && cg_objects_invalidations == before;
	return table;
}

void
cg_objects_require(void)
{
	const CgExtension *own = own_extension();
	char	   *name;
	char	   *detail;
	const char *table;

	if (columns_checked && extension_known)
		return;
	name = OidIsValid(own->oid) ? get_namespace_name(own->schema) : NULL;
	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("extension \"%s\" is not installed in this database", CG_SCHEMA),
				 errhint("Run CREATE EXTENSION contact_guard.")));
	/* Our SQL names the schema CG_SCHEMA, which may be another schema now. */
	if (strcmp(name, CG_SCHEMA) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the schema of extension \"%s\" is called \"%s\"", CG_SCHEMA, name),
				 errhint("Restart the server without the library, and rename the schema to \"%s\".", CG_SCHEMA)));
	cg_objectextension_require_version(own);
	table = columns_problem(&detail);
	if (table)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s.%s\" is not the one that this version of contact_guard uses", CG_SCHEMA, table),
				 errdetail_internal("%s", detail),
				 errhint("%s", CG_OBJECTS_OTHER_BUILD_HINT)));
}

bool
cg_objects_is_usable(void)
{
	const CgExtension *own = own_extension();
	char	   *detail;

	return OidIsValid(own->oid) && !own->other_version && columns_problem(&detail) == NULL &&
		OidIsValid(find_function("standing_permission"));
}

Oid
cg_objects_site_type(void)
{
	const CgExtension *own = own_extension();
	uint64		before = cg_objects_invalidations;
	HeapTuple	tuple = NULL;
	Oid			result = InvalidOid;

	if (OidIsValid(site_type))
		return site_type;
	if (OidIsValid(own->oid))
		tuple = SearchSysCache2(TYPENAMENSP, CStringGetDatum("site"), ObjectIdGetDatum(own->schema));
	if (HeapTupleIsValid(tuple))
	{
		Form_pg_type form = (Form_pg_type) GETSTRUCT(tuple);

		/* The library makes its values as by-value constants: see site.h. */
		if (form->typtype == TYPTYPE_BASE && form->typlen == sizeof(int64) && form->typbyval &&
			form->typisdefined && belongs(TypeRelationId, form->oid, form->typowner))
			result = form->oid;
		ReleaseSysCache(tuple);
	}
	if (!OidIsValid(result))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("guarded columns cannot be read: extension \"contact_guard\" is not installed in this database"),
				 errhint("Run CREATE EXTENSION contact_guard.")));
	if (cg_objects_invalidations == before && !creating_extension)
		site_type = result;
	return result;
}

/*
 * The member of this name that calls the library's function of this name.  There is at
 * most one: other forms of act_as() and act_as_session() call functions of other names.
 */
static Oid
find_function(const char *name)
{
	const CgExtension *own = own_extension();
	CatCList   *list = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name));
	Oid			result = InvalidOid;

	for (int i = 0; i < list->n_members; i++)
	{
		HeapTuple	tuple = &list->members[i]->tuple;
		Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);

		if (OidIsValid(own->oid) && form->pronamespace == own->schema && form->prolang == ClanguageId &&
			belongs(ProcedureRelationId, form->oid, form->proowner) && cg_objectextension_calls_library(tuple, name))
			result = form->oid;
	}
	ReleaseSysCacheList(list);
	return result;
}

Oid
cg_objects_function_if_there(const char *name)
{
	return OidIsValid(own_extension()->oid) ? find_function(name) : InvalidOid;
}

Oid
cg_objects_function(const char *name)
{
	const CgExtension *own = own_extension();
	Known	   *entry = OidIsValid(own->oid) ? known(functions, name) : NULL;
	uint64		before = cg_objects_invalidations;
	Oid			result;

	if (entry)
		return entry->oid;
	result = find_function(name);
	if (!OidIsValid(result))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("function %s.%s of extension \"%s\" does not exist, or is not the library's",
						CG_SCHEMA, name, CG_SCHEMA),
				 cg_objectextension_missing_hint(own)));
	keep_known(functions, name, PROCOID, result, before);
	return result;
}
