/*
 * covers.h
 *		Does the policy of an ancestor guard everything that a child's policy guards?
 */
#ifndef CG_COVERS_H
#define CG_COVERS_H

#include "postgres.h"

/*
 * ERROR feature_not_supported unless a read of "child" through "parent" is guarded as a
 * read of "child" itself.
 */
extern void cg_covers_require(Oid parent, Oid child);
extern bool cg_covers_is_covered(Oid parent, Oid child);

#endif							/* CG_COVERS_H */
