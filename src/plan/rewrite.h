/*
 * rewrite.h
 *		Every reference to a guarded column becomes a call of reveal().
 */
#ifndef CG_REWRITE_H
#define CG_REWRITE_H

#include "nodes/params.h"
#include "nodes/parsenodes.h"

typedef struct CgRewritten
{
	bool		found;			/* the query reads guarded columns or hidden rows */
	bool		assumes;		/* its plan holds for some actors only: planassume.h */
} CgRewritten;

/*
 * For a query with a guarded relation in some range table.  params: their values,
 * where the plan is for those alone, or NULL.  Rewrites in place, and marks the entries of guarded relations (rtemark.h).  ERROR
 * object_not_in_prerequisite_state if the policy of one is broken.
 */
extern CgRewritten cg_rewrite_query(Query *query, ParamListInfo params);

#endif							/* CG_REWRITE_H */
