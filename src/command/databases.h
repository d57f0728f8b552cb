/*
 * databases.h
 *		CREATE, DROP and ALTER DATABASE, which want a database for themselves.
 */
#ifndef CG_DATABASES_H
#define CG_DATABASES_H

#include "nodes/nodes.h"

/*
 * If the statement needs that nobody is connected to some database: sends its recorder
 * away, keeps the launcher from starting another, and returns the database.  ERROR
 * insufficient_privilege if it would copy what is guarded for a user who is not a
 * superuser.  Release it when the statement has ended, however it did; dropped: the
 * database is gone.
 */
extern Oid	cg_databases_hold(Node *statement, bool is_top_level);
extern void cg_databases_release(Oid database, bool dropped);

/*
 * Sends this database's recorder away until the end of the transaction, or the abort
 * of the subtransaction: DROP EXTENSION takes its tables from under it.  For whom
 * that may be refused must not come here.
 */
extern void cg_databases_hold_own(void);

#endif							/* CG_DATABASES_H */
