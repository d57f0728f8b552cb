/*
 * memberships.h
 *		Who becomes a member of a role that may see guarded values: records.
 */
#ifndef CG_MEMBERSHIPS_H
#define CG_MEMBERSHIPS_H

#include "nodes/nodes.h"
#include "nodes/pg_list.h"

/*
 * Before and after a command: what it may have changed in memberships and in who is
 * a superuser becomes policy records, if a role with a standing permission or a
 * group role of the extension is behind it.  NULL for commands that change neither.
 */
typedef struct CgMemberships CgMemberships;

extern CgMemberships *cg_memberships_look(Node *statement);
extern void cg_memberships_record(CgMemberships *before);

#endif							/* CG_MEMBERSHIPS_H */
