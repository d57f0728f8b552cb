/*
 * gather.h
 *		The recorder's pause between two batches.  Only the recorder calls these functions.
 */
#ifndef CG_GATHER_H
#define CG_GATHER_H

#include "postgres.h"

/*
 * Waits after a batch, so that more messages share the next one.  Returns at once, or as
 * soon as it happens, if somebody waits for the log, if many bytes wait, or if the recorder
 * has other work.  Resets the latch.
 */
extern void cg_gather_wait(void);

/*
 * From here until the next look at shared memory (look_for_work in recorder.c), sessions
 * that write a message do not wake the recorder.  It sleeps a short while only.
 */
extern void cg_gather_undisturbed(void);

#endif							/* CG_GATHER_H */
