/*
 * foreignkeys.h
 *		Foreign keys on guarded relations.
 */
#ifndef CG_FOREIGNKEYS_H
#define CG_FOREIGNKEYS_H

#include "postgres.h"

#include "nodes/parsenodes.h"

/*
 * ERROR for a foreign key of a relation on guarded columns, or on rows that are
 * hidden from who makes it.  Other constraints pass.
 */
extern void cg_foreignkeys_check(Oid relid, Constraint *constraint);

/* ERROR insufficient_privilege if rows of the relation are hidden from the actor. */
extern void cg_foreignkeys_require_all_rows(Oid relid);

#endif							/* CG_FOREIGNKEYS_H */
