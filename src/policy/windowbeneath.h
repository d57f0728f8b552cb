/*
 * windowbeneath.h
 *		Windows that move because a table changes that their relation reads.
 */
#ifndef CG_WINDOWBENEATH_H
#define CG_WINDOWBENEATH_H

#include "executor/tuptable.h"
#include "utils/relcache.h"

#include "policy/interventions.h"

typedef struct CgWindowBeneath CgWindowBeneath;

/*
 * For the rows of one table and one statement, in the current memory context; NULL if no
 * watched relation reads the table, or no column of it is named as an id.
 */
extern CgWindowBeneath *cg_windowbeneath_begin(Relation rel);

/* The columns of the table that decide of windows; NIL: not known. */
extern List *cg_windowbeneath_columns(const CgWindowBeneath *beneath);

/* Notes how the windows of the row's interventions have moved.  A slot may be NULL. */
extern void cg_windowbeneath_note(CgWindowBeneath *beneath, TupleTableSlot *was, TupleTableSlot *is);

/*
 * Can the relation be asked for the windows of an intervention, whose id has this type?
 * Prepares the question.  Throws PostgreSQL's error if not.
 */
extern void cg_windowbeneath_prepare(CgInterventions *from, Oid type);

#endif							/* CG_WINDOWBENEATH_H */
