/*
 * journal.h
 *		The write-ahead stream of read records: into WAL, and durable.
 *
 * There are two steps.  Items wait in a buffer of this process (cg_journal_buffer).
 * They become a WAL message when a caller needs them durable, or when there are many.
 */
#ifndef CG_JOURNAL_H
#define CG_JOURNAL_H

#include "journal/record.h"

/* A buffer of this many bytes is written rather than enlarged. */
#define CG_JOURNAL_ENOUGH (256 * 1024)

/*
 * Makes sure that a record can be written.  ERROR if the library is not preloaded,
 * if the journal has not begun, if WAL is not kept, or if the backlog is over its
 * limit.  May wait some seconds for the launcher.  Needs a transaction.
 */
extern void cg_journal_require(void);

/*
 * Makes sure that WAL is kept; needs no journal.  May wait for the launcher.  ERROR
 * if WAL cannot be kept.
 */
extern void cg_journal_require_slot(void);

/*
 * Makes sure that WAL is kept and that this database's journal has begun.  Does not
 * look at the backlog.  Waits and throws as cg_journal_require does.
 */
extern void cg_journal_require_begun(void);

/*
 * Loads the key and the names that seal messages, unless they are loaded.  False if
 * there is no journal yet (the recorder is asked to begin one), or if this is a
 * standby.  Needs a transaction.  Waits for nothing but a lock on our table.
 */
extern bool cg_journal_load(void);

/* Has shared memory an entry for this database? */
extern bool cg_journal_has_place(void);

/*
 * Can cg_journal_write_now write?  It seals with what was loaded last.  Does not look
 * into any catalog.  Asks the launcher for what is missing.
 */
extern bool cg_journal_can_write(void);

/* The key of pseudonyms, CG_KEY_LENGTH bytes.  Call cg_journal_require first. */
extern const uint8 *cg_journal_key(void);

/*
 * A number that changes when an epoch begins, when the extension is created anew, and
 * when statements have been purged.
 */
extern uint64 cg_journal_generation(void);

/* The buffer for items.  The first item in an empty buffer must be a 'C'. */
extern StringInfo cg_journal_buffer(void);

/* Writes the buffer to WAL, without a flush.  Throws only if memory is exhausted. */
extern void cg_journal_write(void);

/*
 * Writes these items, and no others, as a message of their own, and flushes it as
 * contact_guard.durability says.  Does not wait for standbys.  The message does not
 * count for cg_journal_owes.  Safe outside of a transaction and at the end of one, but
 * not while LWLocks are held.  Call cg_journal_can_write first.
 */
extern void cg_journal_write_now(const StringInfoData *items);

/* Are there items in the buffer, or messages that are not known to be durable? */
extern bool cg_journal_owes(void);

/*
 * Makes all written messages durable, as contact_guard.durability says.  False if a
 * synchronous standby did not acknowledge them (the wait was cancelled, or the process
 * is ending).  Later calls then return false at once, without another wait, until a
 * standby has acknowledged them.
 */
extern bool cg_journal_flush(void);

#endif							/* CG_JOURNAL_H */
