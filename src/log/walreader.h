/*
 * walreader.h
 *		Our messages, read from WAL.
 */
#ifndef CG_WALREADER_H
#define CG_WALREADER_H

#include "access/xlogdefs.h"

typedef struct CgWalReader CgWalReader;

/*
 * A message; the bytes are good until the next one is read.  One that is too large
 * to be ours has no data.
 */
typedef struct CgWalMessage
{
	Oid			database;
	const char *data;			/* or NULL */
	size_t		length;
	XLogRecPtr	start;
	XLogRecPtr	end;
} CgWalMessage;

/*
 * Where the WAL on disk begins: everything from there up to the end can be read,
 * whatever timelines it is of.  Looks at the files, so a checkpoint may take some
 * of it right afterwards, unless a slot keeps it.
 */
extern XLogRecPtr cg_walreader_oldest(void);

/* A reader of all records that begin at or after start.  palloc'd. */
extern CgWalReader *cg_walreader_open(XLogRecPtr start);
extern void cg_walreader_close(CgWalReader *reader);

/*
 * The next message with our prefix, of any database.  False if there is none
 * that ends at or before limit, or in what has been flushed.
 */
extern bool cg_walreader_next(CgWalReader *reader, XLogRecPtr limit, CgWalMessage *message);

/* All records before this position have been read. */
extern XLogRecPtr cg_walreader_position(const CgWalReader *reader);

#endif							/* CG_WALREADER_H */
