/*
 * commands.h
 *		The utility statements that are allowed in a database that guards something.
 */
#ifndef CG_COMMANDS_H
#define CG_COMMANDS_H

#include "nodes/nodes.h"

typedef enum CgCommandKind
{
	CG_COMMAND_UNKNOWN,			/* refused in a database that guards something */
	CG_COMMAND_FREE,			/* neither defines nor reads a guarded relation */
	CG_COMMAND_DECIDED,			/* defines relations or functions: ddl.c decides */
	CG_COMMAND_READS,			/* the planner hook, COPY or windows decide on its rows */
	CG_COMMAND_QUERY			/* not a utility statement, or never one at the hook */
} CgCommandKind;

extern CgCommandKind cg_commands_kind(NodeTag tag);

/*
 * May a utility statement store results of its expressions, or write in another way?  For
 * EXECUTE, EXPLAIN and COPY the tag alone does not tell.
 */
extern bool cg_commands_stores(NodeTag tag);

/* ERROR feature_not_supported: the list does not have the statement. */
extern void cg_commands_refuse_unknown(Node *statement);

#endif							/* CG_COMMANDS_H */
