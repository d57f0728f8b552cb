/*
 * databases.h
 *		CREATE, DROP and ALTER DATABASE, which need a database without other sessions.
 */
#ifndef CG_DATABASES_H
#define CG_DATABASES_H

#include "nodes/nodes.h"

/*
 * If the statement needs a database without other sessions: makes its recorder end, keeps
 * the launcher from starting another, and returns the database.  ERROR
 * insufficient_privilege if a user who is not a superuser would copy guarded columns.
 * Release the database when the statement has ended, also after an error.  dropped: the
 * database is gone.
 */
extern Oid	cg_databases_hold(Node *statement, bool is_top_level);
extern void cg_databases_release(Oid database, bool dropped);

/*
 * Makes this database's recorder end for DROP EXTENSION, which drops its tables.  It comes
 * back at the end of the transaction, or when the subtransaction aborts.  Call it only when
 * the command will not be refused.
 */
extern void cg_databases_hold_own(void);

#endif							/* CG_DATABASES_H */
