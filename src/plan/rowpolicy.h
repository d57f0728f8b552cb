/*
 * rowpolicy.h
 *		Hide mode: rows of customers without an open window do not exist.
 */
#ifndef CG_ROWPOLICY_H
#define CG_ROWPOLICY_H

#include "nodes/parsenodes.h"

extern void cg_rowpolicy_init(void);

/* Is the node a part of our row filter?  If true, sets *relid to its relation. */
extern bool cg_rowpolicy_is_filter(const Node *node, Oid *relid);

/*
 * Adds the filter to an entry of a relation in hide mode, unless row security has already
 * put it there.  False, without a filter, in the check of a foreign key.
 */
extern bool cg_rowpolicy_require(Query *query, Index rti);

/*
 * For an INSERT with ON CONFLICT whose relation has been marked: changes its WHERE so
 * that it sees no hidden row.
 */
extern void cg_rowpolicy_guard_conflict(Query *query);

#endif							/* CG_ROWPOLICY_H */
