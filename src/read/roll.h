/*
 * roll.h
 *		The customers whom an execution was shown by a standing permission.
 *
 * One roll for each relation.  It knows which columns of whom were read, and which of
 * them are not yet in a record.  A list of many customers makes the same record for each
 * of them, so they need little memory, and no list of what is due.
 */
#ifndef CG_ROLL_H
#define CG_ROLL_H

#include "datatype/timestamp.h"

#include "journal/recordset.h"

typedef struct CgRoll CgRoll;

/* Lives in the context, and goes with it. */
extern CgRoll *cg_roll_create(MemoryContext context);

/*
 * Notes that columns of a customer were read.  False if the roll is full, or has keys of
 * another kind: then the caller drains and empties it, and tries again.  The time of a
 * record is that of now, or up to a millisecond before.
 */
extern bool cg_roll_note(CgRoll *roll, const CgCustomerKey *key, uint64 columns, TimestampTz now);

/* Is somebody not yet in a record? */
extern bool cg_roll_owes(const CgRoll *roll);

/* Has the writer write all of them.  Each set has the same columns for all customers. */
typedef void (*CgRollWriter) (void *arg, uint64 columns, const CgRecordSet *set);
extern void cg_roll_drain(CgRoll *roll, CgRollWriter writer, void *arg);

/* Forgets everybody. */
extern void cg_roll_empty(CgRoll *roll);

#endif							/* CG_ROLL_H */
