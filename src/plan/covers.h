/*
 * covers.h
 *		Does the policy of an ancestor guard all that the policy of a child guards?
 */
#ifndef CG_COVERS_H
#define CG_COVERS_H

#include "postgres.h"

/*
 * ERROR feature_not_supported unless whoever reads "child" through "parent" meets all
 * that guards the child.
 */
extern void cg_covers_require(Oid parent, Oid child);
extern bool cg_covers_is_covered(Oid parent, Oid child);

#endif							/* CG_COVERS_H */
