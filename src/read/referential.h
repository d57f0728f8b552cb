/*
 * referential.h
 *		Customer keys that the action of a foreign key sets.
 */
#ifndef CG_REFERENTIAL_H
#define CG_REFERENTIAL_H

/* Is the innermost execution ON DELETE SET NULL, ON UPDATE CASCADE or the like itself? */
extern bool cg_referential_is_action(void);

#endif							/* CG_REFERENTIAL_H */
