/*
 * logcommon.h
 *		What many records of the log have in common, stored once.
 */
#ifndef CG_LOGCOMMON_H
#define CG_LOGCOMMON_H

#include "nodes/pg_list.h"

#include "evidence/logrow.h"

/*
 * Sets "common" in each row of a batch, and stores what is not stored yet.  The rows' leaves
 * must have been made, since that cleans the rows' texts.  Needs a transaction with a
 * snapshot, and the lock on query_text that keeps purge() out.
 */
extern void cg_logcommon_assign(List *rows);

/* Call it when purge() may have removed something from contact_guard.log_common. */
extern void cg_logcommon_forget(void);

/* Then a row with "common" stores no login. */
extern bool cg_logcommon_login_is_actor(const CgRecordContext *context);

#endif							/* CG_LOGCOMMON_H */
