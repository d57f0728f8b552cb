/*
 * poolrole.h
 *		Roles that are not to be believed of a pool's login.
 */
#ifndef CG_POOLROLE_H
#define CG_POOLROLE_H

#include "postgres.h"

/*
 * Is this role, which is the session's or that of the code that runs, no actor?  Others may have
 * set it.  And where actors are named by tokens alone, what a pool runs must not become a role
 * by SET ROLE, nor by code of a role that the login may become.
 */
extern bool cg_poolrole_is_unbelieved(Oid role);

/*
 * Is the role a pool's login, which has no permissions of its own until it names an actor?  Where
 * tokens alone name actors, the session's login stays one when it is taken out of the group.
 */
extern bool cg_poolrole_is_proxy(Oid role);

/* The session's login has named an actor: it is a pool's for the rest of the session. */
extern void cg_poolrole_note(void);

#endif							/* CG_POOLROLE_H */
