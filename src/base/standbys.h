/*
 * standbys.h
 *		Waits until synchronous standbys have flushed WAL.
 */
#ifndef CG_STANDBYS_H
#define CG_STANDBYS_H

#include "access/xlogdefs.h"

/*
 * Waits until the synchronous standbys, if there are any, have flushed WAL up to lsn.
 * False if they have not (the wait was cancelled, or the process is ending).  Later calls
 * then return false at once, without another wait, until the standbys have flushed.
 */
extern bool cg_standbys_wait(XLogRecPtr lsn);

#endif							/* CG_STANDBYS_H */
