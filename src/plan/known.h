/*
 * known.h
 *		Kinds of nodes that the rewrite understands.
 */
#ifndef CG_KNOWN_H
#define CG_KNOWN_H

#include "nodes/parsenodes.h"

/*
 * ERROR feature_not_supported for a kind of command, range table entry or node in an
 * expression that the rewrite does not understand: it may have columns that the rewrite
 * does not find.  Call them for statements with a guarded relation.
 */
extern void cg_known_require_query(const Query *query);
extern void cg_known_require(const Node *node);

#endif							/* CG_KNOWN_H */
