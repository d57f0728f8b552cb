/*
 * trustlabel.c
 *		Setting and removing the label of trust, and what it asks of a function.
 *
 * Either resets the caches of functions and types of all sessions and stores the
 * function's row anew: procedural languages then forget what they had compiled of
 * it, so that nothing made before it was trusted is used afterwards.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/seclabel.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "base/objects.h"
#include "journal/eventrecord.h"
#include "policy/labels.h"
#include "policy/trust.h"

static char *own_path(Oid function);
static void store_anew(Oid function);
static void set_trust(Oid function, const char *label);

PG_FUNCTION_INFO_V1(cg_trust_function);
PG_FUNCTION_INFO_V1(cg_distrust_function);

/* The search_path of a function's own settings, or NULL. */
static char *
own_path(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		isnull;
	Datum		config;
	Datum	   *settings;
	int			count = 0;
	char	   *result = NULL;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	config = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proconfig, &isnull);
	if (!isnull)
		deconstruct_array(DatumGetArrayTypeP(config), TEXTOID, -1, false, TYPALIGN_INT,
						  &settings, NULL, &count);
	for (int i = 0; i < count; i++)
	{
		char	   *setting = TextDatumGetCString(settings[i]);

		if (pg_strncasecmp(setting, "search_path=", strlen("search_path=")) == 0)
			result = setting + strlen("search_path=");
	}
	ReleaseSysCache(tuple);
	return result;
}

const char *
cg_trust_path_problem(Oid function, List **schemas)
{
	char	   *path = own_path(function);
	List	   *names;
	ListCell   *lc;

	if (path == NULL)
		return "It has no search_path of its own.";
	if (!SplitIdentifierString(path, ',', &names))
		return "Its search_path is not a list of names.";
	if (names == NIL || strcmp(llast(names), "pg_temp") != 0)
		return "Its search_path does not end in pg_temp, so that temporary objects come first.";
	names = list_truncate(names, list_length(names) - 1);
	foreach(lc, names)
	{
		const char *name = lfirst(lc);

		if (strcmp(name, "$user") == 0)
			return "Its search_path has \"$user\", which is another schema for each caller.";
		if (strncmp(name, "pg_temp", strlen("pg_temp")) == 0 ||
			strncmp(name, "pg_toast_temp", strlen("pg_toast_temp")) == 0)
			return "Its search_path has pg_temp before its end.";
	}
	if (schemas)
		*schemas = names;
	return NULL;
}

List *
cg_trust_path(Oid function)
{
	List	   *schemas = NIL;

	return cg_trust_path_problem(function, &schemas) == NULL ? schemas : NIL;
}

/* format_procedure_qualified() would qualify the built-in types, too. */
char *
cg_trust_name(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	char	   *schema;
	StringInfoData out;

	if (!HeapTupleIsValid(tuple))
		return psprintf("%u", function);
	form = (Form_pg_proc) GETSTRUCT(tuple);
	schema = get_namespace_name(form->pronamespace);
	initStringInfo(&out);
	appendStringInfo(&out, "%s(", quote_qualified_identifier(schema, NameStr(form->proname)));
	for (int i = 0; i < form->pronargs; i++)
	{
		Oid			type = form->proargtypes.values[i];

		appendStringInfo(&out, "%s%s", i > 0 ? ", " : "",
						 type < FirstNormalObjectId ? format_type_be(type) : format_type_be_qualified(type));
	}
	appendStringInfoChar(&out, ')');
	ReleaseSysCache(tuple);
	return out.data;
}

char *
cg_trust_mend(Oid function)
{
	char	   *name = cg_trust_name(function);
	char	   *schema = get_namespace_name(get_func_namespace(function));
	StringInfoData out;

	initStringInfo(&out);
	/* CREATE OR REPLACE has taken the path away, and leaves the label. */
	if (cg_trust_path_problem(function, NULL) != NULL && function >= FirstNormalObjectId && cg_trust_is_labelled(function))
		appendStringInfo(&out, "Put SET search_path = %s, pg_temp into the CREATE OR REPLACE FUNCTION, or: ",
						 quote_identifier(schema ? schema : "pg_catalog"));
	if (cg_trust_path_problem(function, NULL) != NULL)
		appendStringInfo(&out, "ALTER FUNCTION %s SET search_path = %s, pg_temp; ", name,
						 quote_identifier(schema ? schema : "pg_catalog"));
	appendStringInfo(&out, "SELECT contact_guard.trust_function(%s, 'why');", quote_literal_cstr(name));
	return out.data;
}

void
cg_trust_check_label(const ObjectAddress *object, const char *label)
{
	const char *problem;
	List	   *schemas = NIL;
	ListCell   *lc;
	CgFunctionLabel parsed;

	if (label == NULL)
	{
		store_anew(object->objectId);
		return;
	}
	cg_labels_parse_function(label, &parsed);
	/* A restore by another version of PostgreSQL, which may write it otherwise. */
	if (!cg_trust_fits(object->objectId, label))
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("the trust in function %s is void: the label was made for another definition of it",
						cg_trust_name(object->objectId)),
				 errhint("%s", cg_trust_mend(object->objectId))));
	problem = cg_trust_path_problem(object->objectId, &schemas);
	if (problem)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_FUNCTION_DEFINITION),
				 errmsg("function %s cannot be trusted: its search_path is not pinned",
						cg_trust_name(object->objectId)),
				 errdetail("%s", problem),
				 errhint("%s", cg_trust_mend(object->objectId))));
	/* A restored database may get the schema later; nobody fills it meanwhile. */
	foreach(lc, schemas)
		if (!OidIsValid(get_namespace_oid(lfirst(lc), true)))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_SCHEMA),
					 errmsg("function %s cannot be trusted: schema \"%s\" of its search_path does not exist",
							cg_trust_name(object->objectId), (char *) lfirst(lc))));
	store_anew(object->objectId);
}

/*
 * Procedural languages know by the row's place whether what they compiled is
 * still good.  Resetting the caches reaches casts and domains that PL/pgSQL has
 * compiled without us.
 */
static void
store_anew(Oid function)
{
	Relation	catalog = table_open(ProcedureRelationId, RowExclusiveLock);
	HeapTuple	tuple = SearchSysCacheCopy1(PROCOID, ObjectIdGetDatum(function));

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	CatalogTupleUpdate(catalog, &tuple->t_self, tuple);
	heap_freetuple(tuple);
	table_close(catalog, RowExclusiveLock);
	CacheInvalidateCatalog(ProcedureRelationId);
	CacheInvalidateCatalog(TypeRelationId);
}

static void
set_trust(Oid function, const char *label)
{
	ObjectAddress object;

	LockDatabaseObject(ProcedureRelationId, function, 0, ShareUpdateExclusiveLock);
	if (!SearchSysCacheExists1(PROCOID, ObjectIdGetDatum(function)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("function with OID %u does not exist", function)));
	ObjectAddressSet(object, ProcedureRelationId, function);
	if (label == NULL && !cg_trust_is_labelled(function))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("function %s is not trusted", cg_trust_name(function))));
	cg_trust_check_label(&object, label);
	SetSecurityLabel(&object, CG_LABEL_PROVIDER, label);
	CommandCounterIncrement();
}

Datum
cg_trust_function(PG_FUNCTION_ARGS)
{
	Oid			function = PG_GETARG_OID(0);
	char	   *reason = cg_objects_text_argument(fcinfo, 1, "reason");

	CgFunctionLabel label = {reason};

	cg_objects_require_admin("trust a function");
	LockDatabaseObject(ProcedureRelationId, function, 0, ShareUpdateExclusiveLock);
	label.definition = cg_trust_print(function);
	/* A function that is gone: set_trust() says so. */
	set_trust(function, label.definition ? cg_labels_function_text(&label) : NULL);
	cg_eventrecord_add("trust function %s: %s", cg_trust_name(function), reason);
	PG_RETURN_VOID();
}

Datum
cg_distrust_function(PG_FUNCTION_ARGS)
{
	Oid			function = PG_GETARG_OID(0);

	cg_objects_require_admin("withdraw trust in a function");
	set_trust(function, NULL);
	cg_eventrecord_add("distrust function %s", cg_trust_name(function));
	PG_RETURN_VOID();
}

void
cg_trust_renew(Oid function)
{
	ObjectAddress object;
	char	   *text;
	CgFunctionLabel label;

	ObjectAddressSet(object, ProcedureRelationId, function);
	text = GetSecurityLabel(&object, CG_LABEL_PROVIDER);
	if (text == NULL || cg_trust_fits(function, text))
		return;
	cg_labels_parse_function(text, &label);
	label.definition = cg_trust_print(function);
	if (label.definition == NULL)
		return;
	SetSecurityLabel(&object, CG_LABEL_PROVIDER, cg_labels_function_text(&label));
	store_anew(function);
	CommandCounterIncrement();
}

void
cg_trust_retire(void)
{
	ListCell   *lc;

	foreach(lc, cg_trust_functions())
	{
		set_trust(lfirst_oid(lc), NULL);
		cg_eventrecord_add("distrust function %s", cg_trust_name(lfirst_oid(lc)));
	}
}
