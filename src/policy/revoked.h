/*
 * revoked.h
 *		Subjects whose tokens were revoked.
 */
#ifndef CG_REVOKED_H
#define CG_REVOKED_H

#include "postgres.h"

extern void cg_revoked_init(void);

/* The number of a subject, for the following function. */
extern uint64 cg_revoked_number(const char *subject);

/*
 * Was a token of the subject that was issued then (in seconds since 1970, negative: unknown)
 * revoked, by the latest commit?  Needs a transaction.
 */
extern bool cg_revoked_is(uint64 subject, int64 issued);

#endif							/* CG_REVOKED_H */
