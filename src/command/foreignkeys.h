/*
 * foreignkeys.h
 *		Foreign keys on guarded relations.
 */
#ifndef CG_FOREIGNKEYS_H
#define CG_FOREIGNKEYS_H

#include "postgres.h"

#include "access/htup.h"

/*
 * Decides on a new foreign key, by its row of pg_constraint.  ERROR feature_not_supported
 * if it has guarded columns; insufficient_privilege if rows are hidden from the role that
 * creates it.  is_empty: the table is new.
 */
extern void cg_foreignkeys_decide(HeapTuple constraint, bool is_empty);

/* ERROR insufficient_privilege if rows of the relation are hidden from the actor. */
extern void cg_foreignkeys_require_all_rows(Oid relid);

#endif							/* CG_FOREIGNKEYS_H */
