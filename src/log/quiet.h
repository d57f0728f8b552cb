/*
 * quiet.h
 *		An idle server says in WAL that a stretch of WAL has no message of a database.
 */
#ifndef CG_QUIET_H
#define CG_QUIET_H

#include "access/xlogdefs.h"

/*
 * The launcher's.  Writes such a record for each database that has stored no position from
 * target on, once for each target.  Does nothing for databases that are at work.
 */
extern void cg_quiet_announce(XLogRecPtr target);

/*
 * The recorder's.  Does a record in the WAL from oldest on say that this database has no
 * message from position to oldest?
 */
extern bool cg_quiet_covers(XLogRecPtr position, XLogRecPtr oldest);

/*
 * Writes a message that names no database in its head, so that no session can write one, and that
 * PostgreSQL counts as unimportant.  Returns its end.  The caller must flush it.
 */
extern XLogRecPtr cg_quiet_write(const char *text);

#endif							/* CG_QUIET_H */
