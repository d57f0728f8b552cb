/*
 * planner.h
 *		The planner hook: inline, rewrite, plan, check.
 */
#ifndef CG_PLANNER_H
#define CG_PLANNER_H

extern void cg_planner_init(void);

/* Is a plan being made, so that functions run only to fold them? */
extern bool cg_planner_is_planning(void);

#endif							/* CG_PLANNER_H */
