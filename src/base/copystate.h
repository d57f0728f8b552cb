/*
 * copystate.h
 *		The COPY that is running, for code that reads or writes rows meanwhile.
 *
 * copyto.c decides what a COPY may do.  utility.c notes it here around the command.
 */
#ifndef CG_COPYSTATE_H
#define CG_COPYSTATE_H

#include "postgres.h"

/* A running COPY; all zero: none */
typedef struct CgCopy
{
	Oid			relid;			/* COPY TO of this whole table, or InvalidOid */
	bool		leaves;			/* to a file or a program, so not through the door */
	Oid			into;			/* COPY FROM into this table, or InvalidOid */
	bool		restores;		/* into contact_guard.restored_log */
	bool		bare;			/* COPY TO of a relation in which nothing is guarded */
} CgCopy;

/* Notes a COPY, or that there is none.  Returns the COPY that was noted before. */
extern CgCopy cg_copystate_swap(CgCopy copy);

/* The noted COPY; the struct changes with the next swap. */
extern const CgCopy *cg_copystate_now(void);

#endif							/* CG_COPYSTATE_H */
