/*
 * folding.h
 *		Functions that PostgreSQL runs beforehand, and whose results it keeps.
 */
#ifndef CG_FOLDING_H
#define CG_FOLDING_H

#include "postgres.h"

#include "access/attnum.h"
#include "nodes/plannodes.h"

#include "read/around.h"

extern void cg_folding_init(void);

/*
 * PostgreSQL makes a function of somebody's ready for its call; in a transaction.
 * Notes it if it is run to be replaced by its result.
 */
extern void cg_folding_begin(Oid function);

/* Are we below one whose result becomes part of that plan? */
extern bool cg_folding_is_for(const CgAround *planning);

/* An execution begins: what is its own is below no such function. */
extern void cg_folding_enter_execution(void);

/* The same for what a plan finds, or hides, by guarded columns. */
extern void cg_folding_check_plan(const PlannedStmt *plan);

/*
 * A guarded column is read, or, with attnum 0, a relation.  ERROR feature_not_supported below a function whose
 * result may be kept beyond the statement; where it goes into a plan, that
 * planning is noted (CgAround.read).
 */
extern void cg_folding_require_unkept(Oid relid, AttrNumber attnum);

/*
 * Takes what was computed beforehand of a relation's indexes and of its partitioning
 * out of PostgreSQL's cache.  The relation is locked.
 */
extern void cg_folding_forget_kept(Oid relid);

/*
 * A planning that had read guarded columns so has failed, one does not know where.
 * refresh(), called before the next one, then forgets all of this session's.
 */
extern void cg_folding_note_failure(void);
extern void cg_folding_refresh(void);

#endif							/* CG_FOLDING_H */
