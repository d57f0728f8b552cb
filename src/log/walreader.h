/*
 * walreader.h
 *		Reads our messages from WAL.
 */
#ifndef CG_WALREADER_H
#define CG_WALREADER_H

#include "access/xlogdefs.h"

typedef struct CgWalReader CgWalReader;

/*
 * A message.  Its bytes are valid until the next one is read.  If it is too large to be
 * ours, data is NULL.
 */
typedef struct CgWalMessage
{
	Oid			database;
	const char *data;
	size_t		length;
	XLogRecPtr	start;
	XLogRecPtr	end;
} CgWalMessage;

/*
 * The beginning of the WAL on disk.  All WAL from there on can be read, on any timeline; on
 * a standby, all WAL up to what is replayed.
 * It looks at the files, so unless a slot keeps them, a checkpoint may remove some right
 * afterwards.
 */
extern XLogRecPtr cg_walreader_oldest(void);

/* Opens a reader of all records that begin at or after start.  palloc'd. */
extern CgWalReader *cg_walreader_open(XLogRecPtr start);
extern void cg_walreader_close(CgWalReader *reader);

/*
 * Reads the next message with our prefix, of any database.  False if no such message is
 * flushed, or if the reader has reached limit.
 */
extern bool cg_walreader_next(CgWalReader *reader, XLogRecPtr limit, CgWalMessage *message);

/* The end of the last record that was read. */
extern XLogRecPtr cg_walreader_position(const CgWalReader *reader);

#endif							/* CG_WALREADER_H */
