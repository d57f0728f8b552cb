/*
 * commands.c
 *		The utility statements that are allowed in a database that guards something.
 *
 * The list names the statements that have been examined.  A statement that it does not
 * have is refused in a database that guards something, so that a new PostgreSQL does not
 * open a way around.  test/census compares the list with the server's headers.
 */
#include "postgres.h"

#include "tcop/utility.h"

#include "policy/commands.h"

typedef struct Command
{
	NodeTag		tag;
	CgCommandKind kind;
} Command;

static const Command commands[] = {
	/*
	 * The objects that these make or change get no stored value: roles, settings,
	 * schemas, sequences, new types, servers.  The provider checks a label, and the
	 * statements of an extension's script come here one by one.
	 */
	{T_AlterDatabaseRefreshCollStmt, CG_COMMAND_FREE},
	{T_AlterDatabaseSetStmt, CG_COMMAND_FREE},
	{T_AlterDatabaseStmt, CG_COMMAND_FREE},
	{T_AlterDefaultPrivilegesStmt, CG_COMMAND_FREE},
	{T_AlterEventTrigStmt, CG_COMMAND_FREE},
	{T_AlterExtensionContentsStmt, CG_COMMAND_FREE},
	{T_AlterExtensionStmt, CG_COMMAND_FREE},
	{T_AlterFdwStmt, CG_COMMAND_FREE},
	{T_AlterForeignServerStmt, CG_COMMAND_FREE},
	{T_AlterObjectDependsStmt, CG_COMMAND_FREE},
	{T_AlterPublicationStmt, CG_COMMAND_FREE},
	{T_AlterRoleSetStmt, CG_COMMAND_FREE},
	{T_AlterRoleStmt, CG_COMMAND_FREE},
	{T_AlterSeqStmt, CG_COMMAND_FREE},
	{T_AlterStatsStmt, CG_COMMAND_FREE},
	{T_AlterSubscriptionStmt, CG_COMMAND_FREE},
	{T_AlterSystemStmt, CG_COMMAND_FREE},
	{T_AlterTableSpaceOptionsStmt, CG_COMMAND_FREE},
	{T_AlterUserMappingStmt, CG_COMMAND_FREE},
	{T_CheckPointStmt, CG_COMMAND_FREE},
	{T_ClosePortalStmt, CG_COMMAND_FREE},
	{T_CommentStmt, CG_COMMAND_FREE},
	{T_CompositeTypeStmt, CG_COMMAND_FREE},
	{T_CreateAmStmt, CG_COMMAND_FREE},
	{T_CreateConversionStmt, CG_COMMAND_FREE},
	{T_CreateDomainStmt, CG_COMMAND_FREE},
	{T_CreateEnumStmt, CG_COMMAND_FREE},
	{T_CreateEventTrigStmt, CG_COMMAND_FREE},
	{T_CreateExtensionStmt, CG_COMMAND_FREE},
	{T_CreateFdwStmt, CG_COMMAND_FREE},
	{T_CreateForeignServerStmt, CG_COMMAND_FREE},
	{T_CreatePLangStmt, CG_COMMAND_FREE},
	{T_CreatePublicationStmt, CG_COMMAND_FREE},
	{T_CreateRangeStmt, CG_COMMAND_FREE},
	{T_CreateRoleStmt, CG_COMMAND_FREE},
	{T_CreateSchemaStmt, CG_COMMAND_FREE},
	{T_CreateSeqStmt, CG_COMMAND_FREE},
	{T_CreateSubscriptionStmt, CG_COMMAND_FREE},
	{T_CreateTableSpaceStmt, CG_COMMAND_FREE},
	{T_CreateUserMappingStmt, CG_COMMAND_FREE},
	{T_CreatedbStmt, CG_COMMAND_FREE},
	{T_DeallocateStmt, CG_COMMAND_FREE},
	{T_DiscardStmt, CG_COMMAND_FREE},
	{T_DropRoleStmt, CG_COMMAND_FREE},
	{T_DropSubscriptionStmt, CG_COMMAND_FREE},
	{T_DropTableSpaceStmt, CG_COMMAND_FREE},
	{T_DropUserMappingStmt, CG_COMMAND_FREE},
	{T_DropdbStmt, CG_COMMAND_FREE},
	{T_GrantRoleStmt, CG_COMMAND_FREE},
	{T_GrantStmt, CG_COMMAND_FREE},
	{T_ImportForeignSchemaStmt, CG_COMMAND_FREE},
	{T_ListenStmt, CG_COMMAND_FREE},
	{T_LoadStmt, CG_COMMAND_FREE},
	{T_LockStmt, CG_COMMAND_FREE},
	{T_NotifyStmt, CG_COMMAND_FREE},
	{T_SecLabelStmt, CG_COMMAND_FREE},
	{T_TransactionStmt, CG_COMMAND_FREE},
	{T_UnlistenStmt, CG_COMMAND_FREE},
	{T_VariableSetStmt, CG_COMMAND_FREE},
	{T_VariableShowStmt, CG_COMMAND_FREE},

	/*
	 * ddl.c decides on these: in the object-access hooks, under the command's lock, and
	 * for some of them before, when it has resolved their relation.
	 */
	{T_AlterCollationStmt, CG_COMMAND_DECIDED},
	{T_AlterDomainStmt, CG_COMMAND_DECIDED},
	{T_AlterEnumStmt, CG_COMMAND_DECIDED},
	{T_AlterFunctionStmt, CG_COMMAND_DECIDED},
	{T_AlterObjectSchemaStmt, CG_COMMAND_DECIDED},
	{T_AlterOpFamilyStmt, CG_COMMAND_DECIDED},
	{T_AlterOperatorStmt, CG_COMMAND_DECIDED},
	{T_AlterOwnerStmt, CG_COMMAND_DECIDED},
	{T_AlterPolicyStmt, CG_COMMAND_DECIDED},
	{T_AlterTSConfigurationStmt, CG_COMMAND_DECIDED},
	{T_AlterTSDictionaryStmt, CG_COMMAND_DECIDED},
	{T_AlterTableMoveAllStmt, CG_COMMAND_DECIDED},
	{T_AlterTableStmt, CG_COMMAND_DECIDED},
	{T_AlterTypeStmt, CG_COMMAND_DECIDED},
	{T_ClusterStmt, CG_COMMAND_DECIDED},
	{T_CreateCastStmt, CG_COMMAND_DECIDED},
	{T_CreateForeignTableStmt, CG_COMMAND_DECIDED},
	{T_CreateFunctionStmt, CG_COMMAND_DECIDED},
	{T_CreateOpClassStmt, CG_COMMAND_DECIDED},
	{T_CreateOpFamilyStmt, CG_COMMAND_DECIDED},
	{T_CreatePolicyStmt, CG_COMMAND_DECIDED},
	{T_CreateStatsStmt, CG_COMMAND_DECIDED},
	{T_CreateStmt, CG_COMMAND_DECIDED},
	{T_CreateTransformStmt, CG_COMMAND_DECIDED},
	{T_CreateTrigStmt, CG_COMMAND_DECIDED},
	{T_DefineStmt, CG_COMMAND_DECIDED},
	{T_DropOwnedStmt, CG_COMMAND_DECIDED},
	{T_DropStmt, CG_COMMAND_DECIDED},
	{T_IndexStmt, CG_COMMAND_DECIDED},
	{T_ReassignOwnedStmt, CG_COMMAND_DECIDED},
	{T_ReindexStmt, CG_COMMAND_DECIDED},
	{T_RenameStmt, CG_COMMAND_DECIDED},
	{T_RuleStmt, CG_COMMAND_DECIDED},
	{T_ViewStmt, CG_COMMAND_DECIDED},

	/*
	 * Their rows come from plans (the planner hook), from COPY (copyto.c) or from
	 * portals (resume.c).  VACUUM and ANALYZE run functions of the definition, but show no
	 * value.
	 */
	{T_CallStmt, CG_COMMAND_READS},
	{T_ConstraintsSetStmt, CG_COMMAND_READS},
	{T_CopyStmt, CG_COMMAND_READS},
	{T_CreateTableAsStmt, CG_COMMAND_READS},
	{T_DeclareCursorStmt, CG_COMMAND_READS},
	{T_DoStmt, CG_COMMAND_READS},
	{T_ExecuteStmt, CG_COMMAND_READS},
	{T_ExplainStmt, CG_COMMAND_READS},
	{T_FetchStmt, CG_COMMAND_READS},
	{T_PrepareStmt, CG_COMMAND_READS},
	{T_RefreshMatViewStmt, CG_COMMAND_READS},
	{T_TruncateStmt, CG_COMMAND_READS},
	{T_VacuumStmt, CG_COMMAND_READS},

	/* These never come to the hook for utility statements. */
	{T_DeleteStmt, CG_COMMAND_QUERY},
	{T_InsertStmt, CG_COMMAND_QUERY},
	{T_MergeStmt, CG_COMMAND_QUERY},
	{T_PLAssignStmt, CG_COMMAND_QUERY},
	{T_PlannedStmt, CG_COMMAND_QUERY},
	{T_RawStmt, CG_COMMAND_QUERY},
	{T_ReplicaIdentityStmt, CG_COMMAND_QUERY},
	{T_ReturnStmt, CG_COMMAND_QUERY},
	{T_SelectStmt, CG_COMMAND_QUERY},
	{T_SetOperationStmt, CG_COMMAND_QUERY},
	{T_UpdateStmt, CG_COMMAND_QUERY},
};

CgCommandKind
cg_commands_kind(NodeTag tag)
{
	/* Every utility command asks, and a session mostly runs one kind, such as EXECUTE. */
	static int	last = 0;

	if (commands[last].tag == tag)
		return commands[last].kind;
	for (int i = 0; i < lengthof(commands); i++)
		if (commands[i].tag == tag)
			return commands[last = i].kind;
	return CG_COMMAND_UNKNOWN;
}

/* False for commands that send rows to the client, or whose statements come here, too. */
bool
cg_commands_stores(NodeTag tag)
{
	switch (tag)
	{
		case T_AlterExtensionStmt:
		case T_CallStmt:
		case T_CheckPointStmt:
		case T_ClosePortalStmt:
		case T_ConstraintsSetStmt:
		case T_CreateExtensionStmt:
		case T_CreateSchemaStmt:
		case T_DeallocateStmt:
		case T_DeclareCursorStmt:
		case T_DiscardStmt:
		case T_DoStmt:
		case T_ExecuteStmt:
		case T_ExplainStmt:
		case T_FetchStmt:
		case T_ListenStmt:
		case T_LoadStmt:
		case T_LockStmt:
		case T_PrepareStmt:
		case T_TransactionStmt:
		case T_UnlistenStmt:
		case T_VariableSetStmt:
		case T_VariableShowStmt:
			return false;
		default:
			return true;
	}
}

void
cg_commands_refuse_unknown(Node *statement)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%s is not known to contact_guard, which guards relations of this database",
					GetCommandTagName(CreateCommandTag(statement))),
			 errhint("A newer version of contact_guard may know it. Until then it can run in databases where nothing is protected.")));
}
