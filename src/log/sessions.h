/*
 * sessions.h
 *		Which messages of which sessions have been taken.  Recorder only.
 */
#ifndef CG_SESSIONS_H
#define CG_SESSIONS_H

#include "access/xlogdefs.h"

#include "journal/record.h"

#define CG_SESSION_LENGTH 32

/* The session's name, as %c in log_line_prefix. */
extern void cg_sessions_name(const CgMessageHeader *header, char *name);

/*
 * Takes note of an authentic message that begins at a position.  False for a
 * repetition.  *missing: the first of the messages before it that have not come, or
 * 0.  Reads a table: needs a transaction.
 */
extern bool cg_sessions_take(const CgMessageHeader *header, XLogRecPtr start, uint64 *missing);

/* Stores what has changed, in the batch's transaction. */
extern void cg_sessions_store(void);

/* Forgets who needs not be known at a position; a transaction of its own. */
extern void cg_sessions_clean(int32 epoch, XLogRecPtr position);

#endif							/* CG_SESSIONS_H */
