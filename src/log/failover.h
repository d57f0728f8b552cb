/*
 * failover.h
 *		New timelines: a record says where one left the other.
 *
 * Only the recorder calls these functions, while a batch is open.
 */
#ifndef CG_FAILOVER_H
#define CG_FAILOVER_H

#include "access/xlogdefs.h"

#include "log/walreader.h"

/*
 * Adds a record "failover" to the batch if a timeline begins at this end of a run.  True if
 * this end is that of a run whose shutdown has come already.
 */
extern bool cg_failover_take(const CgWalMessage *message);

/*
 * Has a reader at this position passed the record with which the present timeline begins?
 * Call it outside of a batch, too.
 */
extern bool cg_failover_is_passed(XLogRecPtr position);

/* The same for each timeline that begins in WAL that is missing. */
extern void cg_failover_take_missing(XLogRecPtr from, XLogRecPtr to);

#endif							/* CG_FAILOVER_H */
