/*
 * reach.h
 *		Values of guarded columns that are outside the reach of the guard.
 */
#ifndef CG_REACH_H
#define CG_REACH_H

#include "access/attnum.h"
#include "nodes/pg_list.h"

/* Is the column on either side of a foreign key? */
extern bool cg_reach_in_foreign_key(Oid relid, AttrNumber attnum);

/*
 * Does Citus keep the table's rows on other servers?  This uses the documented catalog of
 * Citus, and was never run with Citus itself.
 */
extern bool cg_reach_is_distributed(Oid relid);

/*
 * Emits a WARNING for each object that gets or keeps values of these columns without the
 * guard.  It warns of triggers only if is_new: the relation was not protected before.
 */
extern void cg_reach_warn(Oid relid, List *attnums, bool is_new);

#endif							/* CG_REACH_H */
