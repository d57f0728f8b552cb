/*
 * token.h
 *		Tokens that say for whom a session reads: JSON Web Tokens (RFC 7519).
 */
#ifndef CG_TOKEN_H
#define CG_TOKEN_H

#include "base/actor.h"
#include "compat.h"

extern void cg_token_init(void);

/*
 * Verifies a token by the keys and the settings of this moment.  ERROR
 * invalid_authorization_specification, which never has the token in it, if it is refused.
 */
extern void cg_token_verify(const char *text, CgActorToken *token);

/* The ERROR with this sentence as its detail. */
pg_noreturn extern void cg_token_refuse(const char *why, const char *hint);

#endif							/* CG_TOKEN_H */
