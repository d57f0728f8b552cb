/*
 * start.h
 *		Starts of the server: was the library loaded all the time?
 */
#ifndef CG_START_H
#define CG_START_H

#include "log/walreader.h"

/*
 * Writes into WAL, once in a run of the server, that the library is loaded.  Only the
 * launcher calls it, outside of recovery, before it lets sessions write messages.
 */
extern void cg_start_announce(void);

/* Writes into WAL that the launcher ends.  The launcher calls it when it is told to end. */
extern void cg_start_announce_end(void);

/*
 * Takes what the reader has found about runs of the server (a checkpoint, or a message of
 * a launcher).  Adds a record "start" to the batch if the library was loaded there.
 */
extern void cg_start_take(const CgWalMessage *message);

/* Is it a launcher's message that the server has started with the library?  And when was that? */
extern bool cg_start_is_start(const CgWalMessage *message, TimestampTz *at);

/*
 * Has the reader passed the end of a run, and not yet seen whether the library was loaded
 * in the next one?  A batch must not end there: the next recorder would not know.
 */
extern bool cg_start_is_open(void);

#endif							/* CG_START_H */
