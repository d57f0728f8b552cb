/*
 * copies.h
 *		Columns that may keep copies of values that protect() is to guard.
 */
#ifndef CG_COPIES_H
#define CG_COPIES_H

#include "nodes/pg_list.h"

/*
 * Those of the columns that are not guarded yet.  Ask before the labels are set, and pass
 * the result to cg_copies_warn() afterwards.
 */
extern List *cg_copies_unguarded(Oid relid, List *attnums);

/*
 * WARNING if other columns that are not guarded have the name of one of these columns, or
 * some of their values.  Only rows that the caller may read are looked at, and no code of
 * others runs.  A relation that is locked is passed over.
 */
extern void cg_copies_warn(Oid relid, List *attnums);

#endif							/* CG_COPIES_H */
