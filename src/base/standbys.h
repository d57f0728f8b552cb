/*
 * standbys.h
 *		Waiting until synchronous standbys have what was written.
 */
#ifndef CG_STANDBYS_H
#define CG_STANDBYS_H

#include "access/xlogdefs.h"

/*
 * Have synchronous standbys, if there are any, flushed WAL up to there?  Waits.
 * False: not all of them (a cancelled wait, or the process is ending); then it
 * fails at once, without another wait, until they have.
 */
extern bool cg_standbys_wait(XLogRecPtr lsn);

#endif							/* CG_STANDBYS_H */
