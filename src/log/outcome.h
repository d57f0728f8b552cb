/*
 * outcome.h
 *		What became of the transaction that a record speaks of.
 */
#ifndef CG_OUTCOME_H
#define CG_OUTCOME_H

#include "journal/record.h"

/*
 * Says in the record's reason, palloc'd, that its transaction has not committed, if it is about
 * one and that is so; and that durability was relaxed.  Waits a moment for a transaction that is
 * about to commit; and without an end for that of an act, whose record is evidence.
 */
extern void cg_outcome_add(CgRecord *record, bool relaxed);

#endif							/* CG_OUTCOME_H */
