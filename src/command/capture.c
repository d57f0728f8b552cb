/*
 * capture.c
 *		Names that a trusted function finds on its search_path.
 *
 * The schemas of a pinned path belong to the CRM's owner, who may not read guarded values.
 * An object that the owner creates there, under a name that a trusted function uses, would
 * be called with stored values.  The gate refuses it unless it is allowed (trust.h), but
 * even a cast in an allowed function tells values by its error.  So if a name occurs in the
 * text of a trusted function, only an admin may create or move an object of that name in a
 * schema of the function's path.  Other names are free, so migrations can go on.
 *
 * If a text has EXECUTE, or is in a language that is not read here, the function may
 * construct names.  Then this holds for every name that exists elsewhere on the path,
 * pg_catalog included.  An object whose name is nowhere else hides nothing, and uncovers
 * nothing when it is dropped.  Casts are found by type, not by name.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/proclang.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/catalog.h"
#include "base/names.h"
#include "command/capture.h"
#include "command/ddl.h"
#include "command/meets.h"
#include "journal/eventrecord.h"
#include "policy/pinned.h"
#include "policy/trust.h"

/* A class of objects that are found by name */
typedef struct Kind
{
	Oid			catalog;
	const char *what;
} Kind;

static const Kind kinds[] = {
	{ProcedureRelationId, "function"},
	{OperatorRelationId, "operator"},
	{TypeRelationId, "type"},
	{RelationRelationId, "relation"},
	{CollationRelationId, "collation"},
	{NamespaceRelationId, "schema"},
};

/* The object that was created or changed */
typedef struct Found
{
	const Kind *kind;
	NameData	name;
	Oid			schema;
	Oid			object;
	bool		made;			/* it is new here, so it may hide others */
} Found;

static bool find_now(const Kind *kind, Oid object, Found *found);
static bool find_before(const Kind *kind, Oid object, Found *found);
static void refuse_if_found(const Found *found, const char *what);
static const Kind *kind_of(Oid classId);
static bool has_word(const char *text, const char *word);
static char *text_of(Oid function);
static bool names(Oid function, const Found *found);
static bool makes_up_names(Oid function);
static bool is_on_path(const List *path, const Found *found);
static bool may_find(Oid function, const Found *found);
static bool exists(const Found *found, const List *schemas);
static void decide_trusted(const CgAccess *event);
static void decide_cast(Oid cast);
static void decide_found_domain(Oid constraint);

/* Is the object in a schema, rather than a schema itself? */
static bool
is_in_schema(const Kind *kind)
{
	return kind->catalog != NamespaceRelationId;
}

static bool
find_now(const Kind *kind, Oid object, Found *found)
{
	HeapTuple	tuple = cg_catalog_row(kind->catalog, object);
	bool		isnull;

	if (tuple == NULL)
		return false;
	found->kind = kind;
	found->object = object;
	found->name = *DatumGetName(cg_catalog_value(tuple, kind->catalog, get_object_attnum_name(kind->catalog), &isnull));
	found->schema = InvalidOid;
	if (is_in_schema(kind))
		found->schema = DatumGetObjectId(cg_catalog_value(tuple, kind->catalog,
														  get_object_attnum_namespace(kind->catalog), &isnull));
	return true;
}

/* Reads the object's row as the command has left it; the caches do not have it yet. */
static bool
find_before(const Kind *kind, Oid object, Found *found)
{
	int			cache = get_object_catcache_oid(kind->catalog);
	HeapTuple	tuple = SearchSysCache1(cache, ObjectIdGetDatum(object));
	bool		isnull;

	if (!HeapTupleIsValid(tuple))
		return false;
	found->kind = kind;
	found->object = object;
	found->name = *DatumGetName(SysCacheGetAttr(cache, tuple, get_object_attnum_name(kind->catalog), &isnull));
	found->schema = InvalidOid;
	if (is_in_schema(kind))
		found->schema = DatumGetObjectId(SysCacheGetAttr(cache, tuple, get_object_attnum_namespace(kind->catalog),
														 &isnull));
	ReleaseSysCache(tuple);
	return true;
}

static bool
is_part_of_word(unsigned char c)
{
	return isalnum(c) || c == '_' || c == '$' || IS_HIGHBIT_SET(c);
}

/*
 * Does the text contain the name?  Its case does not matter, since most names are folded.  An
 * operator may stand anywhere.  A name may be longer in the text than in the catalog.
 */
static bool
has_word(const char *text, const char *word)
{
	size_t		length = strlen(word);
	bool		is_name = is_part_of_word(word[0]);
	bool		is_cut = length >= NAMEDATALEN - MAX_MULTIBYTE_CHAR_LEN;

	for (const char *at = text; *at; at++)
		if (pg_strncasecmp(at, word, length) == 0 &&
			(!is_name || ((at == text || !is_part_of_word(at[-1])) &&
						  (is_cut || !is_part_of_word(at[length])))))
			return true;
	return false;
}

/* Operators that IN, LIKE, BETWEEN, CASE, USING and similar syntax use */
static bool
is_implied(const Found *found)
{
	static const char *const operators[] = {
		"=", "<>", "<", ">", "<=", ">=", "~", "~~", "!~~", "~~*", "!~~*"
	};

	for (int i = 0; found->kind->catalog == OperatorRelationId && i < lengthof(operators); i++)
		if (strcmp(NameStr(found->name), operators[i]) == 0)
			return true;
	return false;
}

/*
 * Is there an object of this name in another of these schemas, or in pg_catalog, that it
 * could hide, or has hidden so far?  A function or an operator can also hide another one of
 * the same schema, and one that is replaced hides its own old version.
 */
static bool
exists(const Found *found, const List *schemas)
{
	ListCell   *lc;
	List	   *all = lappend(list_copy(schemas), "pg_catalog");
	const char *name = NameStr(found->name);

	foreach(lc, all)
	{
		Oid			schema = get_namespace_oid(lfirst(lc), true);

		if (!OidIsValid(schema))
			continue;
		if (schema == found->schema && found->kind->catalog != ProcedureRelationId &&
			found->kind->catalog != OperatorRelationId)
			continue;
		if (found->kind->catalog == TypeRelationId || found->kind->catalog == RelationRelationId)
		{
			if (SearchSysCacheExists2(TYPENAMENSP, CStringGetDatum(name), ObjectIdGetDatum(schema)) ||
				OidIsValid(get_relname_relid(name, schema)))
				return true;
		}
		else if (found->kind->catalog == ProcedureRelationId || found->kind->catalog == OperatorRelationId)
		{
			bool		function = found->kind->catalog == ProcedureRelationId;
			CatCList   *list = SearchSysCacheList1(function ? PROCNAMEARGSNSP : OPERNAMENSP,
												   CStringGetDatum(name));
			bool		there = false;

			for (int i = 0; i < list->n_members; i++)
			{
				HeapTuple	tuple = &list->members[i]->tuple;
				Oid			other = function ? ((Form_pg_proc) GETSTRUCT(tuple))->oid :
					((Form_pg_operator) GETSTRUCT(tuple))->oid;
				Oid			its_schema = function ? ((Form_pg_proc) GETSTRUCT(tuple))->pronamespace :
					((Form_pg_operator) GETSTRUCT(tuple))->oprnamespace;

				there |= (found->made || other != found->object) && schema == its_schema;
			}
			ReleaseSysCacheList(list);
			if (there)
				return true;
		}
		else
			return true;		/* collations are not looked up */
	}
	return false;
}

/* The text of a function; palloc'd. */
static char *
text_of(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		isnull;
	char	   *source;

	if (!HeapTupleIsValid(tuple))
		return pstrdup("");
	source = TextDatumGetCString(SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull));
	ReleaseSysCache(tuple);
	return source;
}

/* Does the text name it?  Quotes in names are doubled, and U&"\0061" is a name, too. */
static bool
names(Oid function, const Found *found)
{
	char	   *source = text_of(function);

	return is_implied(found) || has_word(source, NameStr(found->name)) ||
		strchr(NameStr(found->name), '"') || strcasestr(source, "u&\"");
}

/* Has the text EXECUTE, or is it in a language that is not read here? */
static bool
makes_up_names(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid			language = HeapTupleIsValid(tuple) ? ((Form_pg_proc) GETSTRUCT(tuple))->prolang : InvalidOid;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return (language != SQLlanguageId && language != get_language_oid("plpgsql", true)) ||
		has_word(text_of(function), "execute");
}

static bool
is_on_path(const List *path, const Found *found)
{
	ListCell   *lc;

	foreach(lc, path)
		if (is_in_schema(found->kind) ? get_namespace_oid(lfirst(lc), true) == found->schema
			: strcmp(lfirst(lc), NameStr(found->name)) == 0)
			return true;
	return false;
}

bool
cg_capture_is_named(Oid classId, Oid object)
{
	Found		found = {NULL};
	ListCell   *lc;

	if (!find_before(kind_of(classId), object, &found))
		return false;
	foreach(lc, cg_trust_functions())
	{
		Oid			function = lfirst_oid(lc);
		char	   *schema = get_namespace_name(found.schema);

		if ((is_on_path(cg_pinned_path(function), &found) || (schema && has_word(text_of(function), schema))) &&
			(names(function, &found) || makes_up_names(function)))
			return true;
	}
	return false;
}

/* Could the trusted function find the object? */
static bool
may_find(Oid function, const Found *found)
{
	List	   *path = cg_pinned_path(function);

	if (!is_on_path(path, found))
		return false;
	if (!is_in_schema(found->kind))
		return true;
	return names(function, found) || (makes_up_names(function) && exists(found, path));
}

/* A trusted function was changed: it stays trusted only if it is still pinned. */
static void
decide_trusted(const CgAccess *event)
{
	if (!cg_trust_is_labelled(event->object))
		return;
	if (!cg_ddl_is_admin())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be a member of role \"contact_guard_admin\" to change function %s",
						cg_names_function(event->object)),
				 errdetail("The function is trusted with stored values.")));
	/* The caches still have the old version.  A void trust does not become valid again. */
	if (!cg_trust_is_void(event->object))
		cg_ddl_note_trusted(event->object);
	cg_eventrecord_add("change of function %s, which is trusted", cg_names_function(event->object));
}

static void
decide_cast(Oid cast)
{
	HeapTuple	tuple = cg_catalog_row(CastRelationId, cast);
	Form_pg_cast form = tuple ? (Form_pg_cast) GETSTRUCT(tuple) : NULL;

	if (form && (cg_meets_type(form->castsource) || cg_meets_type(form->casttarget)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be a member of role \"contact_guard_admin\" to create a cast from type %s to type %s",
						format_type_be(form->castsource), format_type_be(form->casttarget)),
				 errdetail("A guarded relation, or a function that is trusted with stored values, uses one of these types."),
				 errhint("Ask a member of contact_guard_admin to run the command, or create the cast before anything uses the type.")));
}

/* A constraint of a domain that a trusted function may find. */
static void
decide_found_domain(Oid constraint)
{
	HeapTuple	tuple = cg_catalog_row(ConstraintRelationId, constraint);
	Oid			domain = tuple ? ((Form_pg_constraint) GETSTRUCT(tuple))->contypid : InvalidOid;
	CgAccess	event = {OAT_POST_CREATE, domain};

	if (OidIsValid(domain))
		cg_capture_decide(TypeRelationId, &event);
}

static void
refuse_if_found(const Found *found, const char *what)
{
	ListCell   *lc;

	foreach(lc, cg_trust_functions())
		if (may_find(lfirst_oid(lc), found))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("must be a member of role \"contact_guard_admin\" to %s %s %s named \"%s\" here",
							what, found->kind->catalog == OperatorRelationId ? "an" : "a", found->kind->what, NameStr(found->name)),
					 errdetail("Function %s, which is trusted with stored values, may find it by this name.",
							   cg_names_function(lfirst_oid(lc))),
					 strcmp(what, "drop") == 0 || strcmp(what, "move away") == 0
					 ? errhint("The function would then find another one. Ask a member of contact_guard_admin to run the command.")
					 : errhint("Use another name, or ask a member of contact_guard_admin to run the command.")));
}

static const Kind *
kind_of(Oid classId)
{
	for (int i = 0; i < lengthof(kinds); i++)
		if (kinds[i].catalog == classId)
			return &kinds[i];
	return NULL;
}

void
cg_capture_decide(Oid classId, const CgAccess *event)
{
	const Kind *kind = kind_of(classId);
	Found		now = {NULL};
	Found		before = {NULL};

	if (!cg_trust_is_any() || event->column != 0)
		return;
	if (classId == ProcedureRelationId)
		decide_trusted(event);
	if (cg_ddl_is_admin())
		return;
	if (classId == CastRelationId)
		decide_cast(event->object);
	else if (classId == ConstraintRelationId && event->access == OAT_POST_CREATE)
		decide_found_domain(event->object);
	if (kind == NULL || !find_now(kind, event->object, &now))
		return;
	now.made = event->access == OAT_POST_CREATE;
	if (now.made)
		refuse_if_found(&now, "make");
	else if (find_before(kind, event->object, &before) &&
			 (strcmp(NameStr(now.name), NameStr(before.name)) != 0 || now.schema != before.schema))
	{
		/* In place of this type a temporary one would be found. */
		refuse_if_found(&before, "move away");
		refuse_if_found(&now, "make");
	}
}

void
cg_capture_decide_drop(Oid classId, Oid object, int column)
{
	const Kind *kind = kind_of(classId);
	Found		found = {NULL};

	if (!cg_trust_is_any() || column != 0)
		return;
	if (classId == ProcedureRelationId && cg_trust_is_labelled(object))
		cg_eventrecord_add("drop of function %s, which was trusted", cg_names_function(object));
	/* Only types and relations are looked up in the temporary schema. */
	if (cg_ddl_is_admin() || (classId != TypeRelationId && classId != RelationRelationId &&
							  classId != NamespaceRelationId))
		return;
	if (find_before(kind, object, &found))
		refuse_if_found(&found, "drop");
}
