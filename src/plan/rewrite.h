/*
 * rewrite.h
 *		Every reference to a guarded column becomes a call of reveal().
 */
#ifndef CG_REWRITE_H
#define CG_REWRITE_H

#include "nodes/params.h"
#include "nodes/parsenodes.h"

#include "plan/inline.h"

typedef struct CgRewritten
{
	bool		found;			/* the query reads guarded columns or hidden rows */
	bool		assumes;		/* its plan holds for some actors only: planassume.h */
	List	   *called;			/* OIDs of functions, and */
	List	   *called_kinds;	/* for what: see called.h */
} CgRewritten;

/*
 * For a query with a guarded relation in some range table, or with functions that may
 * read and others that may write, of which it makes the list alone.  params: their values,
 * where the plan is for those alone, or NULL.  Rewrites in place, and marks the entries of guarded relations (rtemark.h).  ERROR
 * object_not_in_prerequisite_state if the policy of one is broken.
 */
extern CgRewritten cg_rewrite_query(Query *query, ParamListInfo params, const CgInlined *inlined);

#endif							/* CG_REWRITE_H */
