/*
 * journal.h
 *		The journal of this database: can a record be kept, and by what is it sealed?
 *
 * messages.h writes the records.
 */
#ifndef CG_JOURNAL_H
#define CG_JOURNAL_H

#include "journal/journalstate.h"
#include "journal/space.h"

/*
 * Makes sure that a record can be written.  ERROR if the library is not preloaded,
 * if the journal has not begun, if WAL is not kept, or if the backlog is over its
 * limit.  May wait some seconds for the launcher.  Needs a transaction.
 */
extern void cg_journal_require(void);

/*
 * The part of it that looks at the backlog; for a read whose journal was waited for before.
 * ERROR disk_full, too, if WAL has hardly any room: see space.h.
 */
extern void cg_journal_require_room(void);

/*
 * Waits while a quarter of the limit is exceeded: for who makes records that must not
 * bring others near it.  Call it after cg_journal_require.  Interruptible.  ERROR if no
 * recorder stores anything for a minute.  Does not wait where interrupts are held.
 */
extern void cg_journal_make_way(void);

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

/* Has shared memory an entry for this database, that it need not give back? */
extern bool cg_journal_has_place(void);

/*
 * Can cg_messages_write_now write?  It seals with what was loaded last.  Does not look
 * into any catalog.  Asks the launcher for what is missing.
 */
extern bool cg_journal_can_write(void);

/*
 * On a standby that forwards: was what seals messages loaded there?  Then they go to the
 * primary, also if this server has been promoted since.
 */
extern bool cg_journal_is_borrowed(void);

/* Loads it again, since the primary has another key.  Needs a transaction. */
extern void cg_journal_reload(void);

/* The texts of statements that this session has sent are not there any more. */
extern void cg_journal_send_texts_again(void);

/*
 * What messages are sealed with: as cg_journal_require or cg_journal_load have found it
 * last.
 */
extern const CgJournalState *cg_journal_own(void);

/* The key of pseudonyms, CG_KEY_LENGTH bytes.  Call cg_journal_require first. */
extern const uint8 *cg_journal_key(void);

/*
 * A number that changes when an epoch begins, when the extension is created anew, and
 * when statements have been purged.
 */
extern uint64 cg_journal_generation(void);

#endif							/* CG_JOURNAL_H */
