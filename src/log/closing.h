/*
 * closing.h
 *		After a failover: does the log keep its name, or does it need a new one?
 *
 * Only checkpoint.c calls look and record, in this order, before each checkpoint.
 */
#ifndef CG_CLOSING_H
#define CG_CLOSING_H

#include "nodes/pg_list.h"

/* A record "failover" is in the batch: the next look has something to judge. */
extern void cg_closing_expect(void);

/*
 * Looks whether the origin has to be closed.  Call it outside of a transaction, in a memory
 * context that lives until record.  keys: of the signature.  ERROR if that cannot be told;
 * then nothing may be signed.
 */
extern void cg_closing_look(List *keys);

/* Closes the origin if the look has said so, in a batch of its own: see apply.h on errors. */
extern void cg_closing_record(void);

#endif							/* CG_CLOSING_H */
