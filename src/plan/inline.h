/*
 * inline.h
 *		Set-returning SQL functions, which are inlined before the rewrite.
 */
#ifndef CG_INLINE_H
#define CG_INLINE_H

#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"

#include "base/special.h"

/* The findings of the walk, and fields that the plan needs after inlining. */
typedef struct CgInlined
{
	bool		guarded;		/* some range table has a guarded relation */
	bool		statistics;		/* some range table has a catalog of statistics */
	bool		writes;			/* a function may write: see writers.h */
	bool		reads;			/* besides one that may write, another one may read */
	List	   *dependencies;	/* PlanInvalItem */
	bool		depends_on_role;
} CgInlined;

extern void cg_inline_init(void);

/*
 * Inlines, in place, every function in FROM that the planner would inline.  A query that
 * reads nothing guarded pays for this walk only.
 */
extern void cg_inline_functions(Query *query, CgInlined *inlined);

/* Only for the functions here. */
extern CG_HIDDEN int cg_inline_depth;

/*
 * How many calls of the planner are under way, with the rewrite behind them.  While there
 * is one, the planner inlines no set-returning SQL function: its body would not have passed
 * the rewrite.  Who raises the number gives it back its old value, after an error too.
 */
static inline int
cg_inline_planning(void)
{
	return cg_inline_depth;
}

static inline void
cg_inline_set_planning(int depth)
{
	cg_inline_depth = depth;
}

#endif							/* CG_INLINE_H */
