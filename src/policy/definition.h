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

/* All that a definition hands guarded values to, directly or beneath. */
typedef struct CgDefinition
{
	List	   *offences;		/* CgOffence, palloc'd */
	List	   *functions;		/* OIDs, built-ins too */
	List	   *types;			/* OIDs, without built-ins */
	List	   *prints;			/* see prints.h */
} CgDefinition;

/* Empty if it has no guarded column, or does not exist.  AccessShareLock, for the time. */
extern void cg_definition_survey(Oid relid, CgDefinition *definition);

/*
 * The functions that the relation's definition hands guarded values to and that
 * are not allowed (callees.h), each once: CgOffence, palloc'd.  NIL if it has no
 * guarded column, or does not exist.  Opens the relation, with AccessShareLock.
 */
extern List *cg_definition_offences(Oid relid);

/* Its checks over guarded columns that are NOT VALID, as problems for status(). */
extern List *cg_definition_unvalidated(Oid relid);

#endif							/* CG_DEFINITION_H */
