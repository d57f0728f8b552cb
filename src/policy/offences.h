/*
 * offences.h
 *		Refusing functions that the definition of a guarded relation calls.
 */
#ifndef CG_OFFENCES_H
#define CG_OFFENCES_H

#include "policy/definition.h"

/*
 * The first of cg_definition_offences(), or NULL, for a relation that has just been
 * changed.  NULL, too, if an admin has accepted the functions (unpinned => 'accept').
 */
extern CgOffence *cg_offences_first(Oid relid);

/*
 * ERROR insufficient_privilege with all offences of the relation or of one of its
 * descendants, and the commands that mend them.  Waits for commands that are changing
 * functions or types of the definitions; no other command can change these until the
 * transaction ends.
 */
extern void cg_offences_require_none(Oid relid);

/* The same ERROR for these offences, which belong to one relation.  Returns if NIL. */
extern void cg_offences_refuse(List *offences);

/* The offence and the command that mends it, as a problem for status(). */
extern char *cg_offences_problem(const CgOffence *offence, int children);

#endif							/* CG_OFFENCES_H */
