/*
 * owntables.c
 *		Only the extension's own code writes the extension's tables.
 *
 * Privileges are not enough: they do not bind the owner and superusers, and a trigger
 * that refuses can be disabled.  So two hooks refuse for every role that uses SQL: one
 * looks at the target relations of each statement, the other at TRUNCATE, DROP and ALTER.
 * (While the library is not loaded, a superuser can write the tables, as a superuser can
 * write the files: see docs/limits.md.)
 *
 * A flag permits writing for the time of one command of ours.
 *
 * pg_upgrade creates the tables one by one, and makes them members of an extension that is
 * empty at first.  So nothing is refused there; only the superuser who runs pg_upgrade can
 * connect.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "base/acls.h"
#include "base/copystate.h"
#include "base/objects.h"
#include "base/ownschema.h"
#include "base/owntables.h"
#include "base/roles.h"
#include "compat.h"

void		(*cg_owntables_on_drop) (Oid relid) = NULL;

static ExecutorCheckPerms_hook_type prev_ExecutorCheckPerms = NULL;
static object_access_hook_type prev_object_access = NULL;

static bool writing = false;	/* a command of ours is running */
static bool process_is_ours = false;
bool		cg_owntables_dropping = false;

static bool owntables_check_perms(CG_COMPAT_CHECK_PERMS_ARGS);
static void owntables_object_access(ObjectAccessType access, Oid classId, Oid objectId,
									int subId, void *arg);
static pg_noinline void check_access(ObjectAccessType access, Oid classId, Oid objectId, int subId, void *arg);
static void refuse_if_ours(RangeVar *name);
static void check_other_tables(Node *statement);
static bool is_left_over(Oid relid);
static bool is_allowed(const CgRtePermission *permission);
static bool has_leave(void);

void
cg_owntables_init(void)
{
	prev_ExecutorCheckPerms = ExecutorCheckPerms_hook;
	ExecutorCheckPerms_hook = owntables_check_perms;
	prev_object_access = object_access_hook;
	object_access_hook = owntables_object_access;
}

/*
 * A restore (a superuser with row_security off, as pg_dump sets it) may load the tables
 * that a dump carries.  It may not load the log, whose rows come only from the journal.
 * The rows of a dumped log go to restored_log, and a record says so.
 */
static bool
is_restored_here(const CgRtePermission *permission)
{
	Oid			relid = permission->relid;

	/* A restore only inserts; it must not change rows that are there. */
	if (!superuser() || row_security || (permission->requiredPerms & (ACL_UPDATE | ACL_DELETE)) != 0)
		return false;
	return relid == cg_objects_relation("permission", true) ||
		relid == cg_objects_relation("intervention", true) ||
		relid == cg_objects_relation("held", true) ||
		relid == cg_objects_relation("category", true) ||
		relid == cg_objects_relation("revoked_identity", true) ||
		relid == cg_objects_relation("relay_number", true) ||
		relid == cg_objects_relation("relay_telephone", true) ||
		(relid == cg_copystate_now()->into && (relid == cg_objects_relation("restored_log", true) ||
											   relid == cg_objects_relation("query_text", true)));
}

/*
 * Usually privileges decide who may read.  But a role that reads the journal's key can
 * forge records, one that reads the key of a report can tell who its readers are, and a
 * member of pg_read_all_data can read every table.
 */
static bool
is_allowed(const CgRtePermission *permission)
{
	if ((permission->requiredPerms & ACL_SELECT) != 0 &&
		(permission->relid == cg_objects_relation("journal_key", true) ||
		 permission->relid == cg_objects_relation("journal_state", true) ||
		 permission->relid == cg_objects_relation("report", true)))
		return false;
	return (permission->requiredPerms & (ACL_INSERT | ACL_UPDATE | ACL_DELETE)) == 0 ||
		is_restored_here(permission);
}

static bool
owntables_check_perms(CG_COMPAT_CHECK_PERMS_ARGS)
{
	ListCell   *lc;

	if (prev_ExecutorCheckPerms && !prev_ExecutorCheckPerms(CG_COMPAT_CHECK_PERMS_PASS))
		return false;
	foreach(lc, CG_COMPAT_PERMISSIONS)
	{
		const CgRtePermission *permission = lfirst(lc);

		if (cg_compat_is_permission(permission) && permission->relid >= FirstNormalObjectId &&
			!cg_objects_is_stranger(permission->relid) &&
			cg_objects_is_own(permission->relid) && !has_leave() && !is_allowed(permission))
		{
			if (!ereport_on_violation)
				return false;
			cg_ownschema_refuse(permission->relid);
		}
	}
	return true;
}

/* Is a command of ours running?  Scripts of other extensions, and what they run, do not count. */
static bool
has_leave(void)
{
	return writing || IsBinaryUpgrade || cg_objects_is_creating();
}

/*
 * Is it an index that an interrupted REINDEX CONCURRENTLY has left?  No query uses it, but
 * each write has to maintain it, so it may be dropped.
 */
static bool
is_left_over(Oid relid)
{
	HeapTuple	tuple;
	bool		valid = true;

	if (!superuser() || get_rel_relkind(relid) != RELKIND_INDEX)
		return false;
	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(relid));
	if (HeapTupleIsValid(tuple))
	{
		valid = ((Form_pg_index) GETSTRUCT(tuple))->indisvalid;
		ReleaseSysCache(tuple);
	}
	return !valid;
}

static void
owntables_object_access(ObjectAccessType access, Oid classId, Oid objectId, int subId, void *arg)
{
	/* These events come most often: for each function of each statement. */
	if (access != OAT_FUNCTION_EXECUTE && access != OAT_NAMESPACE_SEARCH)
		check_access(access, classId, objectId, subId, arg);
	else if (prev_object_access)
		prev_object_access(access, classId, objectId, subId, arg);
}

static void
check_access(ObjectAccessType access, Oid classId, Oid objectId, int subId, void *arg)
{
	if (prev_object_access)
		prev_object_access(access, classId, objectId, subId, arg);
	/* An added column has no privileges of its own. */
	if (access == OAT_POST_CREATE && subId == 0 && cg_objects_is_creating())
		cg_acls_created(classId, objectId);
	/* Roles belong to the cluster, so this is checked in every database. */
	if (access == OAT_POST_ALTER && classId == AuthIdRelationId)
		cg_roles_check_renamed(objectId);
	if (cg_owntables_dropping || has_leave())
		return;
	switch (access)
	{
		case OAT_TRUNCATE:
			if (cg_objects_is_own(objectId))
				cg_ownschema_refuse(objectId);
			break;
		case OAT_DROP:
			/* PostgreSQL itself cleans up after a command. */
			if ((((ObjectAccessDrop *) arg)->dropflags & PERFORM_DELETION_INTERNAL) != 0 ||
				classId != RelationRelationId)
				return;
			if (cg_objects_is_own(objectId) && get_rel_relkind(objectId) != RELKIND_VIEW &&
				!is_left_over(objectId))
				cg_ownschema_refuse_drop(objectId);
			if (subId == 0 && cg_owntables_on_drop)
				cg_owntables_on_drop(objectId);
			break;
		case OAT_POST_ALTER:
			if (((ObjectAccessPostAlter *) arg)->is_internal)
				return;
			cg_ownschema_check(classId, objectId, ((ObjectAccessPostAlter *) arg)->auxiliary_id);
			break;
		case OAT_POST_CREATE:
			if (arg == NULL || !((ObjectAccessPostCreate *) arg)->is_internal)
				cg_ownschema_check(classId, objectId, InvalidOid);
			break;
		default:
			break;
	}
}

/* The table that a command names, or NULL. */
static RangeVar *
command_target(Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_AlterTableStmt:
			return ((AlterTableStmt *) statement)->relation;
		case T_RenameStmt:
			return ((RenameStmt *) statement)->relation;
		case T_AlterObjectSchemaStmt:
			return ((AlterObjectSchemaStmt *) statement)->relation;
		case T_CreateTrigStmt:
			return ((CreateTrigStmt *) statement)->relation;
		case T_RuleStmt:
			return ((RuleStmt *) statement)->relation;
		case T_IndexStmt:
			return ((IndexStmt *) statement)->relation;
		case T_CreatePolicyStmt:
			return ((CreatePolicyStmt *) statement)->table;
		default:
			return NULL;
	}
}

static void
refuse_if_ours(RangeVar *name)
{
	Oid			relid;

	/* None of our tables is temporary, and PostgreSQL has its own errors for such names. */
	if (name == NULL || name->relpersistence == RELPERSISTENCE_TEMP)
		return;
	relid = RangeVarGetRelid(name, NoLock, true);
	if (OidIsValid(relid) && cg_objects_is_own(relid))
		cg_ownschema_refuse(relid);
}

/* Through a parent table of another owner, that owner could read and write our tables. */
static void
check_other_tables(Node *statement)
{
	ListCell   *lc;

	if (IsA(statement, CreateStmt))
		foreach(lc, ((CreateStmt *) statement)->inhRelations)
			refuse_if_ours(lfirst(lc));
	else if (IsA(statement, AlterTableStmt))
		foreach(lc, ((AlterTableStmt *) statement)->cmds)
		{
			AlterTableCmd *command = lfirst_node(AlterTableCmd, lc);

			if (command->subtype == AT_AttachPartition)
				refuse_if_ours(((PartitionCmd *) command->def)->name);
			else if (command->subtype == AT_AddInherit)
				refuse_if_ours((RangeVar *) command->def);
		}
	else if (IsA(statement, CreateStatsStmt))
		foreach(lc, ((CreateStatsStmt *) statement)->relations)
		{
			if (IsA(lfirst(lc), RangeVar))
				refuse_if_ours(lfirst(lc));
		}
	else if (IsA(statement, ViewStmt))
		refuse_if_ours(((ViewStmt *) statement)->view);
}

/*
 * The object access hook does not get the named table of every ALTER TABLE.  It does not
 * for DETACH PARTITION, ADD COLUMN and SET DEFAULT.
 */
void
cg_owntables_check_command(Node *statement)
{
	RangeVar   *target;
	Oid			relid;

	if (has_leave() || !OidIsValid(cg_objects_schema()))
		return;
	if (IsA(statement, AlterExtensionContentsStmt) &&
		strcmp(((AlterExtensionContentsStmt *) statement)->extname, CG_SCHEMA) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the members of extension \"%s\" cannot be changed", CG_SCHEMA)));
	check_other_tables(statement);
	target = command_target(statement);
	relid = target ? RangeVarGetRelid(target, NoLock, true) : InvalidOid;
	if (OidIsValid(relid) && cg_objects_is_own(relid))
		cg_ownschema_refuse(relid);
}

void
cg_owntables_trust_process(void)
{
	process_is_ours = writing = true;
}

bool
cg_owntables_is_process_ours(void)
{
	return process_is_ours;
}

bool
cg_owntables_allow_writing(bool allow)
{
	bool		was = writing;

	writing = allow;
	return was;
}

bool
cg_owntables_is_writing(void)
{
	return writing;
}
