/*
 * shown.h
 *		A set of what has been shown: customers by open windows, relations by
 *		standing permissions.
 */
#ifndef CG_SHOWN_H
#define CG_SHOWN_H

#include "nodes/plannodes.h"

#include "base/actor.h"

/* A set that would know more customers is never all open again. */
#define CG_SHOWN_MAX 500000

typedef struct CgShown CgShown;

/* An empty set, in a memory context of its own, until it is freed. */
extern CgShown *cg_shown_create(void);
extern void cg_shown_free(CgShown *shown);

/* customer NULL: by a standing permission on the relation; else by a window. */
extern void cg_shown_add(CgShown *shown, const CgActor *actor, Oid relid, const char *customer);

extern void cg_shown_merge(CgShown *into, const CgShown *from);

/*
 * ERROR object_not_in_prerequisite_state unless the actor of this moment is the
 * one to whom all of it was shown, and all of it would be shown to him now, by the
 * latest commit and the clock.  Needs a transaction.
 */
extern void cg_shown_require_open(const CgShown *shown);

/* The same as a question; it throws what look-ups throw. */
extern bool cg_shown_is_open(const CgShown *shown);

/*
 * A plan may carry a set, in an entry of its range table that nothing else refers
 * to: copies of the plan have it too.  of_plan: a new set, or NULL.
 */
extern void cg_shown_put_into_plan(const CgShown *shown, PlannedStmt *plan);
extern CgShown *cg_shown_of_plan(const PlannedStmt *plan);

#endif							/* CG_SHOWN_H */
