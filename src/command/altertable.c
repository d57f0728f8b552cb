/*
 * altertable.c
 *		Which sub-commands of ALTER TABLE may pass on guarded relations.
 *
 * The array below has a rule for each sub-command.  A sub-command without a rule is
 * refused, and test/census compares the array with the server's headers.  Migrations can
 * pass: columns that are added, dropped and renamed, defaults, NOT NULL, plain indexes,
 * keys.  A sub-command that hands stored values to an expression needs a member of
 * contact_guard_admin.  If the expression becomes an object of its own, accessrules.c
 * decides once more.  At the end definition.c checks the definition, also for admins.
 *
 * Renames are another command and need no rule: labels belong to columns, not to names.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/refused.h"
#include "command/altertable.h"
#include "command/ddl.h"
#include "command/enforced.h"
#include "compat.h"
#include "policy/inherit.h"
#include "policy/policy.h"
#include "policy/touches.h"
#include "read/combined.h"

typedef enum Rule
{
	RULE_FREE,					/* PostgreSQL's own checks are enough */
	RULE_ADMIN,					/* only for members of contact_guard_admin */
	RULE_COLUMN,				/* a new column; accessrules.c decides on its expressions */
	RULE_CONSTRAINT,			/* accessrules.c decides on the kinds listed there */
	RULE_VALIDATE,				/* enforced.c decides by the kind of constraint */
	RULE_TYPE,					/* free if neither the column nor USING is guarded */
	RULE_KEEPS,					/* free; the column keeps the guard that it derives */
	RULE_JOINS,					/* decided when child and parent are known */
	RULE_LEAVES,				/* only for admins; the table keeps its ancestors' policy */
	RULE_INTERNAL				/* cannot be in a user's statement */
} Rule;

typedef struct SubCommand
{
	AlterTableType type;
	Rule		rule;
} SubCommand;

static const SubCommand subcommands[] = {
	{AT_AddColumn, RULE_COLUMN},	/* kinds of constraints: is_computed() */
	{AT_AddColumnRecurse, RULE_INTERNAL},
	{AT_AddColumnToView, RULE_FREE},
	{AT_ColumnDefault, RULE_FREE},	/* a default gets no stored value */
	{AT_CookedColumnDefault, RULE_FREE},
	{AT_DropNotNull, RULE_FREE},
	{AT_SetNotNull, RULE_FREE},
	{AT_SetExpression, RULE_ADMIN},	/* the new expression gets stored values */
	{AT_DropExpression, RULE_KEEPS},	/* the values stay, so the guard stays */
	{AT_CheckNotNull, RULE_INTERNAL},
	{AT_SetStatistics, RULE_FREE},
	{AT_SetOptions, RULE_FREE},
	{AT_ResetOptions, RULE_FREE},
	{AT_SetStorage, RULE_FREE},
	{AT_SetCompression, RULE_FREE},
	{AT_DropColumn, RULE_FREE},	/* the columns of children keep their guard: inherit.c */
	{AT_DropColumnRecurse, RULE_INTERNAL},
	{AT_AddIndex, RULE_FREE},
	{AT_ReAddIndex, RULE_INTERNAL},
	{AT_AddConstraint, RULE_CONSTRAINT},
	{AT_AddConstraintRecurse, RULE_INTERNAL},
	{AT_ReAddConstraint, RULE_INTERNAL},
	{AT_ReAddDomainConstraint, RULE_INTERNAL},
	{AT_AlterConstraint, RULE_FREE},
	{AT_ValidateConstraint, RULE_VALIDATE},
	{AT_ValidateConstraintRecurse, RULE_INTERNAL},
	{AT_AddIndexConstraint, RULE_FREE},
	{AT_DropConstraint, RULE_FREE},	/* nothing is checked any more */
	{AT_DropConstraintRecurse, RULE_INTERNAL},
	{AT_ReAddComment, RULE_INTERNAL},
	{AT_AlterColumnType, RULE_TYPE},
	{AT_AlterColumnGenericOptions, RULE_ADMIN},
	{AT_ChangeOwner, RULE_FREE},	/* labels stay */
	{AT_ClusterOn, RULE_ADMIN},	/* the order of rows would show the order of values */
	{AT_DropCluster, RULE_FREE},
	{AT_SetLogged, RULE_FREE},
	{AT_SetUnLogged, RULE_FREE},
	{AT_DropOids, RULE_FREE},
	{AT_SetAccessMethod, RULE_ADMIN},	/* only heap was examined */
	{AT_SetTableSpace, RULE_FREE},
	{AT_SetRelOptions, RULE_FREE},
	{AT_ResetRelOptions, RULE_FREE},
	{AT_ReplaceRelOptions, RULE_FREE},
	{AT_EnableTrig, RULE_FREE},	/* decided when trigger or policy was created */
	{AT_EnableAlwaysTrig, RULE_FREE},
	{AT_EnableReplicaTrig, RULE_FREE},
	{AT_DisableTrig, RULE_FREE},
	{AT_EnableTrigAll, RULE_FREE},
	{AT_DisableTrigAll, RULE_FREE},
	{AT_EnableTrigUser, RULE_FREE},
	{AT_DisableTrigUser, RULE_FREE},
	{AT_EnableRule, RULE_ADMIN},	/* protect() did not look at disabled rules */
	{AT_EnableAlwaysRule, RULE_ADMIN},
	{AT_EnableReplicaRule, RULE_ADMIN},
	{AT_DisableRule, RULE_FREE},
	{AT_AddInherit, RULE_JOINS},	/* inheritance.c decides */
	{AT_DropInherit, RULE_LEAVES},	/* the policy is copied first */
	{AT_AddOf, RULE_FREE},	/* an ALTER of the type decides about its typed tables */
	{AT_DropOf, RULE_FREE},
	{AT_ReplicaIdentity, RULE_FREE},	/* WAL has the values anyway, see docs/limits.md */
	{AT_EnableRowSecurity, RULE_ADMIN},	/* without an admin's policies no row would be seen */
	{AT_DisableRowSecurity, RULE_ADMIN},	/* mode hide and fallback need it */
	{AT_ForceRowSecurity, RULE_ADMIN},
	{AT_NoForceRowSecurity, RULE_ADMIN},
	{AT_GenericOptions, RULE_ADMIN},	/* they say which remote column a column is */
	{AT_AttachPartition, RULE_JOINS},
	{AT_DetachPartition, RULE_LEAVES},
	{AT_DetachPartitionFinalize, RULE_LEAVES},
	{AT_AddIdentity, RULE_FREE},
	{AT_SetIdentity, RULE_FREE},
	{AT_DropIdentity, RULE_FREE},
	{AT_ReAddStatistics, RULE_INTERNAL},
};

static Rule rule_of(AlterTableType type);
static const char *describe(const AlterTableCmd *command);
static List *typed_tables(Oid type);
static bool needs_admin(AlterTableCmd *command, Oid relid, List *family);
static bool changes_compared(AlterTableCmd *command, const List *family);
static bool is_computed(ColumnDef *column);
static bool is_chosen_in(List *family);
static bool changes_guarded(AlterTableCmd *command, List *family);
static void decide(AlterTableCmd *command, Oid relid, List *family, bool admin);
static void keep_derived(AlterTableCmd *command, List *family);
static Oid	leaving_child(AlterTableCmd *command, Oid relid);

/* What a sub-command does, for the message that an admin is needed. */
static const char *
describe(const AlterTableCmd *command)
{
	switch (command->subtype)
	{
		case AT_AddColumn:
			return psprintf("add column \"%s\", with what computes or checks it,", ((ColumnDef *) command->def)->colname);
		case AT_AddConstraint:
			return "add a constraint";
		case AT_AlterColumnType:
			return psprintf("change the type of column \"%s\"", command->name);
		case AT_ClusterOn:
		case AT_SetAccessMethod:
			return "change the storage";
		case AT_EnableRule:
		case AT_EnableAlwaysRule:
		case AT_EnableReplicaRule:
			return psprintf("enable rule \"%s\"", command->name);
		case AT_DropInherit:
		case AT_DetachPartition:
		case AT_DetachPartitionFinalize:
			return "detach a child";
		case AT_DisableRowSecurity:
		case AT_NoForceRowSecurity:
			return "relax the row security";
		default:
			return "change the options";
	}
}

static Rule
rule_of(AlterTableType type)
{
	for (int i = 0; i < lengthof(subcommands); i++)
		if (subcommands[i].type == type)
			return subcommands[i].rule;
	return RULE_INTERNAL;
}

/* No index leads from a type to its tables, and such commands are rare. */
static List *
typed_tables(Oid type)
{
	Relation	catalog = table_open(RelationRelationId, AccessShareLock);
	ScanKeyData key;
	TableScanDesc scan;
	HeapTuple	tuple;
	List	   *result = NIL;

	ScanKeyInit(&key, Anum_pg_class_reloftype, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(type));
	scan = table_beginscan_catalog(catalog, 1, &key);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
		result = list_concat_unique_oid(result,
										find_all_inheritors(((Form_pg_class) GETSTRUCT(tuple))->oid, NoLock, NULL));
	table_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

List *
cg_altertable_family(Oid relid)
{
	char		relkind = get_rel_relkind(relid);

	if (relkind == RELKIND_INDEX || relkind == RELKIND_PARTITIONED_INDEX)
		relid = IndexGetRelation(relid, false);
	else if (relkind == RELKIND_COMPOSITE_TYPE)
		return typed_tables(get_rel_type_id(relid));
	return find_all_inheritors(relid, NoLock, NULL);
}

bool
cg_altertable_decide(AlterTableStmt *statement, Oid relid, List *family, bool admin)
{
	Oid			guarded = InvalidOid;
	ListCell   *lc;

	foreach(lc, statement->cmds)
	{
		AlterTableCmd *command = lfirst_node(AlterTableCmd, lc);

		if (rule_of(command->subtype) == RULE_VALIDATE || cg_compat_enforces(command))
			cg_enforced_decide(command, relid, family, admin);
	}
	foreach(lc, family)
		if (!OidIsValid(guarded) && cg_policy_get(lfirst_oid(lc)))
			guarded = lfirst_oid(lc);
	if (!OidIsValid(guarded))
		return false;
	foreach(lc, statement->cmds)
		decide(lfirst_node(AlterTableCmd, lc), relid, family, admin);
	return true;
}

static void
decide(AlterTableCmd *command, Oid relid, List *family, bool admin)
{
	Rule		rule = rule_of(command->subtype);
	Oid			child;

	if (rule == RULE_INTERNAL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("contact_guard does not know this form of ALTER TABLE, and relation \"%s\" has guarded columns",
						get_rel_name(relid)),
				 cg_refused_relation(relid, InvalidAttrNumber),
				 errhint("A newer version of contact_guard may know it.")));
	if (!admin && needs_admin(command, relid, family))
		cg_ddl_refuse(relid, psprintf("%s of", describe(command)));
	if (rule == RULE_KEEPS)
		keep_derived(command, family);
	else if (rule == RULE_LEAVES)
	{
		child = leaving_child(command, relid);
		if (OidIsValid(child))
			cg_inherit_keep(child);
	}
}

static bool
needs_admin(AlterTableCmd *command, Oid relid, List *family)
{
	switch (rule_of(command->subtype))
	{
		case RULE_FREE:
		case RULE_VALIDATE:
			/* A check may depend on a setting: its owner could validate again and again. */
			return is_chosen_in(family);
		case RULE_KEEPS:
		case RULE_JOINS:
			return false;
		case RULE_COLUMN:
			return is_computed((ColumnDef *) command->def);
		case RULE_CONSTRAINT:
			if (!IsA(command->def, Constraint))
				return true;
			switch (((Constraint *) command->def)->contype)
			{
				case CONSTR_PRIMARY:
				case CONSTR_UNIQUE:
				case CONSTR_FOREIGN:
					/* accessrules.c decides by the columns, before a row is checked. */
				case CONSTR_EXCLUSION:
					return false;
				case CONSTR_CHECK:
					return cg_enforced_is_awoken((Constraint *) command->def, relid);
					/* As SET NOT NULL. */
				case CONSTR_NOTNULL:
					return is_chosen_in(family);
				default:
					return true;
			}
		case RULE_TYPE:
			return changes_guarded(command, family) || changes_compared(command, family) ||
				cg_touches_raw(family, ((ColumnDef *) command->def)->raw_default);
		default:
			return true;
	}
}

static bool
is_chosen_in(List *family)
{
	ListCell   *lc;

	foreach(lc, family)
		if (cg_combined_is_chosen(lfirst_oid(lc)))
			return true;
	return false;
}

/*
 * A column that the command computes anew is checked anew.  The error of a check that
 * compares it with a guarded column would tell whether both are equal.
 */
static bool
changes_compared(AlterTableCmd *command, const List *family)
{
	ListCell   *lc;

	foreach(lc, family)
	{
		AttrNumber	attnum = get_attnum(lfirst_oid(lc), command->name);

		if (attnum != InvalidAttrNumber && cg_combined_has(lfirst_oid(lc), attnum))
			return true;
	}
	return false;
}

static bool
is_computed(ColumnDef *column)
{
	ListCell   *lc;

	foreach(lc, column->constraints)
		switch ((int) lfirst_node(Constraint, lc)->contype)
		{
			case CONSTR_NULL:
			case CONSTR_NOTNULL:
			case CONSTR_DEFAULT:
			case CONSTR_IDENTITY:
			case CONSTR_PRIMARY:
			case CONSTR_UNIQUE:
			case CONSTR_FOREIGN:
			case CONSTR_ATTR_DEFERRABLE:
			case CONSTR_ATTR_NOT_DEFERRABLE:
			case CONSTR_ATTR_DEFERRED:
			case CONSTR_ATTR_IMMEDIATE:
			case CONSTR_ATTR_ENFORCED:
			case CONSTR_ATTR_NOT_ENFORCED:
				/* accessrules.c decides by the columns, before a row is checked. */
			case CONSTR_CHECK:
			case CONSTR_GENERATED:
				break;
			default:
				return true;
		}
	return false;
}

/*
 * In one of these relations, is the column guarded or the customer key, or are rows
 * hidden?  A cast gets only its own column.
 */
static bool
changes_guarded(AlterTableCmd *command, List *family)
{
	ListCell   *lc;

	foreach(lc, family)
	{
		const CgPolicy *policy = cg_policy_get(lfirst_oid(lc));
		AttrNumber	attnum = policy ? get_attnum(policy->relid, command->name) : InvalidAttrNumber;

		if (policy && (policy->hide || policy->broken || attnum == policy->customer ||
					   (attnum != InvalidAttrNumber && cg_policy_column(policy, attnum))))
			return true;
	}
	return false;
}

/*
 * A generated column is guarded because of its expression.  When the expression is dropped,
 * the column gets a label of its own.
 */
static void
keep_derived(AlterTableCmd *command, List *family)
{
	ListCell   *lc;

	foreach(lc, family)
	{
		AttrNumber	attnum = get_attnum(lfirst_oid(lc), command->name);

		if (attnum != InvalidAttrNumber)
			cg_inherit_keep_column(lfirst_oid(lc), attnum);
	}
}

/*
 * The command will look up the child by name.  So the child is locked here, and the
 * statement gets the name of its schema.
 */
static Oid
leaving_child(AlterTableCmd *command, Oid relid)
{
	PartitionCmd *partition = (PartitionCmd *) command->def;
	Oid			child;

	if (command->subtype == AT_DropInherit)
		return relid;
	child = RangeVarGetRelid(partition->name, NoLock, true);
	if (!OidIsValid(child) || !list_member_oid(cg_inherit_ancestors(child), relid))
		return InvalidOid;		/* the command raises the error */
	LockRelationOid(child, partition->concurrent || command->subtype == AT_DetachPartitionFinalize ?
					ShareUpdateExclusiveLock : AccessExclusiveLock);
	if (get_rel_name(child) == NULL)
		return InvalidOid;
	partition->name->schemaname = get_namespace_name(get_rel_namespace(child));
	partition->name->relname = get_rel_name(child);
	return child;
}
