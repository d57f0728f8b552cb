/*
 * rowpolicy.h
 *		Hide mode: rows of customers without an open window do not exist.
 */
#ifndef CG_ROWPOLICY_H
#define CG_ROWPOLICY_H

#include "nodes/parsenodes.h"

extern void cg_rowpolicy_init(void);

/* Is the node a part of our row filter, of which relation? */
extern bool cg_rowpolicy_is_filter(const Node *node, Oid *relid);

/*
 * Sees to it that an entry of a relation in hide mode has the filter, whether or
 * not row security has put it there.  False in the check of a foreign key.
 */
extern bool cg_rowpolicy_require(Query *query, Index rti);

/*
 * For an INSERT with ON CONFLICT whose relation has been marked: its WHERE sees no
 * row that is hidden.
 */
extern void cg_rowpolicy_guard_conflict(Query *query);

#endif							/* CG_ROWPOLICY_H */
