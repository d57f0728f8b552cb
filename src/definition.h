/*
 * definition.h
 *		What the definition of a guarded relation calls.
 *
 * Checks, indexes, exclusion constraints, generated columns, row triggers, domains,
 * partition keys and extended statistics get stored values, past reveal().
 */
#ifndef CG_DEFINITION_H
#define CG_DEFINITION_H

#include "nodes/pg_list.h"

typedef struct CgOffence
{
	Oid			relid;			/* whose definition it is */
	Oid			function;		/* what may not be called; InvalidOid: see what */
	char	   *what;			/* "function crm.ok_phone(text)" */
	char	   *where;			/* "check constraint \"c2_phone_check\"" */
} CgOffence;

/*
 * The functions that the relation's definition hands guarded values to and that
 * are not allowed (callees.h), each once: CgOffence, palloc'd.  NIL if it has no
 * guarded column, or does not exist.  Opens the relation, with AccessShareLock.
 */
extern List *cg_definition_offences(Oid relid);

/*
 * The first of them, or NULL: for a relation that has just been changed.  An
 * admin may have accepted what it calls (unpinned => 'accept'); then NULL.
 */
extern CgOffence *cg_definition_check(Oid relid);

/*
 * ERROR insufficient_privilege that names the first of the relation or of its
 * descendants, with the commands that mend it.
 */
extern void cg_definition_require(Oid relid);

/* "function … is not trusted, and … calls it", with the mend: for status(). */
extern char *cg_definition_problem(const CgOffence *offence);

#endif							/* CG_DEFINITION_H */
