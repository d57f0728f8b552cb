/*
 * batch.h
 *		Messages of the journal into the access log, a transaction at a time.
 *		Only the recorder calls these functions.
 */
#ifndef CG_BATCH_H
#define CG_BATCH_H

#include "base/shared.h"
#include "log/walreader.h"

/*
 * Records, in one transaction, messages that have been flushed and end at or before
 * limit.  False if there was no WAL to read yet.  *bytes: the length of our messages.
 */
extern bool cg_batch_record(CgWalReader *reader, XLogRecPtr limit, uint64 *bytes);

/*
 * Notes the SQLSTATE of the error that ends this process.  If the content of a message
 * may be the cause, the next recorder finds out which message it is.  The caller holds
 * the lock of shared memory in exclusive mode.
 */
extern void cg_batch_note_error(CgDatabase *database, int code);

#endif							/* CG_BATCH_H */
