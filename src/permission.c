/*
 * permission.c
 *		Standing permissions: who is shown values without an intervention.
 *
 * They are rows of contact_guard.permission, kept per session until a relcache
 * invalidation of that table, which every change through allow(), disallow() or
 * any other way sends.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "inval.h"
#include "labels.h"
#include "objects.h"
#include "owntables.h"
#include "permission.h"
#include "policyrecord.h"

#define BULK "bulk"
#define RECORDED "recorded"

typedef struct Row
{
	Oid			role;
	Oid			relation;		/* InvalidOid: all */
	bool		bulk;
	char	   *purpose;
} Row;

static MemoryContext context = NULL;
static List *rows = NIL;
static Oid	table = InvalidOid; /* InvalidOid: rows are not loaded */
static uint64 invalidations = 0;

static void permission_inval(Oid relid);
static void load(void);
static uint64 change(Oid relation, const char *sql, int nargs, Oid *types, Datum *values, const char *nulls);

PG_FUNCTION_INFO_V1(cg_allow);
PG_FUNCTION_INFO_V1(cg_disallow);

void
cg_permission_init(void)
{
	cg_inval_on_relation(permission_inval);
}

static void
permission_inval(Oid relid)
{
	/* Any other relation may be the one that is being read just now. */
	invalidations++;
	if (relid == table || !OidIsValid(relid))
		table = InvalidOid;
}

CgPermission
cg_permission_of(const CgActor *actor, const CgPolicy *policy)
{
	CgPermission result = {false, false, NULL};
	ListCell   *lc;

	if (actor->superuser)
	{
		result.granted = true;
		result.purpose = pstrdup("superuser");
		return result;
	}
	/*
	 * A pool's login has no permission of its own, though it is a member of the
	 * roles with which it may act: a request that forgot act_as sees masks.
	 */
	if (!OidIsValid(actor->role) || actor->proxy)
		return result;
	/* A FETCH takes no lock, and would not hear of a change. */
	AcceptInvalidationMessages();
	load();
	foreach(lc, rows)
	{
		Row		   *row = lfirst(lc);

		if (OidIsValid(row->relation) && row->relation != policy->relid &&
			!list_member_oid(policy->ancestors, row->relation))
			continue;
		if (result.granted && !row->bulk)
			continue;
		if (!has_privs_of_role(actor->role, row->role))
			continue;
		result.granted = true;
		result.bulk = row->bulk;
		result.purpose = pstrdup(row->purpose);
	}
	return result;
}

/*
 * Read with a catalog snapshot: a permission that was taken back counts as
 * taken back in a REPEATABLE READ transaction, too.
 */
static void
load(void)
{
	Oid			relid = cg_objects_relation("permission", true);
	MemoryContext fresh;
	Relation	rel;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *loaded = NIL;
	uint64		before;

	if (OidIsValid(table) && table == relid)
		return;
	if (!OidIsValid(relid))
	{
		rows = NIL;
		return;
	}
	fresh = AllocSetContextCreate(CurrentMemoryContext, "contact_guard permissions",
								  ALLOCSET_SMALL_SIZES);
	rel = table_open(relid, AccessShareLock);
	before = invalidations;
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		MemoryContext oldcontext = MemoryContextSwitchTo(fresh);
		Row		   *row = palloc0(sizeof(Row));
		bool		isnull;
		Datum		relation;

		row->role = DatumGetObjectId(heap_getattr(tuple, 1, RelationGetDescr(rel), &isnull));
		relation = heap_getattr(tuple, 2, RelationGetDescr(rel), &isnull);
		row->relation = isnull ? InvalidOid : DatumGetObjectId(relation);
		row->purpose = TextDatumGetCString(heap_getattr(tuple, 3, RelationGetDescr(rel), &isnull));
		row->bulk = strcmp(TextDatumGetCString(heap_getattr(tuple, 4, RelationGetDescr(rel), &isnull)),
						   BULK) == 0;
		loaded = lappend(loaded, row);
		MemoryContextSwitchTo(oldcontext);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	if (context)
		MemoryContextDelete(context);
	MemoryContextSetParent(fresh, TopMemoryContext);
	context = fresh;
	rows = loaded;
	/* After a change during the scan they are good for this once. */
	table = invalidations == before ? relid : InvalidOid;
}

/* Writes the table as its owner, whatever the caller may do to it. */
static uint64
change(Oid relation, const char *sql, int nargs, Oid *types, Datum *values, const char *nulls)
{
	Oid			relid = cg_objects_relation("permission", false);
	uint64		rows_changed = cg_owntables_execute(sql, nargs, types, values, nulls, NULL);
	ListCell   *lc;

	CacheInvalidateRelcacheByRelid(relid);
	/* Plans may take a permission for granted, or its absence: see assume.h. */
	if (OidIsValid(relation))
		CacheInvalidateRelcacheByRelid(relation);
	else
		foreach(lc, cg_labels_relations())
			CacheInvalidateRelcacheByRelid(lfirst_oid(lc));
	return rows_changed;
}

Datum
cg_allow(PG_FUNCTION_ARGS)
{
	Oid			types[4] = {REGROLEOID, REGCLASSOID, TEXTOID, TEXTOID};
	Datum		values[4];
	char		nulls[5] = "    ";
	char	   *purpose;
	char	   *level;

	cg_objects_require_admin("allow a role to read guarded columns");
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("role, purpose and level must not be null")));
	purpose = text_to_cstring(PG_GETARG_TEXT_PP(1));
	level = text_to_cstring(PG_GETARG_TEXT_PP(3));
	if (purpose[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the purpose must not be empty"),
				 errhint("Say why this role may read contact data without an intervention.")));
	if (strcmp(level, RECORDED) != 0 && strcmp(level, BULK) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid level \"%s\"", level),
				 errhint("Levels are recorded and bulk.")));
	/* regrole_in takes any number. */
	(void) GetUserNameFromId(PG_GETARG_OID(0), false);
	if (!PG_ARGISNULL(2) && cg_policy_get(PG_GETARG_OID(2)) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("relation \"%s\" has no guarded columns", get_rel_name(PG_GETARG_OID(2)))));

	values[0] = PG_GETARG_DATUM(0);
	values[1] = PG_ARGISNULL(2) ? (Datum) 0 : PG_GETARG_DATUM(2);
	nulls[1] = PG_ARGISNULL(2) ? 'n' : ' ';
	values[2] = CStringGetTextDatum(purpose);
	values[3] = CStringGetTextDatum(level);
	change(DatumGetObjectId(values[1]), "INSERT INTO contact_guard.permission (role, relation, purpose, level) VALUES ($1, $2, $3, $4) "
		   "ON CONFLICT (role, (coalesce(relation::oid, 0::oid))) "
		   "DO UPDATE SET purpose = excluded.purpose, level = excluded.level",
		   4, types, values, nulls);
	cg_policyrecord_add("allow %s on %s for \"%s\", level %s",
						GetUserNameFromId(PG_GETARG_OID(0), false),
						PG_ARGISNULL(2) ? "all relations" :
						DatumGetCString(DirectFunctionCall1(regclassout, values[1])),
						purpose, level);
	PG_RETURN_VOID();
}

Datum
cg_disallow(PG_FUNCTION_ARGS)
{
	Oid			types[2] = {REGROLEOID, REGCLASSOID};
	Datum		values[2];
	char		nulls[3] = "  ";

	cg_objects_require_admin("disallow a role to read guarded columns");
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("role must not be null")));
	values[0] = PG_GETARG_DATUM(0);
	values[1] = PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1);
	nulls[1] = PG_ARGISNULL(1) ? 'n' : ' ';
	if (change(DatumGetObjectId(values[1]), "DELETE FROM contact_guard.permission WHERE role = $1 AND relation IS NOT DISTINCT FROM $2",
			   2, types, values, nulls) == 0)
		ereport(NOTICE,
				(errmsg("role \"%s\" had no such permission",
						GetUserNameFromId(PG_GETARG_OID(0), true))));
	else
		cg_policyrecord_add("disallow %s on %s",
							DatumGetCString(DirectFunctionCall1(regroleout, values[0])),
							PG_ARGISNULL(1) ? "all relations" :
							DatumGetCString(DirectFunctionCall1(regclassout, values[1])));
	PG_RETURN_VOID();
}
