/*
 * sealing.h
 *		By which key a message is sealed while the key of the journal may be replaced.
 */
#ifndef CG_SEALING_H
#define CG_SEALING_H

#include "base/shared.h"
#include "journal/journalstate.h"

/*
 * Announces a message in shared memory (cg_shared_announce), and returns the database's
 * entry and, in *key, the key that seals the message.  The key is right until the caller
 * calls cg_shared_inserted, which must follow.  Waits some milliseconds while the key is
 * being replaced.  Uses no catalog.  ERROR if the database has no entry.
 */
extern CgDatabase *cg_sealing_begin(const uint8 **key);

/*
 * For the recorder that replaces the key.  From the first call to the second one no session
 * seals a message, and when the first one returns, all that were sealed are in WAL.  The
 * second one names the state whose newest key seals from now on; NULL: the key stays.
 * The first one accepts interrupts.  The second one throws nothing, and must follow, however
 * the caller ends: until then sessions wait, and cannot be cancelled.
 */
extern void cg_sealing_stop(CgDatabase *database);
extern void cg_sealing_go_on(CgDatabase *database, const CgJournalState *state);

#endif							/* CG_SEALING_H */
