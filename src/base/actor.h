/*
 * actor.h
 *		Who reads.
 */
#ifndef CG_ACTOR_H
#define CG_ACTOR_H

#include "postgres.h"

typedef struct CgActor
{
	char	   *name;			/* role name, or what act_as was told */
	Oid			role;			/* whose standing permissions count, or InvalidOid */
	bool		superuser;
	bool		proxy;			/* a pool's login, for nobody in particular */
} CgActor;

extern void cg_actor_init(void);

/*
 * The actor has become another, or (lost) the one named by act_as is gone where no
 * catalog can be asked and nothing may be thrown: planassume.c drops plans then.
 */
extern void (*cg_actor_on_change) (bool lost);

/*
 * Who reads now: the session's outer role, the one named by act_as, or inside a
 * security-restricted operation the current user.  Needs a transaction.  The
 * name is palloc'd.
 */
extern CgActor cg_actor_current(void);

#endif							/* CG_ACTOR_H */
