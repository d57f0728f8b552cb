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
	bool		assumes;		/* its plan is valid for some actors only: planassume.h */
	bool		unpermitted;	/* holds: it names a relation on which the actor has no permission */
	List	   *called;			/* OIDs of functions */
	List	   *called_kinds;	/* the kinds of each: see called.h */
} CgRewritten;

/*
 * Rewrites a query in place, and marks the entries of guarded relations (rtemark.h).  Call
 * it for a query with a guarded relation in some range table, or with functions that may
 * read and others that may write; for the latter it only makes the list "called".  params:
 * values of parameters if the plan is for these only, or NULL.  holds: the query is that of
 * a cursor WITH HOLD, so its plan is valid only for actors with a permission on all of its
 * relations.  ERROR object_not_in_prerequisite_state if the policy of a relation is broken.
 */
extern CgRewritten cg_rewrite_query(Query *query, ParamListInfo params, const CgInlined *inlined, bool holds);

#endif							/* CG_REWRITE_H */
