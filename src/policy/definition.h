/*
 * definition.h
 *		The functions that the definition of a guarded relation calls.
 *
 * Checks, indexes, exclusion constraints, generated columns, row triggers, domains,
 * partition keys and extended statistics get stored values without reveal().
 */
#ifndef CG_DEFINITION_H
#define CG_DEFINITION_H

#include "nodes/pg_list.h"

typedef struct CgOffence
{
	Oid			relid;			/* the relation with the definition */
	Oid			function;		/* the function that may not be called; InvalidOid: see what */
	char	   *what;			/* "function crm.ok_phone(text)" */
	char	   *where;			/* "check constraint \"c2_phone_check\"" */
} CgOffence;

/* All functions and types that a definition gives guarded values to, also indirectly. */
typedef struct CgDefinition
{
	List	   *offences;		/* CgOffence, palloc'd */
	List	   *functions;		/* OIDs, with built-ins */
	List	   *types;			/* OIDs, without built-ins */
	List	   *prints;			/* see prints.h */
} CgDefinition;

/*
 * Fills *definition; it stays empty if the relation has no guarded column, or does not
 * exist.  Holds AccessShareLock during the call.
 */
extern void cg_definition_survey(Oid relid, CgDefinition *definition);

/*
 * The functions that the relation's definition gives guarded values to and that
 * are not allowed (callees.h), each once: CgOffence, palloc'd.  NIL if the relation has no
 * guarded column, or does not exist.  Opens the relation, with AccessShareLock.
 */
extern List *cg_definition_offences(Oid relid);

/* Its checks over guarded columns that are NOT VALID, as problems for status(). */
extern List *cg_definition_unvalidated(Oid relid);

#endif							/* CG_DEFINITION_H */
