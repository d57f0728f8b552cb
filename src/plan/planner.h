/*
 * planner.h
 *		The planner hook: inline, rewrite, plan, check.
 */
#ifndef CG_PLANNER_H
#define CG_PLANNER_H

extern void cg_planner_init(void);

#endif							/* CG_PLANNER_H */
