/*
 * sealed.h
 *		Up to which position WAL is recorded, as the tree says.
 *
 * Only the recorder calls these functions, unless another caller is named.
 */
#ifndef CG_SEALED_H
#define CG_SEALED_H

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"

/*
 * Returns the position from which to read: that which is stored, or the oldest on disk if that is
 * later.  In a run of the server the first call compares the log with the WAL before that position
 * which no heartbeat names.  If the log lacks some of it, a gap record is made, and the result is
 * where that begins.  Call it outside of a transaction, after cg_epoch_open.
 */
extern XLogRecPtr cg_sealed_open(XLogRecPtr stored, XLogRecPtr oldest);

/* When a heartbeat is due. */
extern TimestampTz cg_sealed_due(void);

/* Makes a heartbeat, in a batch of its own.  All messages before position must be recorded. */
extern void cg_sealed_record(XLogRecPtr position);

/* Forgets keys and sessions that are not needed any more: see cg_apply_clean.  Between batches. */
extern void cg_sealed_clean(XLogRecPtr position);

/* Up to where heartbeats say what is recorded before this position; where none are made: all of it. */
extern XLogRecPtr cg_sealed_limit(XLogRecPtr position);

/*
 * The end of the WAL that the log says is recorded; Invalid if no heartbeat of this journal says
 * so.  seq: of that heartbeat, or -1.  In a transaction, and by a standby's visitor, too.
 */
extern XLogRecPtr cg_sealed_stored(int64 *seq);

#endif							/* CG_SEALED_H */
