/*
 * folding.h
 *		Functions that PostgreSQL runs in advance, and whose results it keeps.
 */
#ifndef CG_FOLDING_H
#define CG_FOLDING_H

#include "postgres.h"

#include "access/attnum.h"
#include "nodes/plannodes.h"

#include "read/around.h"

extern void cg_folding_init(void);

/*
 * Call it when PostgreSQL prepares the call of a user's function, in a transaction.
 * Notes the call if the function is run so that its result can replace the call.
 */
extern void cg_folding_begin(Oid function);

/* Is a function under way whose result becomes part of that plan? */
extern bool cg_folding_is_for(const CgAround *planning);

/* Call it when an execution begins: functions that it runs itself are not such functions. */
extern void cg_folding_enter_execution(void);

/*
 * Call it when an execution begins: the ERROR of cg_folding_require_unkept() for a plan
 * that finds or hides rows by guarded columns, or reads the access log.
 */
extern void cg_folding_check_plan(const PlannedStmt *plan);

/*
 * Call it when a guarded column (attnum 0: a relation) is read.  ERROR
 * feature_not_supported below a function whose result may be kept beyond the statement.
 * If the result goes into a plan, the planning is noted (CgAround.read).
 */
extern void cg_folding_require_unkept(Oid relid, AttrNumber attnum);

/*
 * Removes from PostgreSQL's cache the precomputed expressions of a relation's indexes and
 * of its partitioning.  The relation must be locked.
 */
extern void cg_folding_forget_kept(Oid relid);

/*
 * note_failure: planning has failed after such a read, so the relations are not known.
 * refresh, called before the next planning, then invalidates all relations of the session.
 */
extern void cg_folding_note_failure(void);
extern void cg_folding_refresh(void);

#endif							/* CG_FOLDING_H */
