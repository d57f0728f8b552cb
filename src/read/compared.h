/*
 * compared.h
 *		The statements that make the definitions of combined.h compare.
 */
#ifndef CG_COMPARED_H
#define CG_COMPARED_H

#include "nodes/parsenodes.h"

/*
 * The guarded columns (ints) of the statement's target that such a definition, of the
 * target or of a relation below it, compares with the columns that the statement sets, or
 * with other inputs that its writer chooses.  The target must have a policy.  Looks into
 * catalogs; the definitions are kept until any relation changes.
 */
extern List *cg_compared_asked(const Query *query);

#endif							/* CG_COMPARED_H */
