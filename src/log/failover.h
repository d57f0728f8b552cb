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

/* Adds a record "failover" to the batch if a timeline begins at this end of a run. */
extern void cg_failover_take(const CgWalMessage *message);

/* The same for each timeline that begins in WAL that is missing. */
extern void cg_failover_take_missing(XLogRecPtr from, XLogRecPtr to);

#endif							/* CG_FAILOVER_H */
