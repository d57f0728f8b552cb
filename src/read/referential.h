/*
 * referential.h
 *		Customer keys that the action of a foreign key sets.
 */
#ifndef CG_REFERENTIAL_H
#define CG_REFERENTIAL_H

#include "access/attnum.h"

/* Is the innermost execution ON DELETE SET NULL, ON UPDATE CASCADE or the like itself? */
extern bool cg_referential_is_action(void);

/*
 * May the action of a foreign key set the customer key of this relation to another
 * customer?  See the top of referential.c.
 */
extern bool cg_referential_may_give(Oid relid, AttrNumber key);

#endif							/* CG_REFERENTIAL_H */
