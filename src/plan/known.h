/*
 * known.h
 *		What the rewrite knows how to walk.
 */
#ifndef CG_KNOWN_H
#define CG_KNOWN_H

#include "nodes/parsenodes.h"

/*
 * ERROR feature_not_supported for a kind of command or of range table entry, or of
 * node in an expression, that the rewrite has not been taught: it may hold columns
 * where nobody looks.  For statements with a guarded relation.
 */
extern void cg_known_require_query(const Query *query);
extern void cg_known_require(const Node *node);

#endif							/* CG_KNOWN_H */
