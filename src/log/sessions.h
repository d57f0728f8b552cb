/*
 * sessions.h
 *		Which messages of which sessions have been taken.
 *		Only the recorder calls these functions.
 */
#ifndef CG_SESSIONS_H
#define CG_SESSIONS_H

#include "access/xlogdefs.h"

#include "journal/record.h"

#define CG_SESSION_LENGTH 32

/* The session's name, in the format of %c in log_line_prefix. */
extern void cg_sessions_name(const CgMessageHeader *header, char *name);

typedef enum CgTaken
{
	CG_TAKEN,
	CG_TAKEN_BEFORE,			/* the session wrote it again, as it says itself, or it is a
								 * copy from far back in WAL */
	CG_TAKEN_CONFLICT			/* another message had its number */
} CgTaken;

/*
 * Takes note of an authentic message that begins at start.  *missing: the counter of the
 * first missing message before it, or 0.  Reads a table, so it needs a transaction.
 */
extern CgTaken cg_sessions_take(const CgMessageHeader *header, XLogRecPtr start, uint64 *missing);

/* Stores changed counters, in the batch's transaction. */
extern void cg_sessions_store(void);

/*
 * Forgets sessions that need not be known once WAL is recorded up to position.  Uses a
 * transaction of its own.
 */
extern void cg_sessions_clean(int32 epoch, XLogRecPtr position);

#endif							/* CG_SESSIONS_H */
