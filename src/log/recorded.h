/*
 * recorded.h
 *		Tells of records that have just been stored: the place for code that listens to
 *		events.  Only the recorder calls these functions.
 */
#ifndef CG_RECORDED_H
#define CG_RECORDED_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

/*
 * Is called once after the commit of each batch, with its CgLogRows, outside of a
 * transaction.  An alert on an event would be sent from here.  The rows stay in the log
 * whatever happens here.  An error here ends the recorder, and the next recorder
 * continues behind these rows.  So after an error or a crash there may be rows in the log
 * for which this was not called.
 */
extern void cg_recorded_tell(List *rows);

/* The time of the last record, by this recorder or an earlier one. */
extern TimestampTz cg_recorded_last_at(void);

#endif							/* CG_RECORDED_H */
