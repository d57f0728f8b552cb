/*
 * reach.h
 *		What the guard on a column cannot reach.
 */
#ifndef CG_REACH_H
#define CG_REACH_H

#include "access/attnum.h"
#include "nodes/pg_list.h"

/* Is the column on either side of a foreign key? */
extern bool cg_reach_in_foreign_key(Oid relid, AttrNumber attnum);

/*
 * Does Citus keep the table's rows on other servers?  Written of its documented
 * catalog, and never run with Citus itself.
 */
extern bool cg_reach_is_distributed(Oid relid);

/*
 * WARNINGs for whatever sees or keeps values of these columns past the guard; of
 * triggers where the relation is_new to the guard.
 */
extern void cg_reach_warn(Oid relid, List *attnums, bool is_new);

#endif							/* CG_REACH_H */
