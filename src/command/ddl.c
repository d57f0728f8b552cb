/*
 * ddl.c
 *		Changes to guarded relations that would remove the guard or bypass it.
 *
 * A table's owner may change the table in any way, but may not read guarded values.  So a
 * command that makes PostgreSQL hand stored values to an expression or a function of the
 * owner's choice (triggers, rules, policies, generated columns, checks, USING, expression
 * indexes) needs a member of contact_guard_admin.
 *
 * The command may resolve a name long after a hook has looked at it, and the name may mean
 * another object then.  So decisions are made on OIDs under the command's own lock.  Where
 * PostgreSQL calls the object-access hook with the object's OID, accessrules.c decides.
 * Elsewhere the relation is resolved here as the command does it, with the same lock and
 * check of privileges, and the command gets a copy of its statement with the schema in it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "commands/tablecmds.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parse_type.h"
#include "storage/lockdefs.h"
#include "utils/lsyscache.h"

#include "base/objects.h"
#include "base/refused.h"
#include "base/roles.h"
#include "base/underway.h"
#include "command/altertable.h"
#include "command/beneath.h"
#include "command/childcode.h"
#include "command/ddl.h"
#include "command/watch.h"
#include "compat.h"
#include "policy/descend.h"
#include "policy/inherit.h"
#include "policy/offences.h"
#include "policy/trustlabel.h"
#include "policy/verdict.h"

CgDdl	   *cg_ddl_current = NULL;

static PlannedStmt *prepare_decided(PlannedStmt *pstmt, CgDdl *frame);
static void qualify(RangeVar *name, Oid relid);
static void decide_alter_table(AlterTableStmt *statement, CgDdl *frame);
static void decide_cluster(ClusterStmt *statement, CgDdl *frame);
static void decide_index(IndexStmt *statement, CgDdl *frame);
static void decide_reindex(ReindexStmt *statement, CgDdl *frame);

bool
cg_ddl_is_admin(void)
{
	return cg_ddl_current && cg_ddl_current->kind == CG_COMMAND_DECIDED ? cg_ddl_current->admin : cg_roles_is_admin();
}

static List *
note_object(List *list, Oid relid)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(cg_ddl_current->context);

	list = list_append_unique_oid(list, relid);
	MemoryContextSwitchTo(oldcontext);
	return list;
}

void
cg_ddl_note_created(Oid relid)
{
	if (cg_ddl_current)
		cg_ddl_current->created = note_object(cg_ddl_current->created, relid);
}

void
cg_ddl_note_changed(Oid relid)
{
	if (cg_ddl_current)
		cg_ddl_current->changed = note_object(cg_ddl_current->changed, relid);
}

/* Called while a change is not visible yet: notes what definitions call before it. */
void
cg_ddl_note_beneath(void)
{
	MemoryContext oldcontext;

	if (cg_ddl_current == NULL || cg_ddl_current->has_looked)
		return;
	cg_ddl_current->has_looked = true;
	oldcontext = MemoryContextSwitchTo(cg_ddl_current->context);
	cg_ddl_current->beneath = cg_beneath_look();
	MemoryContextSwitchTo(oldcontext);
}

void
cg_ddl_note_trusted(Oid function)
{
	if (cg_ddl_current)
		cg_ddl_current->trusted = note_object(cg_ddl_current->trusted, function);
}

bool
cg_ddl_is_created(Oid relid)
{
	for (CgDdl *frame = cg_ddl_current; frame; frame = frame->outer)
		if (list_member_oid(frame->created, relid))
			return true;
	return false;
}

void
cg_ddl_require_image(Oid relid, Oid function)
{
	cg_verdict_require_image(cg_ddl_current ? cg_ddl_current->verdict : NIL, cg_ddl_is_admin(), relid, function);
}

/*
 * PostgreSQL does not tell which sub-command of ALTER TABLE has reached a relation.  So all
 * of them must have been decided for each relation that the command reaches.  For other
 * commands the list in commands.c decides.
 */
bool
cg_ddl_is_decided(Oid relid)
{
	if (cg_ddl_current == NULL)
		return false;
	return !IsA(cg_ddl_current->statement, AlterTableStmt) || list_member_oid(cg_ddl_current->decided, relid);
}

void
cg_ddl_refuse(Oid relid, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("must be a member of role \"contact_guard_admin\" to %s relation \"%s\"",
					what, get_rel_name(relid)),
			 cg_refused_relation(relid, InvalidAttrNumber),
			 errdetail("The relation has guarded columns."),
			 errhint("Ask a member of contact_guard_admin to run the command.")));
}

void
cg_ddl_require_admin(Oid relid, const char *what)
{
	if (!cg_descend_is_guarded(relid))
		return;
	if (!cg_ddl_is_admin())
		cg_ddl_refuse(relid, what);
	cg_ddl_note_changed(relid);
}

PlannedStmt *
cg_ddl_prepare(PlannedStmt *pstmt, CgDdl *frame)
{
	memset(frame, 0, sizeof(*frame));
	frame->context = CurrentMemoryContext;
	frame->statement = pstmt->utilityStmt;
	frame->kind = cg_commands_kind(nodeTag(frame->statement));
	if (!OidIsValid(cg_objects_schema()) || IsBinaryUpgrade)
		return pstmt;
	if (frame->kind == CG_COMMAND_UNKNOWN && cg_descend_guards_anything())
		cg_commands_refuse_unknown(frame->statement);
	if (IsA(frame->statement, ConstraintsSetStmt))
		frame->touches = cg_descend_guards_anything();
	if (frame->kind == CG_COMMAND_DECIDED)
	{
		frame->admin = cg_roles_is_admin();
		pstmt = prepare_decided(pstmt, frame);
		frame->verdict = cg_verdict_before(frame->statement, frame->decided);
		frame->watched = cg_watch_before(frame->statement, frame->decided);
	}
	return pstmt;
}

static PlannedStmt *
prepare_decided(PlannedStmt *pstmt, CgDdl *frame)
{
	switch (nodeTag(pstmt->utilityStmt))
	{
		case T_AlterTableStmt:
		case T_ClusterStmt:
		case T_IndexStmt:
		case T_ReindexStmt:
			pstmt = copyObject(pstmt);
			frame->statement = pstmt->utilityStmt;
			break;
		case T_AlterDomainStmt:
			frame->touches = cg_descend_guards_anything();
			return pstmt;
		default:
			return pstmt;
	}
	if (IsA(frame->statement, AlterTableStmt))
		decide_alter_table((AlterTableStmt *) frame->statement, frame);
	else if (IsA(frame->statement, ClusterStmt))
		decide_cluster((ClusterStmt *) frame->statement, frame);
	else if (IsA(frame->statement, IndexStmt))
		decide_index((IndexStmt *) frame->statement, frame);
	else
		decide_reindex((ReindexStmt *) frame->statement, frame);
	return pstmt;
}

/* While the relation is locked, it cannot be renamed or moved. */
static void
qualify(RangeVar *name, Oid relid)
{
	name->schemaname = get_namespace_name(get_rel_namespace(relid));
	name->relname = get_rel_name(relid);
}

static void
decide_alter_table(AlterTableStmt *statement, CgDdl *frame)
{
	Oid			relid = AlterTableLookupRelation(statement, AlterTableGetLockLevel(statement->cmds));

	if (!OidIsValid(relid))
		return;
	qualify(statement->relation, relid);
	frame->decided = cg_altertable_family(relid);
	frame->touches = cg_altertable_decide(statement, relid, frame->decided, frame->admin);
}

static void
decide_cluster(ClusterStmt *statement, CgDdl *frame)
{
	Oid			relid;

	if (statement->relation == NULL)
	{
		/* All relations that were clustered before; an admin has clustered guarded ones. */
		frame->touches = cg_descend_guards_anything();
		return;
	}
	relid = RangeVarGetRelidExtended(statement->relation, AccessExclusiveLock, 0,
									 RangeVarCallbackMaintainsTable, NULL);
	qualify(statement->relation, relid);
	frame->touches = cg_descend_is_guarded(relid);
	/* The order of rows would show the order of values. */
	if (frame->touches && !frame->admin)
		cg_ddl_refuse(relid, "cluster");
}

/* What its expressions call is decided when it was created, before it is built. */
static void
decide_index(IndexStmt *statement, CgDdl *frame)
{
	Oid			relid = RangeVarGetRelidExtended(statement->relation,
												 statement->concurrent ? ShareUpdateExclusiveLock : ShareLock,
												 0, RangeVarCallbackOwnsRelation, NULL);

	qualify(statement->relation, relid);
	frame->touches = cg_descend_is_guarded(relid);
}

static void
decide_reindex(ReindexStmt *statement, CgDdl *frame)
{
	bool		concurrently = false;
	Oid			relid;
	ListCell   *lc;

	if (statement->kind != REINDEX_OBJECT_TABLE)
	{
		/* A command on a schema, a database or an index may reach any relation. */
		frame->touches = cg_descend_guards_anything();
		return;
	}
	foreach(lc, statement->params)
		if (strcmp(lfirst_node(DefElem, lc)->defname, "concurrently") == 0)
			concurrently = defGetBoolean(lfirst_node(DefElem, lc));
	relid = RangeVarGetRelidExtended(statement->relation,
									 concurrently ? ShareUpdateExclusiveLock : ShareLock,
									 0, RangeVarCallbackMaintainsTable, NULL);
	qualify(statement->relation, relid);
	frame->touches = cg_descend_is_guarded(relid);
}

void
cg_ddl_enter(CgDdl *frame)
{
	frame->outer = cg_ddl_current;
	cg_ddl_current = frame;
	(void) cg_underway_swap(frame->statement);
}

void
cg_ddl_switch(CgDdl *was)
{
	cg_ddl_current = was;
	(void) cg_underway_swap(was ? was->statement : NULL);
}

void
cg_ddl_leave(CgDdl *frame)
{
	cg_ddl_current = frame->outer;
	(void) cg_underway_swap(cg_ddl_current ? cg_ddl_current->statement : NULL);
}

void
cg_ddl_finish(CgDdl *frame)
{
	ListCell   *lc;

	if (frame->beneath != NIL || frame->trusted != NIL)
		CommandCounterIncrement();
	/* First renew the trust, which the checks below ask for. */
	foreach(lc, frame->trusted)
		cg_trustlabel_renew(lfirst_oid(lc));
	if (frame->beneath != NIL)
		cg_beneath_compare(frame->beneath, frame->kind == CG_COMMAND_DECIDED ? frame->admin : cg_roles_is_admin());
	if (frame->kind != CG_COMMAND_DECIDED)
		return;
	if (frame->created != NIL || frame->changed != NIL)
		CommandCounterIncrement();
	/* It is not too late: no row can have been stored in a new table yet. */
	foreach(lc, frame->created)
	{
		List	   *parents = cg_inherit_guarded_parents(lfirst_oid(lc));

		if (parents != NIL && !frame->admin)
			cg_childcode_check(lfirst_oid(lc), parents);
		if (parents != NIL)
			frame->changed = lappend_oid(frame->changed, lfirst_oid(lc));
	}
	/* An admin may do all this, but the code must be trusted. */
	foreach(lc, frame->admin ? frame->changed : NIL)
		if (get_rel_name(lfirst_oid(lc)))
			cg_offences_require_none(lfirst_oid(lc));
	cg_verdict_after(frame->verdict, frame->admin);
	cg_watch_after(frame->watched, frame->admin);
}
