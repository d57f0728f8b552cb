/*
 * apply.h
 *		From journal messages to rows of the access log, a batch a transaction.
 *
 * Recorder only.  The order of calls: use, then any number of
 * begin … message/own_record/… commit (or abandon).
 */
#ifndef CG_APPLY_H
#define CG_APPLY_H

#include "access/xlogdefs.h"

#include "journal/journalstate.h"
#include "log/walreader.h"

/* The state to go on from.  In a transaction. */
extern void cg_apply_use(const CgJournalState *state);

extern void cg_apply_begin(void);

/* Takes a message in; false for one that is not ours, which is counted as rejected. */
extern bool cg_apply_message(const CgWalMessage *message);

/* The same of one whose content has failed with this SQLSTATE: keeps its bytes. */
extern bool cg_apply_pass(const CgWalMessage *message, int code);

/* Counts a message that is too long to be ours. */
extern void cg_apply_reject(void);

/* A record that the recorder makes itself. */
extern void cg_apply_own_record(CgEvent event, const char *reason); /* or NULL */

/* Stores all, with the position (Invalid: the old one), and commits. */
extern void cg_apply_commit(XLogRecPtr position);

/* Forgets a batch in which nothing was. */
extern void cg_apply_end_empty(void);

/* Now and then, between batches: forgets sessions that need not be known any more. */
extern void cg_apply_clean(XLogRecPtr position);

/* WAL between these positions is missing: one batch, with a record of it. */
extern void cg_apply_gap(XLogRecPtr from, XLogRecPtr to);

/* What was being done, for status() after an error; never NULL. */
extern const char *cg_apply_doing(void);

#endif							/* CG_APPLY_H */
