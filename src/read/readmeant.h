/*
 * readmeant.h
 *		What the actor's token is for: columns, and a purpose.
 */
#ifndef CG_READMEANT_H
#define CG_READMEANT_H

#include "base/actor.h"
#include "read/readnames.h"

/* The guarded columns that the token is not for, as bits in the order of the names. */
extern uint64 cg_readmeant_not(const CgActorToken *token, Oid relid, const CgReadNames *names);

/* The token's purpose, in the database's encoding; palloc'd. */
extern char *cg_readmeant_purpose(const CgActorToken *token);

#endif							/* CG_READMEANT_H */
