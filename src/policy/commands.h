/*
 * commands.h
 *		Which utility statements may pass where something is guarded.
 */
#ifndef CG_COMMANDS_H
#define CG_COMMANDS_H

#include "nodes/nodes.h"

typedef enum CgCommandKind
{
	CG_COMMAND_UNKNOWN,			/* refused where something is guarded */
	CG_COMMAND_FREE,			/* neither defines nor reads a guarded relation */
	CG_COMMAND_DECIDED,			/* defines relations, or what they call: decided by ddl.c */
	CG_COMMAND_READS,			/* its rows are decided elsewhere: planner, COPY, windows */
	CG_COMMAND_QUERY			/* no utility statement, or never one at the hook */
} CgCommandKind;

extern CgCommandKind cg_commands_kind(NodeTag tag);

/*
 * Is what expressions of a utility statement return stored, or may it be, or does it
 * write in another way?  Of EXECUTE, EXPLAIN and COPY that depends on more than this.
 */
extern bool cg_commands_stores(NodeTag tag);

/* ERROR feature_not_supported for a statement that the table does not have. */
extern void cg_commands_refuse_unknown(Node *statement);

#endif							/* CG_COMMANDS_H */
