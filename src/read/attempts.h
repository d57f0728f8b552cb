/*
 * attempts.h
 *		Records of refused attempts, and their counts.
 */
#ifndef CG_ATTEMPTS_H
#define CG_ATTEMPTS_H

#include "postgres.h"

/* From now on refusals are recorded: see cg_refused_record in refused.h. */
extern void cg_attempts_init(void);

#endif							/* CG_ATTEMPTS_H */
