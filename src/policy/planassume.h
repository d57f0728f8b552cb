/*
 * planassume.h
 *		Plans that are valid only for actors with a standing permission, or without one.
 *
 * Hidden rows and look-ups by index need different plans for different actors; no
 * expression could choose at run time.  So the planner hook chooses by the actor of the
 * moment, and each execution checks that the choice is still right.
 */
#ifndef CG_PLANASSUME_H
#define CG_PLANASSUME_H

#include "nodes/plannodes.h"

extern void cg_planassume_init(void);

/*
 * Has the actor a standing permission on the relation, for all of its columns?  And, in mode hide, do all of its
 * rows exist for the actor?  The plan that is being made assumes the answer, and must
 * carry a mark that says so.
 */
extern bool cg_planassume_permitted(Oid relid);
extern bool cg_planassume_sees_all(Oid relid);

/*
 * ERROR object_not_in_prerequisite_state if the plan was made for another kind
 * of actor; cached plans are dropped, so that the statement succeeds when it is run again.
 * True if the execution must be recorded even if it finds nothing: it compares the values
 * of guarded columns, or reads the access log.
 */
extern bool cg_planassume_check(const PlannedStmt *plan);

#endif							/* CG_PLANASSUME_H */
