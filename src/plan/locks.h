/*
 * locks.h
 *		Conditions that guard an UPDATE of a single row against a change made meanwhile.
 */
#ifndef CG_LOCKS_H
#define CG_LOCKS_H

#include "nodes/parsenodes.h"

/* Does the WHERE of the query pin a single row, by a full unique key or by ctid? */
extern bool cg_locks_are_pinned(const Query *query);

/* Is this condition of the WHERE such a guard, if the row is pinned? */
extern bool cg_locks_is_one(const Query *query, Node *condition);

#endif							/* CG_LOCKS_H */
