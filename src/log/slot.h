/*
 * slot.h
 *		The replication slot that keeps WAL until its messages are recorded.
 *
 * Only the launcher calls these functions.  It holds the slot while it runs.  The slot does
 * not say what is recorded.  If it is dropped, WAL may be lost; a recorder then sees the
 * loss by its own position, and records it.
 */
#ifndef CG_SLOT_H
#define CG_SLOT_H

#include "access/xlogdefs.h"

/* Does a journal need the slot, as far as is known? */
extern bool cg_slot_is_wanted(void);

/*
 * Acquires the slot, or creates it if create is true.  True if the launcher holds it.  After
 * an error, which status() shows, it is false for some seconds.  loud: the error is in the
 * server log, too.
 */
extern bool cg_slot_have(bool create, bool loud);

/* Where the WAL begins that the slot keeps.  The launcher must hold it. */
extern XLogRecPtr cg_slot_position(void);

/* Moves the slot up to target, unless it is there, or nearly. */
extern void cg_slot_move(XLogRecPtr target);

/* Drops the slot, if the launcher holds it. */
extern void cg_slot_drop(void);

#endif							/* CG_SLOT_H */
