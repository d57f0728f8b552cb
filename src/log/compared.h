/*
 * compared.h
 *		Has the log what a stretch of WAL has?
 *
 * Only the recorder calls these functions, in a transaction with a snapshot.
 */
#ifndef CG_COMPARED_H
#define CG_COMPARED_H

#include "access/xlogdefs.h"

/* Has the log all rows behind this one?  Otherwise nothing can be compared. */
extern bool cg_compared_is_possible(int64 seq);

/*
 * Where in this WAL begins what the log does not have behind row seq; Invalid: it has all.
 * lost_key: set to the name of a key of which that WAL tells, and which is not there.  It is in
 * TopMemoryContext.
 */
extern XLogRecPtr cg_compared_first_lost(XLogRecPtr from, XLogRecPtr to, int64 seq, char **lost_key);

#endif							/* CG_COMPARED_H */
