/*
 * dependents.h
 *		Functions that a guarded relation's own definition calls.
 */
#ifndef CG_DEPENDENTS_H
#define CG_DEPENDENTS_H

#include "postgres.h"

/*
 * A relation with guarded columns whose indexes, constraints, generated columns, policies,
 * triggers or rules depend on the function, directly or through operators, casts, types
 * and similar objects; InvalidOid if there is none.  PostgreSQL does not record what a
 * function's text calls, so this is not found.
 */
extern Oid	cg_dependents_guarded(Oid function);

/* May a value of this type be checked by a constraint of the domain? */
extern bool cg_dependents_uses_domain(Oid type, Oid domain);

#endif							/* CG_DEPENDENTS_H */
