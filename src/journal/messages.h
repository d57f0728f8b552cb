/*
 * messages.h
 *		Records become messages in WAL, and are made durable.
 *
 * There are two steps.  Items wait in a buffer of this process (cg_messages_buffer).
 * They become a WAL message when a caller needs them in WAL, or when there are many.
 *
 * Most records must be durable before anything leaves the server that depends on
 * them.  A withheld one need not: it must be in WAL by then (contact_guard.durability).
 */
#ifndef CG_MESSAGES_H
#define CG_MESSAGES_H

#include "journal/record.h"
#include "journal/recordset.h"

/*
 * A buffer of so many bytes, or records, is written rather than enlarged.  The recorder
 * takes a message as a whole, and needs some hundred bytes for each record.
 */
#define CG_MESSAGES_BYTES (256 * 1024)
#define CG_MESSAGES_RECORDS 8192

/*
 * A session that has as much in withheld records that it has not flushed, or as many of
 * them, flushes by itself.
 */
#define CG_MESSAGES_WITHHELD_BYTES (64 * 1024)
#define CG_MESSAGES_WITHHELD_MAX 1000

/*
 * The buffer for items other than records.  The first item in an empty buffer must be
 * a 'C'.
 */
extern StringInfo cg_messages_buffer(void);

/* Puts a record into the buffer. */
extern void cg_messages_put(const CgRecord *record);

/* Puts the records of a set into the buffer: see cg_recordset_put. */
extern void cg_messages_put_set(const CgRecord *like, const CgRecordSet *set);

/* Has the buffer reached its bounds? */
extern bool cg_messages_are_many(void);

/* Writes the buffer to WAL, without a flush.  Throws only if memory is exhausted. */
extern void cg_messages_write(void);

/*
 * Writes these items, and no others, as a message of their own, and flushes it, unless
 * durability is relaxed.  Does not wait for standbys.  The message does not count for
 * cg_messages_owe.  Safe outside of a transaction and at the end of one, but not while
 * LWLocks are held.  Call cg_journal_can_write first.
 */
extern void cg_messages_write_now(const StringInfoData *items);

/*
 * Writes these items as a message of a session of a standby, flushes it, and waits for
 * synchronous standbys; ERROR if they did not acknowledge.  withheld: nothing was shown, so it
 * is flushed soon, unless contact_guard.durability says otherwise.  The header has the session, the
 * counter and the position.  Call cg_journal_require first.  Returns the end of the message.
 */
extern XLogRecPtr cg_messages_write_for(const CgMessageHeader *of, const char *items, size_t length,
										bool withheld);

/*
 * Are there items in the buffer, or messages that must be durable and are not known to
 * be?
 */
extern bool cg_messages_owe(void);

/*
 * Makes all written messages as durable as contact_guard.durability says.  False if a
 * synchronous standby did not acknowledge those that must be durable (the wait was
 * cancelled, or the process is ending).  Later calls then return false at once, without
 * another wait, until a standby has acknowledged them.  False, too, if this is a standby
 * and has lost records: see forward.h.
 */
extern bool cg_messages_flush(void);

/* The session ends: flushes what it has written, unless durability is relaxed. */
extern void cg_messages_end(void);

#endif							/* CG_MESSAGES_H */
