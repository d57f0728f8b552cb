/*
 * compared.h
 *		Which statements ask the definitions of combined.h.
 */
#ifndef CG_COMPARED_H
#define CG_COMPARED_H

#include "nodes/parsenodes.h"

/*
 * The guarded columns (ints) of the relation that the statement writes to with which such
 * a definition, of the relation or of one below it, compares what the statement sets, or what it chooses beside rows.  The
 * relation has a policy.  Looks into catalogs; what it finds is kept until any relation
 * changes.
 */
extern List *cg_compared_asked(const Query *query);

#endif							/* CG_COMPARED_H */
