/*
 * inheritance.h
 *		Relations that become the child of another one, or leave it.
 */
#ifndef CG_INHERITANCE_H
#define CG_INHERITANCE_H

#include "command/accessrules.h"

/*
 * The object-access hook's event of pg_inherits; see accessrules.h.  ERROR
 * insufficient_privilege for what only an admin may attach or detach.
 */
extern void cg_inheritance_decide(const CgAccess *event);

#endif							/* CG_INHERITANCE_H */
