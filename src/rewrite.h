/*
 * rewrite.h
 *		Every reference to a guarded column becomes a call of reveal().
 */
#ifndef CG_REWRITE_H
#define CG_REWRITE_H

#include "nodes/parsenodes.h"

/*
 * For a query with a guarded relation in some range table.  Rewrites in place.  Returns whether the query reads guarded columns.  ERROR
 * object_not_in_prerequisite_state if the policy of one is broken.
 */
extern bool cg_rewrite_query(Query *query);

/*
 * Has the rewrite seen this range table entry, and if so, for which relation?
 * InvalidOid: it has not.  Survives the planner's copying of entries, and is
 * inherited by the entries that it makes for children.
 */
extern Oid	cg_rewrite_seen(const RangeTblEntry *rte);

#endif							/* CG_REWRITE_H */
