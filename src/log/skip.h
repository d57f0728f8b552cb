/*
 * skip.h
 *		The recorder passes WAL that it need not read.
 */
#ifndef CG_SKIP_H
#define CG_SKIP_H

#include "access/xlogdefs.h"

#include "log/walreader.h"

/*
 * Call it when a session or the launcher waits for the position, and the reader has read all
 * that it can.  Returns up to where the recorder has to read, or Invalid: the reader, which
 * may be another one then, is where the recorder may say that it is.
 */
extern XLogRecPtr cg_skip_flushed(CgWalReader **reader);

#endif							/* CG_SKIP_H */
