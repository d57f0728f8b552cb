/*
 * execution.h
 *		The executions under way in this session, and when their records must be
 *		durable.
 */
#ifndef CG_EXECUTION_H
#define CG_EXECUTION_H

#include "read/reads.h"

extern void cg_execution_init(void);

/* The number of the statement that is executed, and what; 0 and NULL outside of the executor. */
extern int64 cg_execution_statement(void);
extern QueryDesc *cg_execution_query(void);

/*
 * The reads of the innermost execution, begun if need be; NULL outside of the
 * executor.  ERROR if no record can be kept.
 */
extern CgReads *cg_execution_reads(void);

/*
 * The statement's result has rows of the access log beyond its own number: several in
 * a value.  Nothing happens outside of a statement that reads it.
 */
extern void cg_execution_audit_more(uint64 rows);

/*
 * Is a query that is planned now the check of a foreign key itself, which sees all
 * rows as in row security?  What runs inside of such a check (a trigger, a cast) is
 * not.
 */
extern bool cg_execution_is_foreign_key_check(void);

/* Is there a record, anywhere in this session, that is not known to be durable? */
extern bool cg_execution_owes(void);

/*
 * Makes every record of this session durable.  False if a synchronous standby
 * did not acknowledge; throws if there is no memory.  Safe outside of a
 * transaction, not in a critical section or with interrupts held.
 */
extern bool cg_execution_settle(void);

/* The same where an ERROR is right. */
extern void cg_execution_settle_or_fail(void);

/* Called when a session makes its first record, to install what only it needs. */
typedef void (*CgFirstRecordHook) (void);
extern CgFirstRecordHook cg_execution_first_record;

#endif							/* CG_EXECUTION_H */
