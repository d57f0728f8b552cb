/*
 * assigned.h
 *		Reads in SET of which nothing but the old value of the same column comes.
 */
#ifndef CG_ASSIGNED_H
#define CG_ASSIGNED_H

#include "nodes/parsenodes.h"

typedef struct CgAssigned
{
	List	   *kept;			/* Vars whose values do not flow into a row */
	List	   *fields;			/* the same; nor do they choose anything: see assigned.c */
} CgAssigned;

/*
 * Finds them in assignments to columns of the query's result relation, before these are
 * rewritten.  They are found again by the address of the node.  Arguments that are whole
 * rows are replaced in place by rows of the fields that are used.
 */
extern CgAssigned cg_assigned_find(const Query *query, List *targets);

#endif							/* CG_ASSIGNED_H */
