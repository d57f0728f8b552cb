/*
 * eventrecord.h
 *		Records of changes to the policy.
 */
#ifndef CG_EVENTRECORD_H
#define CG_EVENTRECORD_H

#include "postgres.h"

#include "fmgr.h"

#include "journal/record.h"

extern void cg_eventrecord_init(void);

/*
 * Notes a change to the policy by the current (sub)transaction.  Its record is made
 * durable just before the transaction commits, and is forgotten if the transaction
 * aborts.  Errors as cg_journal_require.
 */
extern void cg_eventrecord_add(const char *format,...) pg_attribute_printf(1, 2);

/*
 * The same for another event, or for an event about a customer (NULL: none).  Such a record explains
 * what the log lacks, or what its times are, so the transaction cannot be prepared.
 */
extern void cg_eventrecord_event(CgEvent event, const char *customer, int64 count,
								 const char *what);

/*
 * Writes a record to WAL at once, whether the transaction commits or not.  customer as
 * above.  The caller must call cg_messages_flush.  Errors as cg_journal_require.
 */
extern void cg_eventrecord_write(CgEvent event, const char *customer, int64 count, const char *what);

/*
 * A text argument that goes into a record, such as a reason; palloc'd.  ERROR
 * invalid_parameter_value if it is NULL or empty.  name: its name in the message.
 */
extern char *cg_eventrecord_text_argument(FunctionCallInfo fcinfo, int n, const char *name);

#endif							/* CG_EVENTRECORD_H */
