/*
 * unswayed.h
 *		Expressions whose result no setting of a session can change.
 */
#ifndef CG_UNSWAYED_H
#define CG_UNSWAYED_H

#include "nodes/nodes.h"

/*
 * True of an expression, or a list of them, over the columns of one relation (varno 1) that
 * consists of nodes, functions and types that are known to depend on no setting.
 */
extern bool cg_unswayed_is(Node *expression);

/* The same of analysed queries, a list of them. */
extern bool cg_unswayed_is_query(Node *queries);

#endif							/* CG_UNSWAYED_H */
