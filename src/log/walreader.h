/*
 * walreader.h
 *		Reads our messages from WAL.
 */
#ifndef CG_WALREADER_H
#define CG_WALREADER_H

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"

typedef struct CgWalReader CgWalReader;

typedef enum CgWalKind
{
	CG_WAL_MESSAGE,
	CG_WAL_CHECKPOINT,			/* of a running server */
	CG_WAL_STOP					/* a run of the server has ended: see start.c */
} CgWalKind;

/*
 * A message.  Its bytes are valid until the next one is read.  If it is too large to be
 * ours, data is NULL.  Or a record of another kind: then only start, end and time are set.
 */
typedef struct CgWalMessage
{
	CgWalKind	kind;
	TimestampTz time;			/* of a record of another kind */
	Oid			database;		/* InvalidOid: a launcher's */
	const char *data;
	size_t		length;
	XLogRecPtr	start;
	XLogRecPtr	end;
	/* Of CG_WAL_STOP.  They differ where a timeline begins: see failover.c. */
	TimeLineID	timeline;
	TimeLineID	previous_timeline;
} CgWalMessage;

/*
 * The beginning of the WAL on disk.  All WAL from there on can be read, on any timeline; on
 * a standby, all WAL up to what is replayed.
 * It looks at the files, so unless a slot keeps them, a checkpoint may remove some right
 * afterwards.
 */
extern XLogRecPtr cg_walreader_oldest(void);

/*
 * Where the next record of WAL will begin, so that a reader can begin there, too.  All WAL
 * before it is flushed.  Not on a standby.
 */
extern XLogRecPtr cg_walreader_end(void);

/* Opens a reader of all records that begin at or after start.  palloc'd. */
extern CgWalReader *cg_walreader_open(XLogRecPtr start);
extern void cg_walreader_close(CgWalReader *reader);

/*
 * Reads the next message with our prefix, of any database, or record of another kind.
 * False if none is flushed, or if the reader has reached limit.
 */
extern bool cg_walreader_next(CgWalReader *reader, XLogRecPtr limit, CgWalMessage *message);

/* The end of the last record that was read. */
extern XLogRecPtr cg_walreader_position(const CgWalReader *reader);

#endif							/* CG_WALREADER_H */
