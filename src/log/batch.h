/*
 * batch.h
 *		Messages of the journal into the access log, a transaction at a time.
 *		Recorder only.
 */
#ifndef CG_BATCH_H
#define CG_BATCH_H

#include "base/shared.h"
#include "log/walreader.h"

/*
 * One transaction, of what has been flushed up to limit.  False if there was
 * nothing yet.  *bytes: of messages of ours.
 */
extern bool cg_batch_record(CgWalReader *reader, XLogRecPtr limit, uint64 *bytes);

/*
 * The error that ends this process has this SQLSTATE: if it may be the content of a
 * message, the next recorder will see which.  The lock of shared memory is held,
 * in exclusive mode.
 */
extern void cg_batch_note_error(CgDatabase *database, int code);

#endif							/* CG_BATCH_H */
