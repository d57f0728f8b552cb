/*
 * ownlock.h
 *		LOCK TABLE on the extension's own tables.
 */
#ifndef CG_OWNLOCK_H
#define CG_OWNLOCK_H

#include "nodes/nodes.h"

/*
 * ERROR insufficient_privilege if a LOCK command of an ordinary role would lock, or has
 * locked, a relation of ours.  Call it before and after the command.  Other commands pass.
 */
extern void cg_ownlock_check(Node *statement);

#endif							/* CG_OWNLOCK_H */
