/*
 * outside.h
 *		Inputs of an expression over a row that do not come from the row.
 */
#ifndef CG_OUTSIDE_H
#define CG_OUTSIDE_H

#include "nodes/nodes.h"

/*
 * Has the expression, or the body of an SQL function in it, an input that does not come
 * from the row and that the role that runs the statement can choose: a setting, the role,
 * a sequence?  Nobody can choose the time.  Functions that get values of the row are
 * swayed.h's part.  Looks into catalogs.
 */
extern bool cg_outside_is_chosen(Node *expression);

#endif							/* CG_OUTSIDE_H */
