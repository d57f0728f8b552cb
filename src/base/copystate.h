/*
 * copystate.h
 *		The COPY that is running, for code that reads or writes rows meanwhile.
 *
 * copyto.c decides what a COPY may do.  utility.c notes it here around the command.
 */
#ifndef CG_COPYSTATE_H
#define CG_COPYSTATE_H

#include "postgres.h"

#include "base/special.h"

/* A running COPY; all zero: none */
typedef struct CgCopy
{
	Oid			relid;			/* COPY TO of this whole table, or InvalidOid */
	bool		leaves;			/* to a file or a program, so not through the door */
	Oid			into;			/* COPY FROM into this table, or InvalidOid */
	bool		restores;		/* into contact_guard.restored_log */
	bool		bare;			/* COPY TO of a relation in which nothing is guarded */
} CgCopy;

/* Only for the functions here. */
extern CG_HIDDEN const CgCopy *cg_copystate_underway;

/* No COPY */
extern CG_HIDDEN const CgCopy cg_copystate_none;

/*
 * Notes a COPY, which stays where it is until the next swap.  Returns the one that was noted
 * before.
 */
static inline const CgCopy *
cg_copystate_swap(const CgCopy *copy)
{
	const CgCopy *was = cg_copystate_underway;

	cg_copystate_underway = copy;
	return was;
}

/* The noted COPY, or cg_copystate_none. */
static inline const CgCopy *
cg_copystate_now(void)
{
	return cg_copystate_underway;
}

#endif							/* CG_COPYSTATE_H */
