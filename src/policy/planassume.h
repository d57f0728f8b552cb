/*
 * planassume.h
 *		Plans that hold for actors with a standing permission, or without one.
 *
 * Hidden rows and look-ups by index need plans that no expression could turn
 * into one another at run time.  So the planner hook chooses by the actor of the
 * moment, and each execution checks that the choice still holds.
 */
#ifndef CG_PLANASSUME_H
#define CG_PLANASSUME_H

#include "nodes/plannodes.h"

extern void cg_planassume_init(void);

/*
 * Has the actor a standing permission on the relation?  Do all of its rows exist for the
 * actor, in mode hide?  The plan that is being made takes the answer for granted, and
 * must carry a mark that says so.
 */
extern bool cg_planassume_permitted(Oid relid);
extern bool cg_planassume_sees_all(Oid relid);

/*
 * ERROR object_not_in_prerequisite_state if the plan was made for another kind
 * of actor; cached plans are dropped, so that running the statement again works.
 * True if the execution is to be recorded whatever it finds: it compares guarded
 * columns bare, or reads the access log.
 */
extern bool cg_planassume_check(const PlannedStmt *plan);

#endif							/* CG_PLANASSUME_H */
