/*
 * copystate.h
 *		The COPY that is under way, for all who read or write rows meanwhile.
 *
 * copyto.c decides what a COPY may do; utility.c notes it here around the command.
 */
#ifndef CG_COPYSTATE_H
#define CG_COPYSTATE_H

#include "postgres.h"

/* A COPY that is under way. */
typedef struct CgCopy
{
	Oid			relid;			/* of this whole table; InvalidOid: of none */
	bool		leaves;			/* to a file or a program, past the door */
	Oid			into;			/* COPY FROM, into this table */
	bool		restores;		/* into contact_guard.restored_log */
	bool		bare;			/* TO, of a relation in which nothing is guarded */
} CgCopy;

/* Notes a COPY, or that there is none; returns what was noted before. */
extern CgCopy cg_copystate_swap(CgCopy copy);

/* What is noted; the struct changes with the next swap. */
extern const CgCopy *cg_copystate_now(void);

#endif							/* CG_COPYSTATE_H */
