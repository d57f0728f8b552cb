/*
 * synced.h
 *		Waiting for the recorder.
 */
#ifndef CG_SYNCED_H
#define CG_SYNCED_H

/*
 * Waits until all that was journalled before the call is stored in the log, at most so many
 * milliseconds; false if it is not.  The caller's transaction may have kept the recorder away,
 * so the patience must be short.  The session must not owe records that it has to lock for.
 */
extern bool cg_synced_wait(int patience);

/*
 * Waits until all of it is stored, however long that takes; may be cancelled.  WARNING if the
 * recorder has failed; ERROR if it cannot go on, and on a standby.
 */
extern void cg_synced_require(void);

#endif							/* CG_SYNCED_H */
