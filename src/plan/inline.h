/*
 * inline.h
 *		Set-returning SQL functions, opened before the rewrite looks.
 */
#ifndef CG_INLINE_H
#define CG_INLINE_H

#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"

/* What the walk found, and what inlining leaves behind for the plan. */
typedef struct CgInlined
{
	bool		guarded;		/* a guarded relation is in some range table */
	bool		statistics;		/* a catalog of statistics is */
	bool		writes;			/* a function may write: see writers.h */
	bool		reads;			/* and another one may read */
	List	   *dependencies;	/* PlanInvalItem */
	bool		depends_on_role;
} CgInlined;

extern void cg_inline_init(void);

/*
 * Replaces every function in FROM that the planner would inline, in place.  All
 * that a query pays which reads nothing guarded.
 */
extern void cg_inline_functions(Query *query, CgInlined *inlined);

/*
 * While true, the planner inlines no set-returning SQL function: one that it
 * opened now would not have passed the rewrite.
 */
extern void cg_inline_forbid(bool forbid);

#endif							/* CG_INLINE_H */
