/*
 * attempts.h
 *		Records of refused attempts, and their counts.
 */
#ifndef CG_ATTEMPTS_H
#define CG_ATTEMPTS_H

#include "postgres.h"

extern void cg_attempts_init(void);

/*
 * Notes that the command under way was refused with this error.  The first of a
 * kind is on record, flushed, when it returns, if there is a journal to write to;
 * else it is tried again later.  may_look: in a transaction, and with no lock that
 * would be in the way of a look into the catalogs.  May throw.
 */
extern void cg_attempts_note(const ErrorData *error, bool may_look);

#endif							/* CG_ATTEMPTS_H */
