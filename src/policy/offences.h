/*
 * offences.h
 *		Refusing what the definition of a guarded relation calls.
 */
#ifndef CG_OFFENCES_H
#define CG_OFFENCES_H

#include "policy/definition.h"

/*
 * The first of cg_definition_offences(), or NULL: for a relation that has just been changed.  An
 * admin may have accepted what it calls (unpinned => 'accept'); then NULL.
 */
extern CgOffence *cg_offences_first(Oid relid);

/*
 * ERROR insufficient_privilege that names all of the relation or of one of its
 * descendants, with the commands that mend it.  Waits for commands that are changing what
 * the definitions call; no other command changes it until the transaction ends.
 */
extern void cg_offences_require_none(Oid relid);

/* ERROR as above for these offences, which are of one relation; none: returns. */
extern void cg_offences_refuse(List *offences);

/* "function … is not trusted, and … calls it", with the mend: for status(). */
extern char *cg_offences_problem(const CgOffence *offence, int children);

#endif							/* CG_OFFENCES_H */
