/*
 * apply.h
 *		From journal messages to rows of the access log, one batch in each transaction.
 *
 * Only the recorder calls these functions.  It calls use first.  Then, for each batch,
 * it calls begin, then message, pass, reject or own_record any number of times, and then
 * commit or end_empty.
 */
#ifndef CG_APPLY_H
#define CG_APPLY_H

#include "access/xlogdefs.h"

#include "journal/journalstate.h"
#include "log/walreader.h"

/* Sets the state from which batches continue.  Needs a transaction. */
extern void cg_apply_use(const CgJournalState *state);

/* Takes the keys of this state alone: one has been added. */
extern void cg_apply_use_keys(const CgJournalState *state);

/* Begins a transaction and locks the tables.  ERROR if the extension was created anew. */
extern void cg_apply_begin(void);

/* Adds a message to the batch.  False if it is not ours: it is counted as rejected. */
extern bool cg_apply_message(const CgWalMessage *message);

/* The same for a message whose content has failed with this SQLSTATE: keeps its bytes. */
extern bool cg_apply_pass(const CgWalMessage *message, int code);

/* Counts a message that is too long to be ours. */
extern void cg_apply_reject(void);

/* Adds a record of the recorder's own.  reason may be NULL. */
extern void cg_apply_own_record(CgEvent event, const char *reason);

/* Adds another record of the recorder's.  Its texts must live as long as the batch. */
extern void cg_apply_record(const CgRecord *record);

/* The latest time of the sessions' records that this process has added; 0: none. */
extern TimestampTz cg_apply_last_at(void);

/* The number of rows of the batch so far. */
extern int	cg_apply_rows(void);

/* Stores the batch and the position (Invalid: the old one stays), and commits. */
extern void cg_apply_commit(XLogRecPtr position);

/* Ends an empty batch. */
extern void cg_apply_end_empty(void);

/*
 * Forgets, now and then, sessions that need not be known any more: messages before this position
 * are stored; and keys whose messages are before the position "sealed".  Call it between batches.
 */
extern bool cg_apply_forgets(XLogRecPtr position, XLogRecPtr sealed);	/* Would it forget keys? */
extern void cg_apply_clean(XLogRecPtr position, XLogRecPtr sealed);

/* The present step, as a phrase for status() after an error; never NULL. */
extern const char *cg_apply_doing(void);

#endif							/* CG_APPLY_H */
