/*
 * planner.h
 *		The planner hook: inline, rewrite, plan, check.
 */
#ifndef CG_PLANNER_H
#define CG_PLANNER_H

extern void cg_planner_init(void);

/* Is a plan being made?  Then functions run only to become constants of it. */
extern bool cg_planner_is_planning(void);

#endif							/* CG_PLANNER_H */
