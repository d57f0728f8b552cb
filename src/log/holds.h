/*
 * holds.h
 *		hold(), release_hold(), and the locks of all functions that remove log records.
 */
#ifndef CG_HOLDS_H
#define CG_HOLDS_H

#include "storage/lockdefs.h"

/*
 * Locks contact_guard.held alone, so that what takes long can be done before anybody who
 * reads the log has to wait.  Call cg_holds_begin after it.  Pushes no snapshot.
 */
extern void cg_holds_lock(const char *what);

/*
 * Call this before a query of the log that decides what to hold, erase or purge.  From
 * here to the end of the transaction holds do not change, and the new active snapshot
 * sees all of them.  Locks contact_guard.log in the given mode, then contact_guard.held.
 * ERROR active_sql_transaction at an isolation level that would keep an older snapshot.
 * what: the action, for "cannot %s".  The caller pops the snapshot.
 */
extern void cg_holds_begin(LOCKMODE log_lock, const char *what);

/*
 * ERROR if a record of the log has begun a hold, and none has ended it, but the table does not have
 * it: then it was deleted while the library was not loaded.  Call it first, with no lock on the log.
 */
extern void cg_holds_require_recorded(const char *what);

#endif							/* CG_HOLDS_H */
