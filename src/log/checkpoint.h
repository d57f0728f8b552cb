/*
 * checkpoint.h
 *		Checkpoints: signed statements of the access log's size and root.
 *
 * Only the recorder calls these functions.  The steps are: the commit of the records is
 * flushed, and acknowledged by synchronous standbys; the tree is checked against the
 * last signed checkpoint; the note is signed; the note is written to the state file; the
 * note is published.
 */
#ifndef CG_CHECKPOINT_H
#define CG_CHECKPOINT_H

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"

/*
 * Signs a checkpoint and makes a heartbeat record, each if it is due.  Call it outside
 * of a transaction, when all messages before position are recorded.  If the checkpoint fails, it does not throw: status() shows the
 * failure, and the server log has a WARNING for the first of several failures.
 */
extern void cg_checkpoint_maintain(XLogRecPtr position);

/* When cg_checkpoint_maintain will have something to do; 0 if never. */
extern TimestampTz cg_checkpoint_due(void);

/* Are there records that are not signed yet, so that the recorder should not end? */
extern bool cg_checkpoint_pending(void);

/*
 * Call it when the configuration was read again, or when the origin has changed: a failed
 * checkpoint is tried at once.
 */
extern void cg_checkpoint_retry(void);

#endif							/* CG_CHECKPOINT_H */
