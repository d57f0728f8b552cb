/*
 * reach.h
 *		What the guard on a column cannot reach.
 */
#ifndef CG_REACH_H
#define CG_REACH_H

#include "nodes/pg_list.h"

/* Is the column on either side of a foreign key? */
extern bool cg_reach_in_foreign_key(Oid relid, AttrNumber attnum);

/* WARNINGs for whatever sees or keeps values of these columns past the guard. */
extern void cg_reach_warn(Oid relid, List *attnums);

#endif							/* CG_REACH_H */
