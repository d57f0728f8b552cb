/*
 * memberships.c
 *		Records of changed memberships in roles that may see guarded values, or by which a report
 *		calls its readers.
 *
 * GRANT, REVOKE, CREATE, ALTER and DROP ROLE and GROUP have many forms, and no hook tells
 * what they have done.  So the memberships in the catalog are compared by OID before and
 * after the command.
 *
 * Roles belong to the cluster, and policies to a database.  A command that runs in another
 * database is not recorded in this one.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_auth_members.h"
#include "catalog/pg_authid.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "base/objects.h"
#include "base/roles.h"
#include "command/memberships.h"
#include "journal/eventrecord.h"
#include "log/subject.h"
#include "policy/permission.h"

/* A membership; a superuser is a member of InvalidOid */
typedef struct Membership
{
	Oid			role;
	Oid			member;
	bool		admin;
	bool		sensitive;		/* set only before a DROP ROLE, as the names are */
	char	   *role_name;		/* kept since it is unknown after DROP ROLE; else NULL */
	char	   *member_name;
} Membership;

struct CgMemberships
{
	List	   *all;			/* of Membership, sorted */
	List	   *sensitive;		/* OIDs of roles */
};

static CgMemberships *look_at_memberships(bool with_names);
static void add(CgMemberships *memberships, Oid role, Oid member, bool admin, bool with_names);
static int	compare_memberships(const ListCell *a, const ListCell *b);
static bool is_sensitive(List *sensitive, const Membership *membership);
static void record(List *sensitive, const Membership *membership, bool granted);

CgMemberships *
cg_memberships_look(Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_GrantRoleStmt:
		case T_CreateRoleStmt:
		case T_AlterRoleStmt:
		case T_DropRoleStmt:
			break;
		default:
			return NULL;
	}
	/* The script creates the group roles, and pg_upgrade creates all roles: no records. */
	if (IsBinaryUpgrade || creating_extension || !cg_objects_is_usable())
		return NULL;
	return look_at_memberships(IsA(statement, DropRoleStmt));
}

static char *
role_name(Oid role)
{
	char	   *name = GetUserNameFromId(role, true);

	return name ? name : psprintf("%u", role);
}

static void
add(CgMemberships *memberships, Oid role, Oid member, bool admin, bool with_names)
{
	Membership *membership = palloc0(sizeof(Membership));

	membership->role = role;
	membership->member = member;
	membership->admin = admin;
	if (with_names)
	{
		membership->role_name = role_name(role);
		membership->member_name = role_name(member);
	}
	memberships->all = lappend(memberships->all, membership);
}

static int
compare_memberships(const ListCell *a, const ListCell *b)
{
	const Membership *first = lfirst(a);
	const Membership *second = lfirst(b);

	if (first->role != second->role)
		return first->role < second->role ? -1 : 1;
	if (first->member != second->member)
		return first->member < second->member ? -1 : 1;
	return (int) first->admin - (int) second->admin;
}

static CgMemberships *
look_at_memberships(bool with_names)
{
	CgMemberships *result = palloc0(sizeof(CgMemberships));
	Relation	catalog;
	SysScanDesc scan;
	HeapTuple	tuple;
	ListCell   *lc;

	result->sensitive = cg_permission_roles();
	for (CgGroup group = 0; group < CG_NGROUPS; group++)
		result->sensitive = list_append_unique_oid(result->sensitive, cg_roles_group(group));
	result->sensitive = list_delete_oid(result->sensitive, InvalidOid);
	/* Whoever changes a membership between two reports learns who a reader is: log/subject.c. */
	result->sensitive = list_concat_unique_oid(result->sensitive, cg_subject_categories());

	catalog = table_open(AuthMemRelationId, AccessShareLock);
	scan = systable_beginscan(catalog, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_auth_members form = (Form_pg_auth_members) GETSTRUCT(tuple);

		add(result, form->roleid, form->member, form->admin_option, with_names);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);

	catalog = table_open(AuthIdRelationId, AccessShareLock);
	scan = systable_beginscan(catalog, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_authid form = (Form_pg_authid) GETSTRUCT(tuple);

		if (form->rolsuper)
			add(result, InvalidOid, form->oid, false, with_names);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	list_sort(result->all, compare_memberships);
	if (with_names)
		foreach(lc, result->all)
			((Membership *) lfirst(lc))->sensitive = is_sensitive(result->sensitive, lfirst(lc));
	return result;
}

/* Does the membership give the member rights that concern guarded values, or a category? */
static bool
is_sensitive(List *sensitive, const Membership *membership)
{
	ListCell   *lc;

	if (!OidIsValid(membership->role))
		return true;
	foreach(lc, sensitive)
		if (is_member_of_role_nosuper(membership->role, lfirst_oid(lc)))
			return true;
	return false;
}

static void
record(List *sensitive, const Membership *membership, bool granted)
{
	const char *member = membership->member_name ? membership->member_name : role_name(membership->member);

	if (!membership->sensitive && !is_sensitive(sensitive, membership))
		return;
	if (!OidIsValid(membership->role))
		cg_eventrecord_add("role %s is %s", member, granted ? "a superuser now" : "no superuser any more");
	else
		cg_eventrecord_add("%s role %s %s %s%s", granted ? "grant" : "revoke",
						   membership->role_name ? membership->role_name : role_name(membership->role),
						   granted ? "to" : "from", member, membership->admin ? " with admin option" : "");
}

void
cg_memberships_record(CgMemberships *before)
{
	CgMemberships *after;
	List	   *sensitive;
	int			old = 0;
	int			new = 0;

	if (before == NULL)
		return;
	CommandCounterIncrement();
	after = look_at_memberships(false);
	sensitive = list_concat_unique_oid(list_copy(before->sensitive), after->sensitive);
	while (old < list_length(before->all) || new < list_length(after->all))
	{
		int			order;

		if (old == list_length(before->all))
			order = 1;
		else if (new == list_length(after->all))
			order = -1;
		else
			order = compare_memberships(list_nth_cell(before->all, old), list_nth_cell(after->all, new));
		if (order > 0)
			record(sensitive, list_nth(after->all, new), true);
		if (order < 0)
			record(sensitive, list_nth(before->all, old), false);
		old += order <= 0;
		new += order >= 0;
	}
}
