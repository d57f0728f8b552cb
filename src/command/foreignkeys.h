/*
 * foreignkeys.h
 *		Foreign keys on guarded relations.
 */
#ifndef CG_FOREIGNKEYS_H
#define CG_FOREIGNKEYS_H

#include "postgres.h"

#include "access/htup.h"

/*
 * A foreign key that is being made, by its row of pg_constraint: ERROR
 * feature_not_supported on guarded columns, insufficient_privilege on rows that are
 * hidden from who makes it.  is_empty: of a new table.
 */
extern void cg_foreignkeys_decide(HeapTuple constraint, bool is_empty);

/* ERROR insufficient_privilege if rows of the relation are hidden from the actor. */
extern void cg_foreignkeys_require_all_rows(Oid relid);

#endif							/* CG_FOREIGNKEYS_H */
