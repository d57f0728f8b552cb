/*
 * policyrecord.h
 *		Records of changes to the policy.
 */
#ifndef CG_POLICYRECORD_H
#define CG_POLICYRECORD_H

#include "postgres.h"

#include "record.h"

extern void cg_policyrecord_init(void);

/*
 * Notes a change made by the current (sub)transaction; it is made durable just
 * before the transaction commits, and forgotten if it does not.
 */
extern void cg_policyrecord_add(const char *format,...) pg_attribute_printf(1, 2);

/* The same for another event, or about a customer (NULL: none). */
extern void cg_policyrecord_event(CgEvent event, const char *customer, int64 count,
								  const char *what);

#endif							/* CG_POLICYRECORD_H */
