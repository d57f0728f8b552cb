/*
 * recorded.h
 *		What has just been recorded: the place for whoever wants to hear of an event.
 *
 * Recorder only.
 */
#ifndef CG_RECORDED_H
#define CG_RECORDED_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

/*
 * Called once for each batch, with its CgLogRows, when the batch has been committed: an
 * alert on an event would be sent from here.  There is no transaction.  The rows are in
 * the log whatever happens here, and are not told again: what throws ends the recorder,
 * and another one goes on behind them.  After a crash a batch may be in the log that
 * nobody was told of.
 */
extern void cg_recorded_tell(List *rows);

/* When something was recorded last, by this recorder or the one before it. */
extern TimestampTz cg_recorded_last_at(void);

#endif							/* CG_RECORDED_H */
