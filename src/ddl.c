/*
 * ddl.c
 *		Changes to guarded relations that would take the guard away or get past it.
 *
 * A table's owner may do what he likes with it, but not read what is guarded: so
 * whatever makes PostgreSQL hand stored values to an expression or a function of
 * his (triggers, rules, policies, generated columns, checks, USING, expression
 * indexes) needs a member of contact_guard_admin.  Renames need nothing: the
 * labels hang on the columns themselves.
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/tablecmds.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parse_type.h"
#include "storage/lockdefs.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

#include "ddl.h"
#include "dependents.h"
#include "foreignkeys.h"
#include "labels.h"
#include "objects.h"
#include "policy.h"
#include "policyrecord.h"

static object_access_hook_type prev_object_access = NULL;

static void ddl_object_access(ObjectAccessType access, Oid classId, Oid objectId, int subId,
							  void *arg);
static void check_replaced(Oid function);
static void check_alter_table(AlterTableStmt *statement);
static void check_subcommand(Oid relid, AlterTableCmd *command);
static bool needs_admin(AlterTableCmd *command);
static bool is_computed(ColumnDef *column);
static void check_index(IndexStmt *statement);
static void check_domain(AlterDomainStmt *statement);
static bool is_guarded(Oid relid);
static void check_drop(DropStmt *statement);
static void require_admin_on(RangeVar *relation, LOCKMODE lockmode, const char *what);
static void leave_parent(Oid child);

void
cg_ddl_init(void)
{
	prev_object_access = object_access_hook;
	object_access_hook = ddl_object_access;
}

/* A function that is new has no dependents yet. */
static void
check_replaced(Oid function)
{
	Oid			relid;

	if (!OidIsValid(cg_objects_schema()) || cg_objects_is_admin())
		return;
	relid = cg_dependents_guarded(function);
	if (OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be a member of role \"contact_guard_admin\" to replace function \"%s\"",
						get_func_name(function)),
				 errdetail("The definition of relation \"%s\", which has guarded columns, calls it.",
						   get_rel_name(relid))));
}

/* DROP: the label goes with the object, and PostgreSQL tells no label provider. */
static void
ddl_object_access(ObjectAccessType access, Oid classId, Oid objectId, int subId, void *arg)
{
	Oid			schema;
	ObjectAddress object;

	if (prev_object_access)
		prev_object_access(access, classId, objectId, subId, arg);
	if (access == OAT_POST_CREATE && classId == ProcedureRelationId)
		check_replaced(objectId);
	if (access != OAT_DROP || classId != RelationRelationId ||
		(((ObjectAccessDrop *) arg)->dropflags & PERFORM_DELETION_INTERNAL) != 0)
		return;
	schema = cg_objects_schema();
	if (!OidIsValid(schema) || get_rel_namespace(objectId) == schema ||
		cg_labels_get(objectId, subId) == NULL)
		return;
	ObjectAddressSubSet(object, classId, objectId, subId);
	cg_policyrecord_add("drop of %s, which had the label %s",
						getObjectIdentity(&object, false), cg_labels_get(objectId, subId));
}

void
cg_ddl_check(Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_AlterTableStmt:
			check_alter_table((AlterTableStmt *) statement);
			break;
		case T_CreateTrigStmt:
			require_admin_on(((CreateTrigStmt *) statement)->relation, ShareRowExclusiveLock,
							 "create a trigger on");
			break;
		case T_RuleStmt:
			require_admin_on(((RuleStmt *) statement)->relation, AccessExclusiveLock,
							 "create a rule on");
			break;
		case T_CreatePolicyStmt:
			require_admin_on(((CreatePolicyStmt *) statement)->table, AccessExclusiveLock,
							 "create a policy on");
			break;
		case T_AlterPolicyStmt:
			require_admin_on(((AlterPolicyStmt *) statement)->table, AccessExclusiveLock,
							 "alter a policy on");
			break;
		case T_CreateStatsStmt:
			if (IsA(linitial(((CreateStatsStmt *) statement)->relations), RangeVar))
				require_admin_on(linitial(((CreateStatsStmt *) statement)->relations),
								 ShareUpdateExclusiveLock, "create statistics on");
			break;
		case T_ClusterStmt:
			require_admin_on(((ClusterStmt *) statement)->relation, AccessExclusiveLock, "cluster");
			break;
		case T_AlterDomainStmt:
			check_domain((AlterDomainStmt *) statement);
			break;
		case T_IndexStmt:
			check_index((IndexStmt *) statement);
			break;
		case T_DropStmt:
			check_drop((DropStmt *) statement);
			break;
		default:
			break;
	}
}

/*
 * Locked, where the command will get past its own check of ownership: the name
 * must not become another relation's before the command resolves it.  The lock is
 * the command's own: with a weaker one first, two commands that wait for each
 * other today would deadlock.
 */
static Oid
relation_oid(RangeVar *relation, LOCKMODE lockmode)
{
	Oid			relid = relation ? RangeVarGetRelid(relation, NoLock, true) : InvalidOid;

	if (lockmode != NoLock && OidIsValid(relid) && pg_class_ownercheck(relid, GetUserId()))
		relid = RangeVarGetRelid(relation, lockmode, true);
	return relid;
}

/* Has it a policy, or a child that has one?  Commands recurse to children. */
static bool
is_guarded(Oid relid)
{
	ListCell   *lc;

	if (!OidIsValid(relid))
		return false;
	foreach(lc, find_all_inheritors(relid, NoLock, NULL))
		if (cg_policy_get(lfirst_oid(lc)))
			return true;
	return false;
}

static void
refuse(Oid relid, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("must be a member of role \"contact_guard_admin\" to %s relation \"%s\"",
					what, get_rel_name(relid)),
			 errdetail("The relation has guarded columns.")));
}

static void
require_admin_on(RangeVar *relation, LOCKMODE lockmode, const char *what)
{
	Oid			relid = relation_oid(relation, lockmode);

	if (is_guarded(relid) && !cg_objects_is_admin())
		refuse(relid, what);
}

static void
check_alter_table(AlterTableStmt *statement)
{
	Oid			relid = relation_oid(statement->relation, AlterTableGetLockLevel(statement->cmds));
	ListCell   *lc;

	if (!OidIsValid(relid))
		return;
	foreach(lc, statement->cmds)
		check_subcommand(relid, lfirst_node(AlterTableCmd, lc));
}

static void
check_subcommand(Oid relid, AlterTableCmd *command)
{
	Oid			child = InvalidOid;
	ListCell   *lc;

	if (command->subtype == AT_ValidateConstraint)
		cg_foreignkeys_require_all_rows(relid);
	if (command->subtype == AT_AddConstraint && IsA(command->def, Constraint))
		cg_foreignkeys_check(relid, (Constraint *) command->def);
	if (command->subtype == AT_AddColumn)
		foreach(lc, ((ColumnDef *) command->def)->constraints)
			cg_foreignkeys_check(relid, lfirst_node(Constraint, lc));
	/* A parent's triggers, checks and partition key come to its children. */
	if (command->subtype == AT_AttachPartition)
		child = relation_oid(((PartitionCmd *) command->def)->name, AccessExclusiveLock);
	if (is_guarded(child) && !cg_objects_is_admin())
		refuse(child, "attach");
	child = InvalidOid;
	if (!is_guarded(relid))
		return;
	if (needs_admin(command) && !cg_objects_is_admin())
		refuse(relid, "make this change to");
	if (command->subtype == AT_DetachPartition)
		child = relation_oid(((PartitionCmd *) command->def)->name, NoLock);
	else if (command->subtype == AT_DropInherit)
		child = relid;
	if (OidIsValid(child))
		leave_parent(child);
}

static bool
needs_admin(AlterTableCmd *command)
{
	switch (command->subtype)
	{
		case AT_AddColumn:
			return is_computed((ColumnDef *) command->def);
		case AT_AddConstraint:
			return !IsA(command->def, Constraint) ||
				((Constraint *) command->def)->contype == CONSTR_CHECK ||
				((Constraint *) command->def)->contype == CONSTR_EXCLUSION;
		case AT_AlterColumnType:
		case AT_DetachPartition:
		case AT_AddInherit:
		case AT_DropInherit:
		case AT_ClusterOn:
		case AT_DisableRowSecurity:
		case AT_NoForceRowSecurity:
			return true;
		default:
			return false;
	}
}

static bool
is_computed(ColumnDef *column)
{
	ListCell   *lc;

	foreach(lc, column->constraints)
		if (lfirst_node(Constraint, lc)->contype == CONSTR_GENERATED ||
			lfirst_node(Constraint, lc)->contype == CONSTR_CHECK)
			return true;
	return false;
}

static void
check_index(IndexStmt *statement)
{
	bool		computes = statement->whereClause != NULL;
	ListCell   *lc;

	foreach(lc, statement->indexParams)
		if (lfirst_node(IndexElem, lc)->expr)
			computes = true;
	if (computes)
		require_admin_on(statement->relation,
						 statement->concurrent ? ShareUpdateExclusiveLock : ShareLock,
						 "create an index with expressions on");
}

/* ADD and VALIDATE of its constraints look at all that is stored of the domain. */
static void
check_domain(AlterDomainStmt *statement)
{
	Oid			domain;
	ListCell   *lc;

	if ((statement->subtype != 'C' && statement->subtype != 'V') || cg_objects_is_admin())
		return;
	domain = LookupTypeNameOid(NULL, makeTypeNameFromNameList(statement->typeName), true);
	foreach(lc, OidIsValid(domain) ? cg_labels_relations() : NIL)
	{
		const CgPolicy *policy = cg_policy_get(lfirst_oid(lc));

		for (int i = 0; policy && i < policy->nguarded; i++)
		{
			Oid			type = get_atttype(policy->relid, policy->guarded[i].attnum);
			Oid			element = get_base_element_type(type);

			if (OidIsValid(element))
				type = element;
			/* What a row type is made of is not looked into: refused. */
			if (type == domain || (get_typtype(type) == TYPTYPE_DOMAIN && getBaseType(type) == getBaseType(domain)) ||
				get_typtype(getBaseType(type)) == TYPTYPE_COMPOSITE)
				refuse(policy->relid, "add or validate a constraint of a domain used by");
		}
	}
}

/* The policies that fallback.c made. */
static void
check_drop(DropStmt *statement)
{
	ListCell   *lc;

	if (statement->removeType != OBJECT_POLICY || cg_objects_is_admin())
		return;
	foreach(lc, statement->objects)
	{
		List	   *name = lfirst(lc);
		Oid			relid = relation_oid(makeRangeVarFromNameList(list_truncate(list_copy(name),
																				  list_length(name) - 1)), NoLock);

		if (OidIsValid(relid) && cg_policy_get(relid))
			refuse(relid, "drop a policy on");
	}
}

/* The table keeps, as its own, what it has had from its ancestors. */
static void
leave_parent(Oid child)
{
	const CgPolicy *policy = cg_policy_get(child);
	CgTableLabel table;
	CgColumnLabel column;
	bool		hide = policy && policy->hide;
	AttrNumber	customer;
	int			count;
	AttrNumber *attnums;
	char	  **specs;

	if (policy == NULL || policy->broken)
		return;
	/* Setting a label makes the policy another one. */
	customer = policy->customer;
	count = policy->nguarded;
	attnums = palloc(sizeof(AttrNumber) * count);
	specs = palloc(sizeof(char *) * count);
	for (int i = 0; i < count; i++)
	{
		attnums[i] = policy->guarded[i].attnum;
		specs[i] = pstrdup(policy->guarded[i].spec);
	}
	cg_labels_parse_table(cg_labels_get(child, 0), &table);
	if (!table.protect)
	{
		table.protect = true;
		table.mode = "mask";
		table.fallback = "none";
	}
	if (hide)
		table.mode = "hide";
	cg_labels_set_table(child, &table);
	cg_labels_parse_column(cg_labels_get(child, customer), &column);
	column.customer = true;
	cg_labels_set_column(child, customer, &column);
	for (int i = 0; i < count; i++)
	{
		cg_labels_parse_column(cg_labels_get(child, attnums[i]), &column);
		column.mask = specs[i];
		cg_labels_set_column(child, attnums[i], &column);
	}
}

/* Has any relation of this database guarded columns? */
static bool
guards_anything(void)
{
	ListCell   *lc;

	foreach(lc, cg_labels_relations())
		if (cg_policy_get(lfirst_oid(lc)))
			return true;
	return false;
}

bool
cg_ddl_touches(Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_AlterTableStmt:
			return is_guarded(relation_oid(((AlterTableStmt *) statement)->relation, NoLock));
		case T_IndexStmt:
			return is_guarded(relation_oid(((IndexStmt *) statement)->relation, NoLock));
		case T_ReindexStmt:
			if (((ReindexStmt *) statement)->kind == REINDEX_OBJECT_TABLE)
				return is_guarded(relation_oid(((ReindexStmt *) statement)->relation, NoLock));
			/* Of a schema or database, or an index: which may be anybody's. */
			return guards_anything();
		case T_ClusterStmt:
		case T_AlterDomainStmt:
		case T_ConstraintsSetStmt:
			return guards_anything();
		default:
			return false;
	}
}
