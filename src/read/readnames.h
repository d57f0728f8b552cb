/*
 * readnames.h
 *		The names of a relation and its guarded columns, as records have them.
 */
#ifndef CG_READNAMES_H
#define CG_READNAMES_H

#include "policy/policy.h"

typedef struct CgReadNames
{
	char	   *relation;		/* as cg_names_relation gives it */
	int			ncolumns;		/* those of the policy, in its order */
	AttrNumber *attnums;
	char	  **columns;
} CgReadNames;

/* In the context.  ERROR if a column is gone. */
extern CgReadNames cg_readnames_get(const CgPolicy *policy, MemoryContext context);

#endif							/* CG_READNAMES_H */
