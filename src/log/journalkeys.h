/*
 * journalkeys.h
 *		The keys that seal the journal: one for each run of the server.
 */
#ifndef CG_JOURNALKEYS_H
#define CG_JOURNALKEYS_H

#include "journal/journalstate.h"

/* A random key. */
extern void cg_journalkeys_make(uint8 *key);

/*
 * Stores the keys of the state, in place of all that are stored.  If it has none, its key
 * becomes the first of its epoch.  Needs a transaction.
 */
extern void cg_journalkeys_store(CgJournalState *state);

/*
 * Makes the key of this run of the server, unless it has been made.  Only the recorder
 * calls it, in the transaction in which it has read the state.
 */
extern void cg_journalkeys_begin_run(CgJournalState *state);

/*
 * Removes all keys but the first of the epoch and the newest, here and in the table, in
 * a transaction of its own.  All messages that others have sealed must have been recorded.
 */
extern void cg_journalkeys_forget(CgJournalState *state);

#endif							/* CG_JOURNALKEYS_H */
