/*
 * ownlock.h
 *		LOCK TABLE on the extension's own tables.
 */
#ifndef CG_OWNLOCK_H
#define CG_OWNLOCK_H

#include "nodes/nodes.h"

/*
 * ERROR insufficient_privilege if a LOCK of somebody's who is no superuser would lock,
 * or has locked, a relation of ours.  For before and after the command; others pass.
 */
extern void cg_ownlock_check(Node *statement);

#endif							/* CG_OWNLOCK_H */
