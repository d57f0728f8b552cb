/*
 * permission.c
 *		Standing permissions, which show values without an intervention.
 *
 * A permission has two parts: a row of contact_guard.permission, and the privilege to
 * execute contact_guard.standing_permission() for the role that the row names.
 * Without the privilege the row is void.  PostgreSQL tracks no dependency of a row, but
 * it does of a privilege: it refuses to drop the role, and pg_dump writes the privilege by
 * name.  So the OID of a role that was dropped, or that belongs to another cluster, gives
 * nobody a permission.  Rows of dropped roles or relations are not in a dump (see the
 * condition in the install script).
 *
 * A session keeps both parts until an invalidation arrives: a relcache invalidation of
 * the table, which every change of the table sends, or one of the function, which every
 * GRANT and REVOKE sends.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/parallel.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_proc.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/inval.h"
#include "base/objects.h"
#include "base/owncolumns.h"
#include "base/owntables.h"
#include "compat.h"
#include "journal/eventrecord.h"
#include "journal/forward.h"
#include "journal/reason.h"
#include "policy/forwardask.h"
#include "policy/kin.h"
#include "policy/labels.h"
#include "policy/permission.h"


/* A column of a tuple of the table; sets isnull.  Only the column "relation" may be NULL. */
#define COLUMN(name) heap_getattr(tuple, place[Anum_permission_##name - 1] + 1, RelationGetDescr(rel), &isnull)

typedef struct Row
{
	Oid			role;			/* which has the privilege */
	Oid			relation;		/* InvalidOid: all relations */
	bool		bulk;
	char	   *purpose;
} Row;

static MemoryContext context = NULL;
static List *rows = NIL;
static int	void_rows = 0;
static Oid	table = InvalidOid; /* InvalidOid: rows are not loaded */
static uint64 table_at = 0;		/* cg_objects_invalidations when it was looked up */
static uint32 function_hash = 0;	/* of standing_permission() in the system cache */
static uint64 invalidations = 0;

static void permission_inval(Oid relid);
static void privilege_inval(int cacheid, uint32 hashvalue);
static void relation_dropped(Oid relid);
static List *privileged_roles(void);
static void load(void);
static bool remove_rows(Oid role, Oid relation);

void
cg_permission_init(void)
{
	cg_inval_on_relation(permission_inval);
	cg_inval_on_catalog(PROCOID, privilege_inval);
	cg_owntables_on_drop = relation_dropped;
}

static void
privilege_inval(int cacheid, uint32 hashvalue)
{
	invalidations++;
	if (hashvalue == function_hash || hashvalue == 0)
		table = InvalidOid;
}

static void
permission_inval(Oid relid)
{
	/* Counts every relation: load() may be reading the table now, before it sets "table". */
	invalidations++;
	if (relid == table || !OidIsValid(relid))
		table = InvalidOid;
}

/* By the tables of this server */
static CgPermission
permission_here(const CgActor *actor, const CgPolicy *policy)
{
	CgPermission result = {0};
	ListCell   *lc;

	result.narrowed = actor->token && actor->token->columns != 0;
	if (actor->superuser)
	{
		result.granted = true;
		result.purpose = pstrdup("superuser");
		return result;
	}
	/*
	 * A pool's login has no permission of its own, though it is a member of the
	 * roles for which it may act: a request without act_as sees masks.
	 */
	if (!OidIsValid(actor->role) || actor->proxy)
		return result;
	/* A FETCH takes no lock, so it would not receive the invalidation of a change. */
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
		result.reason = psprintf(CG_REASON_BY_ROLE, GetUserNameFromId(row->role, true));
	}
	return result;
}

CgPermission
cg_permission_of(const CgActor *actor, const CgPolicy *policy)
{
	CgPermission result = permission_here(actor, policy);

	/* A parallel worker runs what the primary has just told the leader. */
	if (result.granted && cg_forward_is_on() && !IsParallelWorker())
		cg_forwardask_permission(actor, policy->relid, &result);
	return result;
}

/* The roles that a GRANT names, not those that are members of them. */
static List *
privileged_roles(void)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(cg_objects_function("standing_permission")));
	List	   *result = NIL;
	bool		isnull;
	Datum		value;

	if (!HeapTupleIsValid(tuple))
		return NIL;
	value = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proacl, &isnull);
	if (!isnull)
	{
		Acl		   *acl = DatumGetAclPCopy(value);

		for (int i = 0; i < ACL_NUM(acl); i++)
			if (ACL_DAT(acl)[i].ai_grantee != ACL_ID_PUBLIC &&
				(ACLITEM_GET_PRIVS(ACL_DAT(acl)[i]) & ACL_EXECUTE) != 0)
				result = list_append_unique_oid(result, ACL_DAT(acl)[i].ai_grantee);
	}
	ReleaseSysCache(tuple);
	return result;
}

/*
 * Reads the table with a catalog snapshot, so that a REPEATABLE READ transaction, too,
 * sees that a permission was taken back.
 */
static void
load(void)
{
	uint64		as_of = cg_objects_invalidations;
	Oid			relid;
	MemoryContext fresh;
	Relation	rel;
	SysScanDesc scan;
	HeapTuple	tuple;
	int			place[CG_OWN_COLUMNS];
	List	   *loaded = NIL;
	List	   *privileged;
	int			voided = 0;
	uint64		before;

	if (OidIsValid(table) && table_at == as_of && !creating_extension)
		return;
	relid = cg_objects_relation("permission", true);
	table_at = as_of;
	if (OidIsValid(table) && table == relid)
		return;
	if (!OidIsValid(relid))
	{
		rows = NIL;
		return;
	}
	cg_objects_require();
	function_hash = GetSysCacheHashValue1(PROCOID, ObjectIdGetDatum(cg_objects_function("standing_permission")));
	fresh = AllocSetContextCreate(CurrentMemoryContext, "contact_guard permissions",
								  ALLOCSET_SMALL_SIZES);
	rel = table_open(relid, AccessShareLock);
	(void) cg_owncolumns_place(CG_OWN_PERMISSION, RelationGetDescr(rel), place);
	before = invalidations;
	privileged = privileged_roles();
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		MemoryContext oldcontext;
		Row		   *row;
		bool		isnull;
		Oid			role = DatumGetObjectId(COLUMN(role));
		Datum		relation;

		if (isnull || !list_member_oid(privileged, role))
		{
			voided++;
			continue;
		}
		oldcontext = MemoryContextSwitchTo(fresh);
		row = palloc0(sizeof(Row));
		row->role = role;
		relation = COLUMN(relation);
		row->relation = isnull ? InvalidOid : DatumGetObjectId(relation);
		row->purpose = TextDatumGetCString(COLUMN(purpose));
		row->bulk = strcmp(TextDatumGetCString(COLUMN(level)), CG_PERMISSION_BULK) == 0;
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
	void_rows = voided;
	/* If the table changed during the scan, the rows are used once and then read again. */
	table = invalidations == before ? relid : InvalidOid;
}

/* Plans may assume a permission or its absence: see planassume.h. */
void
cg_permission_changed(Oid relation)
{
	ListCell   *lc;

	CacheInvalidateRelcacheByRelid(cg_objects_relation("permission", false));
	if (OidIsValid(relation))
		cg_kin_invalidate(relation);
	else
		foreach(lc, cg_labels_relations())
			cg_kin_invalidate(lfirst_oid(lc));
}

List *
cg_permission_roles(void)
{
	List	   *result = NIL;
	ListCell   *lc;

	load();
	foreach(lc, rows)
		result = list_append_unique_oid(result, ((Row *) lfirst(lc))->role);
	return result;
}

int
cg_permission_count_void(void)
{
	load();
	return void_rows;
}

/*
 * Removes the rows of a role, or those on a relation.  Does not use the executor, since
 * the role or the relation is being dropped.
 */
static bool
remove_rows(Oid role, Oid relation)
{
	Relation	rel = table_open(cg_objects_relation("permission", false), RowExclusiveLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	int			place[CG_OWN_COLUMNS];
	HeapTuple	tuple;
	bool		result = false;

	(void) cg_owncolumns_place(CG_OWN_PERMISSION, RelationGetDescr(rel), place);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Oid			row_role = DatumGetObjectId(COLUMN(role));
		Datum		row_relation = COLUMN(relation);

		if (OidIsValid(relation) ? (isnull || DatumGetObjectId(row_relation) != relation) : row_role != role)
			continue;
		simple_heap_delete(rel, &tuple->t_self);
		result = true;
	}
	systable_endscan(scan);
	table_close(rel, RowExclusiveLock);
	if (result)
		CommandCounterIncrement();
	cg_permission_changed(InvalidOid);
	return result;
}

/*
 * One privilege makes all rows of a role valid.  Void rows, which come from another
 * cluster or from a restore without privileges, must not become valid with it.
 */
void
cg_permission_forget_void(Oid role)
{
	if (!list_member_oid(privileged_roles(), role) && remove_rows(role, InvalidOid))
		cg_eventrecord_add("disallow %s on all relations: void permissions are deleted",
						   GetUserNameFromId(role, false));
}

/*
 * Permissions on a relation are deleted when it is dropped: another relation may get its
 * OID later.
 */
static void
relation_dropped(Oid relid)
{
	ListCell   *lc;

	if (!cg_objects_is_usable())
		return;
	load();
	foreach(lc, rows)
	{
		Row		   *row = lfirst(lc);

		if (row->relation != relid)
			continue;
		cg_eventrecord_add("disallow %s on %s, which is dropped", GetUserNameFromId(row->role, false),
						   DatumGetCString(DirectFunctionCall1(regclassout, ObjectIdGetDatum(relid))));
	}
	foreach(lc, rows)
		if (((Row *) lfirst(lc))->relation == relid)
			break;
	if (lc)
		(void) remove_rows(InvalidOid, relid);
}

List *
cg_permission_look(Node *statement)
{
	bool		revokes = IsA(statement, GrantStmt) && !((GrantStmt *) statement)->is_grant;

	/* Our own commands handle the rows; a dump restores the rows before the privileges. */
	if ((!revokes && !IsA(statement, DropOwnedStmt)) || IsBinaryUpgrade || creating_extension ||
		cg_owntables_is_writing() || !cg_objects_is_usable())
		return NIL;
	return cg_permission_roles();
}

void
cg_permission_settle(List *before)
{
	List	   *privileged;
	ListCell   *lc;

	if (before == NIL)
		return;
	CommandCounterIncrement();
	privileged = privileged_roles();
	foreach(lc, before)
	{
		Oid			role = lfirst_oid(lc);

		if (list_member_oid(privileged, role))
			continue;
		if (remove_rows(role, InvalidOid))
			cg_eventrecord_add("disallow %s on all relations: its privilege was taken away",
							   GetUserNameFromId(role, false));
	}
}
