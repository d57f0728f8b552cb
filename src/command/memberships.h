/*
 * memberships.h
 *		Records of changed memberships in roles that may see guarded values.
 */
#ifndef CG_MEMBERSHIPS_H
#define CG_MEMBERSHIPS_H

#include "nodes/nodes.h"
#include "nodes/pg_list.h"

/*
 * Call look before a command and record after it.  Changes of memberships and of superusers
 * become policy records, if they concern a role with a standing permission or a group role
 * of the extension.  look returns NULL for commands that change neither.
 */
typedef struct CgMemberships CgMemberships;

extern CgMemberships *cg_memberships_look(Node *statement);
extern void cg_memberships_record(CgMemberships *before);

#endif							/* CG_MEMBERSHIPS_H */
