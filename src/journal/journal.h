/*
 * journal.h
 *		The write-ahead stream of read records: into WAL, and durable.
 *
 * Two steps: items wait in a buffer of this process (cg_journal_buffer), and
 * become a WAL message when somebody needs them durable or there are many.
 */
#ifndef CG_JOURNAL_H
#define CG_JOURNAL_H

#include "journal/record.h"

/* The buffer's size in bytes at which it is better written than grown. */
#define CG_JOURNAL_ENOUGH (256 * 1024)

/*
 * Makes sure that a record can be written: ERROR if the library is not
 * preloaded, the journal not begun, WAL not kept, or the backlog over its
 * limit.  May wait some seconds for the launcher.  Needs a transaction.
 */
extern void cg_journal_require(void);

/*
 * The part of it that needs no journal: WAL is being kept.  May wait for the
 * launcher; ERROR if it cannot.
 */
extern void cg_journal_require_slot(void);

/* The same for this database's journal, however long the backlog. */
extern void cg_journal_require_begun(void);

/*
 * Loads what messages are sealed with, unless it is loaded; false if there is no
 * journal yet, which then is asked for, or this is a standby.  Needs a
 * transaction; waits for nothing but a lock on our table.
 */
extern bool cg_journal_load(void);

/* Has this database a place among those whose journal is recorded? */
extern bool cg_journal_has_place(void);

/*
 * Can cg_journal_write_now write?  What was loaded last counts.  Looks into no
 * catalog; asks the launcher for what is missing.
 */
extern bool cg_journal_can_write(void);

/* The key of pseudonyms, CG_KEY_LENGTH bytes; after cg_journal_require. */
extern const uint8 *cg_journal_key(void);

/*
 * Changes with the journal: a new epoch, or the extension created anew; and when
 * statements have been purged.
 */
extern uint64 cg_journal_generation(void);

/* Where to put items.  The first of them in an empty buffer must be a 'C'. */
extern StringInfo cg_journal_buffer(void);

/* Writes the buffer to WAL, without flushing.  Throws only for want of memory. */
extern void cg_journal_write(void);

/*
 * Writes these items, and no others, as a message of their own, and flushes it
 * as contact_guard.durability says, without waiting for standbys.  Nothing is
 * owed by it.  Safe outside of a transaction and in the end of one; not with
 * LWLocks held.  After cg_journal_can_write.
 */
extern void cg_journal_write_now(const StringInfoData *items);

/* Is something in the buffer, or written and not known to be durable? */
extern bool cg_journal_owes(void);

/*
 * Makes all that was written durable, as contact_guard.durability says.  False:
 * a synchronous standby did not acknowledge it (a cancelled wait, or the process
 * is ending).  Then it fails at once, without another wait, until one does.
 */
extern bool cg_journal_flush(void);

#endif							/* CG_JOURNAL_H */
