/*
 * trustlabel.c
 *		Setting and removing the label of trust, and its conditions.
 *
 * Both reset the caches of functions and types of all sessions and store the function's
 * row again: procedural languages then compile the function again, so that nothing made
 * before it was trusted is used afterwards.
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

#include "base/names.h"
#include "base/roles.h"
#include "journal/eventrecord.h"
#include "policy/labelparse.h"
#include "policy/labels.h"
#include "policy/pinned.h"
#include "policy/trust.h"
#include "policy/trustlabel.h"
#include "policy/trustprint.h"

static void store_anew(Oid function);
static void set_trust(Oid function, const char *label);

PG_FUNCTION_INFO_V1(cg_trust_function);
PG_FUNCTION_INFO_V1(cg_distrust_function);

char *
cg_trustlabel_mend(Oid function)
{
	char	   *name = cg_names_function(function);
	char	   *schema = get_namespace_name(get_func_namespace(function));
	StringInfoData out;

	initStringInfo(&out);
	/* CREATE OR REPLACE has removed the search_path, but not the label. */
	if (cg_pinned_problem(function, NULL) != NULL && function >= FirstNormalObjectId && cg_trust_is_labelled(function))
		appendStringInfo(&out, "Put SET search_path = %s, pg_temp into the CREATE OR REPLACE FUNCTION, or: ",
						 quote_identifier(schema ? schema : "pg_catalog"));
	if (cg_pinned_problem(function, NULL) != NULL)
		appendStringInfo(&out, "ALTER FUNCTION %s SET search_path = %s, pg_temp; ", name,
						 quote_identifier(schema ? schema : "pg_catalog"));
	appendStringInfo(&out, "SELECT contact_guard.trust_function(%s, 'why');", quote_literal_cstr(name));
	return out.data;
}

void
cg_trustlabel_check(const ObjectAddress *object, const char *label)
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
	cg_labelparse_function(label, &parsed);
	/* A restore into another version of PostgreSQL, which may print a definition differently. */
	if (!cg_trustprint_fits(object->objectId, label))
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("the trust in function %s is void: the label was made for another definition of it",
						cg_names_function(object->objectId)),
				 errhint("%s", cg_trustlabel_mend(object->objectId))));
	problem = cg_pinned_problem(object->objectId, &schemas);
	if (problem)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_FUNCTION_DEFINITION),
				 errmsg("function %s cannot be trusted: its search_path is not pinned",
						cg_names_function(object->objectId)),
				 errdetail("%s", problem),
				 errhint("%s", cg_trustlabel_mend(object->objectId))));
	/* A role could create the schema later and put objects into it. */
	foreach(lc, schemas)
		if (!OidIsValid(get_namespace_oid(lfirst(lc), true)))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_SCHEMA),
					 errmsg("function %s cannot be trusted: schema \"%s\" of its search_path does not exist",
							cg_names_function(object->objectId), (char *) lfirst(lc))));
	store_anew(object->objectId);
}

/*
 * Procedural languages compare the row's location with the one that they have compiled.
 * Resetting the caches also reaches casts and domains that PL/pgSQL has compiled outside
 * of the gate.
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
				 errmsg("function %s is not trusted", cg_names_function(function))));
	cg_trustlabel_check(&object, label);
	SetSecurityLabel(&object, CG_LABEL_PROVIDER, label);
	CommandCounterIncrement();
}

Datum
cg_trust_function(PG_FUNCTION_ARGS)
{
	Oid			function = PG_GETARG_OID(0);
	char	   *reason = cg_eventrecord_text_argument(fcinfo, 1, "reason");

	CgFunctionLabel label = {reason};

	cg_roles_require_admin("trust a function");
	LockDatabaseObject(ProcedureRelationId, function, 0, ShareUpdateExclusiveLock);
	label.definition = cg_trustprint_make(function);
	/* If the function does not exist, set_trust() throws. */
	set_trust(function, label.definition ? cg_labels_function_text(&label) : NULL);
	cg_eventrecord_add("trust function %s: %s", cg_names_function(function), reason);
	PG_RETURN_VOID();
}

Datum
cg_distrust_function(PG_FUNCTION_ARGS)
{
	Oid			function = PG_GETARG_OID(0);

	cg_roles_require_admin("withdraw trust in a function");
	set_trust(function, NULL);
	cg_eventrecord_add("distrust function %s", cg_names_function(function));
	PG_RETURN_VOID();
}

void
cg_trustlabel_renew(Oid function)
{
	ObjectAddress object;
	char	   *text;
	CgFunctionLabel label;

	ObjectAddressSet(object, ProcedureRelationId, function);
	text = GetSecurityLabel(&object, CG_LABEL_PROVIDER);
	if (text == NULL || cg_trustprint_fits(function, text))
		return;
	cg_labelparse_function(text, &label);
	label.definition = cg_trustprint_make(function);
	if (label.definition == NULL)
		return;
	SetSecurityLabel(&object, CG_LABEL_PROVIDER, cg_labels_function_text(&label));
	store_anew(function);
	CommandCounterIncrement();
}

void
cg_trustlabel_retire(void)
{
	ListCell   *lc;

	foreach(lc, cg_trust_functions())
	{
		set_trust(lfirst_oid(lc), NULL);
		cg_eventrecord_add("distrust function %s", cg_names_function(lfirst_oid(lc)));
	}
}
