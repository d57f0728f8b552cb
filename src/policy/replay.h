/*
 * replay.h
 *		Tokens that are for one session at a time: contact_guard.identity_replay.
 */
#ifndef CG_REPLAY_H
#define CG_REPLAY_H

#include "base/actor.h"

extern void cg_replay_init(void);

/*
 * Takes the token for this session, until it expires or the session ends.  NULL, or why it
 * cannot be had, as a sentence.
 */
extern const char *cg_replay_take(const CgActorToken *token);

#endif							/* CG_REPLAY_H */
