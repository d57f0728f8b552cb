/*
 * ownlock.h
 *		LOCK TABLE on the extension's own tables.
 */
#ifndef CG_OWNLOCK_H
#define CG_OWNLOCK_H

#include "nodes/nodes.h"

/*
 * ERROR insufficient_privilege if a LOCK command that is not a superuser's would lock, or
 * has locked, a relation of ours.  Called before and after the command; other commands
 * pass.
 */
extern void cg_ownlock_check(Node *statement);

#endif							/* CG_OWNLOCK_H */
