/*
 * calls.h
 *		Calls of reveal() and keep(), as nodes of a query.
 */
#ifndef CG_CALLS_H
#define CG_CALLS_H

#include "nodes/primnodes.h"

#include "base/site.h"
#include "policy/policy.h"

/*
 * reveal(column, customer key, site) for a Var of a guarded column, relabelled to
 * its type, typmod and collation.  asks: the actor may have inserted the row, so the call
 * gets its tableoid and ctid, too (inserts.h).
 */
extern Node *cg_calls_reveal(Var *var, const CgPolicy *policy, CgSite site, bool asks);

/*
 * keep(value, column, customer key, site) for a value that is about to be stored
 * in the guarded column of range table entry rti at this query level.
 */
extern Node *cg_calls_keep(Expr *value, Index rti, const CgPolicy *policy, CgSite site, bool asks);

/*
 * unmasked(value, site, …), which refuses to store masks: see written.c.  args: a Var and
 * its site, for each of up to CG_CALLS_UNMASKED columns, and then what cg_calls_note()
 * gives.
 */
#define CG_CALLS_UNMASKED 40
extern Node *cg_calls_unmasked(List *args);

/* Arguments of unmasked() by which it notes a row that is inserted: see inserts.h. */
extern List *cg_calls_note(Index rti, Oid relid, uint64 columns);

/* function(key, site), a boolean test of a row: see rowfuncs.c. */
extern Node *cg_calls_test(const char *function, Var *key, CgSite site);

extern Const *cg_calls_site(CgSite site);

/* Does the expression call reveal()? */
extern bool cg_calls_reveals(Expr *expression);

/* Nothing tells how often the expression is computed, nor for which rows of a group. */
extern bool cg_calls_may_move(Expr *expression);

#endif							/* CG_CALLS_H */
