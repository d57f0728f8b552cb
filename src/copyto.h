/*
 * copyto.h
 *		COPY table TO, which has no plan; and what a restore copies in.
 */
#ifndef CG_COPYTO_H
#define CG_COPYTO_H

#include "nodes/plannodes.h"

/* A COPY that is under way. */
typedef struct CgCopy
{
	Oid			relid;			/* of this whole table; InvalidOid: of none */
	bool		leaves;			/* to a file or a program, past the door */
	Oid			into;			/* COPY FROM, into this table */
	bool		restores;		/* into contact_guard.restored_log */
	bool		bare;			/* TO, of a relation in which nothing is guarded */
} CgCopy;

extern void cg_copyto_init(void);

/*
 * A COPY of a guarded table to anywhere becomes a COPY of a query over it, in a
 * copy of the statement, and copy->relid is that table; anything else is passed on,
 * with the schema that its name has now.  The same for the access log's tables, since reading them is a record;
 * and COPY of contact_guard.restored_log, which pg_dump does, gives the whole
 * access log.
 */
extern PlannedStmt *cg_copyto_guard(PlannedStmt *pstmt, CgCopy *copy);

/* Notes a COPY, or that there is none; returns what was noted before. */
extern CgCopy cg_copyto_begin(CgCopy copy);
extern Oid	cg_copyto_relation(void);
extern bool cg_copyto_leaves(void);
extern Oid	cg_copyto_into(void);

#endif							/* CG_COPYTO_H */
