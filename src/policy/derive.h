/*
 * derive.h
 *		Generated columns that are computed from guarded ones.
 */
#ifndef CG_DERIVE_H
#define CG_DERIVE_H

#include "policy/policy.h"

/*
 * Adds to a policy, which has the columns of its labels, the columns that the relation or
 * an ancestor computes from them.  Reads only catalogs.
 */
extern void cg_derive_columns(CgPolicy *policy);

#endif							/* CG_DERIVE_H */
