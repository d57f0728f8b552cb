/*
 * epoch.h
 *		Whose journal this is: epochs begin with the extension, a copy, a restore.
 */
#ifndef CG_EPOCH_H
#define CG_EPOCH_H

#include "access/xlogdefs.h"

#include "journal/journalstate.h"

/*
 * For the recorder, outside of a transaction: opens a new epoch if the journal's
 * state is another database's, repairs one that is damaged, and records it.
 * Returns the position from which to read, or Invalid if the extension is not
 * there.
 */
extern XLogRecPtr cg_epoch_open(void);

/*
 * Removes the key of the epoch before, whose messages are all recorded.  A transaction
 * of its own.
 */
extern void cg_epoch_forget_previous(const CgJournalState *state);

/* Is somebody creating the extension just now, in a transaction not yet committed? */
extern bool cg_epoch_is_coming(void);

#endif							/* CG_EPOCH_H */
