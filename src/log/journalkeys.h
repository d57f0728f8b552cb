/*
 * journalkeys.h
 *		The keys that seal the journal: one for each run of the server, and one for each
 *		call of rotate_journal_key().
 */
#ifndef CG_JOURNALKEYS_H
#define CG_JOURNALKEYS_H

#include "journal/journalstate.h"
#include "log/walreader.h"

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
 * Makes a key that seals what begins at a position of WAL or behind it, here and in the
 * table.  The state has fewer than CG_SEALS_MAX keys.  No message behind that position may
 * have been sealed with an earlier key.  Needs a transaction.
 */
extern void cg_journalkeys_add(CgJournalState *state, XLogRecPtr begins_at);

/* The number of a key, and a hash of it and of its stretch: palloc'd.  Has the journal the key that a text begins with? */
extern char *cg_journalkeys_name(const CgSeal *seal);
extern bool cg_journalkeys_has(const CgJournalState *state, const char *name);

/* Adds a gap record to the batch, unless there is one: the journal has not the key of this name any more. */
extern void cg_journalkeys_miss(const char *name);

/*
 * Says in WAL which key the newest one is, once it has been committed.  The key's name, palloc'd,
 * if a message is such a one and the journal has not the key any more; else NULL.  And adds
 * a gap record if so.
 */
extern void cg_journalkeys_tell(const CgJournalState *state);
extern char *cg_journalkeys_lost(const CgWalMessage *message);
extern void cg_journalkeys_take(const CgWalMessage *message);

/*
 * Is there a key, besides the newest one and the first of the epoch, of which all that it
 * has sealed lies before a position of WAL?  A key of the present epoch stays until a heartbeat has
 * named a newer one, so for it the position "sealed" counts.
 */
extern bool cg_journalkeys_are_spent(const CgJournalState *state, XLogRecPtr position, XLogRecPtr sealed);

/*
 * Removes all such keys, here and in the table, in a transaction of its own.  All messages
 * before that position must have been recorded.
 */
extern void cg_journalkeys_forget(CgJournalState *state, XLogRecPtr position, XLogRecPtr sealed);

#endif							/* CG_JOURNALKEYS_H */
