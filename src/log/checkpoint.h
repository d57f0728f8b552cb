/*
 * checkpoint.h
 *		Checkpoints: signed statements of the access log's size and root.
 *
 * Recorder only.  The order of things: the records' commit is flushed (and
 * acknowledged by synchronous standbys), the new tree is checked against what was
 * signed last, the note is signed, kept in the state file, and published.
 */
#ifndef CG_CHECKPOINT_H
#define CG_CHECKPOINT_H

#include "datatype/timestamp.h"

/*
 * Signs a checkpoint, and makes a heartbeat record, if one is due.  Outside of a
 * transaction.  Never throws: a failure is a WARNING in the server log, once, and
 * status() has it.
 */
extern void cg_checkpoint_maintain(void);

/* When cg_checkpoint_maintain has something to do; 0 if never. */
extern TimestampTz cg_checkpoint_due(void);

/* Is the next thing a checkpoint, so that the recorder should stay for it? */
extern bool cg_checkpoint_pending(void);

/* The configuration has been read again: what failed may do now. */
extern void cg_checkpoint_retry(void);

#endif							/* CG_CHECKPOINT_H */
