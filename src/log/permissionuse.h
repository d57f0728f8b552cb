/*
 * permissionuse.h
 *		When each standing permission was last used.
 */
#ifndef CG_PERMISSIONUSE_H
#define CG_PERMISSIONUSE_H

#include "nodes/pg_list.h"

/*
 * Stores in contact_guard.permission_used when the records of a batch, its CgLogRows, have used
 * permissions.  Needs a transaction with a snapshot.
 */
extern void cg_permissionuse_store(List *rows);

#endif							/* CG_PERMISSIONUSE_H */
