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
 * Notes a change made by the current (sub)transaction; it is made durable just
 * before the transaction commits, and forgotten if it does not.
 */
extern void cg_eventrecord_add(const char *format,...) pg_attribute_printf(1, 2);

/* The same for another event, or about a customer (NULL: none). */
extern void cg_eventrecord_event(CgEvent event, const char *customer, int64 count,
								 const char *what);

/*
 * An argument of a function that is recorded: it says who or why.  ERROR if it is NULL or
 * empty; palloc'd.
 */
extern char *cg_eventrecord_text_argument(FunctionCallInfo fcinfo, int n, const char *name);

#endif							/* CG_EVENTRECORD_H */
