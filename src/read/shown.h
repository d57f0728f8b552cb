/*
 * shown.h
 *		Sets of what has been shown: customers by open windows, relations by
 *		standing permissions.
 */
#ifndef CG_SHOWN_H
#define CG_SHOWN_H

#include "nodes/plannodes.h"

#include "base/actor.h"

/* A set with more customers forgets them, and is never open again. */
#define CG_SHOWN_MAX 500000

typedef struct CgShown CgShown;

/* An empty set, in a memory context of its own, until it is freed. */
extern CgShown *cg_shown_create(void);
extern void cg_shown_free(CgShown *shown);

/* Adds a customer that a window has shown; NULL: a standing permission on the relation has. */
extern void cg_shown_add(CgShown *shown, const CgActor *actor, Oid relid, const char *customer);

extern void cg_shown_merge(CgShown *into, const CgShown *from);

/*
 * ERROR object_not_in_prerequisite_state unless all of it was shown to the actor of this
 * moment, and would be shown to that actor now, by the latest commit and the clock.
 * Needs a transaction.
 */
extern void cg_shown_require_open(const CgShown *shown);

/* The same as a question.  It may throw errors of the look-ups. */
extern bool cg_shown_is_open(const CgShown *shown);

/*
 * A plan may carry a set, in an entry of its range table that nothing else refers
 * to.  Copies of the plan have it, too.  of_plan returns a new set, or NULL.
 */
extern void cg_shown_put_into_plan(const CgShown *shown, PlannedStmt *plan);
extern CgShown *cg_shown_of_plan(const PlannedStmt *plan);

#endif							/* CG_SHOWN_H */
