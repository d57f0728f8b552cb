/*
 * holds.h
 *		hold(), release_hold(), and what all who remove from the log begin with.
 */
#ifndef CG_HOLDS_H
#define CG_HOLDS_H

#include "storage/lockdefs.h"

/*
 * Before anything of the log is looked at in order to hold, erase or purge it: from
 * here to the end of the transaction no hold comes or goes, and the active snapshot
 * has all that there are.  Locks contact_guard.log in the mode given, then held.
 * ERROR active_sql_transaction at an isolation level that would keep an older
 * snapshot; what: the deed, as in "cannot ...".  Pop the snapshot when done.
 */
extern void cg_holds_begin(LOCKMODE log_lock, const char *what);

#endif							/* CG_HOLDS_H */
