/*
 * outside.h
 *		What an expression over a row takes from outside of the row.
 */
#ifndef CG_OUTSIDE_H
#define CG_OUTSIDE_H

#include "nodes/nodes.h"

/*
 * Has the expression, or the body of an SQL function in it, an input that is not of the
 * row and that whoever runs the statement chooses: a setting, the role, a sequence?  Times
 * are chosen by nobody.  What functions do with values of the row is swayed.h's question.
 * Looks into catalogs.
 */
extern bool cg_outside_is_chosen(Node *expression);

#endif							/* CG_OUTSIDE_H */
