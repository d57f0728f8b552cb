/*
 * epoch.h
 *		Whose journal this is: epochs begin with the extension, a copy, a restore.
 */
#ifndef CG_EPOCH_H
#define CG_EPOCH_H

#include "access/xlogdefs.h"

#include "journal/journalstate.h"

/*
 * The recorder calls this outside of a transaction.  It begins a new epoch if the state
 * of the journal names another database.  It repairs a damaged state.  It records both.
 * Returns the position from which to read, or Invalid if the extension is not there.
 */
extern XLogRecPtr cg_epoch_open(void);

/* Asks for a recorder of a journal that this transaction changes, before it has committed. */
extern void cg_epoch_expect_recorder(void);

/* Is a transaction in progress that creates the extension? */
extern bool cg_epoch_is_coming(void);

#endif							/* CG_EPOCH_H */
