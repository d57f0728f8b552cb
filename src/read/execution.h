/*
 * execution.h
 *		The executions under way in this session, and when their records must be
 *		durable.
 */
#ifndef CG_EXECUTION_H
#define CG_EXECUTION_H

#include "read/reads.h"

extern void cg_execution_init(void);

/* The number of the statement that is executed, and its query; 0 and NULL outside of the executor. */
extern int64 cg_execution_statement(void);
extern QueryDesc *cg_execution_query(void);

/*
 * The reads of the innermost execution, created if it has none yet; NULL outside of the
 * executor.  ERROR if no record can be kept.
 */
extern CgReads *cg_execution_reads(void);

/* Those of the outermost execution, which must be there. */
extern CgReads *cg_execution_outermost_reads(void);

/* Is an execution under way inside of another one? */
extern bool cg_execution_is_inner(void);

/*
 * Adds to the recorded number of log rows that the statement reads: for a result with
 * several rows of the access log in one value.  Does nothing in a statement that does
 * not read the access log.
 */
extern void cg_execution_audit_more(uint64 rows);

/*
 * Has this session a record that is not yet as durable as it must be?  See
 * journal/messages.h.
 */
extern bool cg_execution_owes(void);

/*
 * Makes every record of this session that is due as durable as it must be.  False if a
 * synchronous standby did not acknowledge; throws if there is no memory.  Safe outside
 * of a transaction, not in a critical section or with interrupts held.
 */
extern bool cg_execution_settle(CgDue due);

/* The same, but throws an ERROR if a synchronous standby did not acknowledge. */
extern void cg_execution_settle_or_fail(CgDue due);

/* Called at the first record of a session, to install hooks that other sessions do not need. */
typedef void (*CgFirstRecordHook) (void);
extern CgFirstRecordHook cg_execution_first_record;

#endif							/* CG_EXECUTION_H */
