/*
 * owntables.h
 *		Only the extension's own code writes the extension's tables.
 */
#ifndef CG_OWNTABLES_H
#define CG_OWNTABLES_H

#include "nodes/nodes.h"

#include "base/special.h"

/*
 * SQL: is a record held, so that purge() and erase_actor() keep it?  A record is held if its
 * customer is held.  If any customer is held, so are bulk reads, which read every customer,
 * and erasures, without which contact-guard would report the erased values as missing.
 */
#define CG_IS_HELD "coalesce(customer IN (SELECT customer FROM contact_guard.held) OR " \
	"(event IN ('bulk', 'erasure') AND EXISTS (SELECT FROM contact_guard.held)), false)"

/*
 * The values of a record "l" that may stand in its row "c" of contact_guard.log_common
 * (logcommon.c).  The views of the install script say the same.
 */
#define CG_LOG_LOGIN "coalesce(l.login, CASE WHEN c.login_is_actor THEN l.actor END)"
#define CG_LOG_VALUE(column) "coalesce(l." column ", c." column ")"
#define CG_LOG_JOINED "c.number OPERATOR(pg_catalog.=) l.common"
#define CG_LOG_JOIN "contact_guard.log l LEFT JOIN contact_guard.log_common c ON " CG_LOG_JOINED

extern void cg_owntables_init(void);

/*
 * Is called when a relation is about to be dropped.  permission.c sets it, to remove the
 * permissions on the relation, with records.
 */
extern void (*cg_owntables_on_drop) (Oid relid);

/* Everything that this process does counts as a command of ours.  For the recorder. */
extern void cg_owntables_trust_process(void);

extern bool cg_owntables_is_process_ours(void);

/* Only for owncommand.c: permits or forbids to write; returns what was permitted before. */
extern bool cg_owntables_allow_writing(bool allow);

/*
 * Is a command of ours running (owncommand.h)?  Then our tables may be written, and reads
 * of the log are not recorded.
 */
extern bool cg_owntables_is_writing(void);

/* ERROR insufficient_privilege if a command would change one of our tables. */
extern void cg_owntables_check_command(Node *statement);

/* DROP EXTENSION is running.  Only for the function below. */
extern CG_HIDDEN bool cg_owntables_dropping;

/*
 * DROP EXTENSION reaches our tables before the extension itself, so the code that has
 * checked that command says so here.  Set it back to false in a PG_FINALLY.
 */
static inline void
cg_owntables_allow_drop(bool allow)
{
	cg_owntables_dropping = allow;
}

#endif							/* CG_OWNTABLES_H */
