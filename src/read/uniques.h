/*
 * uniques.h
 *		Unique and exclusion indexes that compare guarded values.
 */
#ifndef CG_UNIQUES_H
#define CG_UNIQUES_H

#include "catalog/pg_index.h"
#include "executor/execdesc.h"
#include "nodes/parsenodes.h"
#include "utils/rel.h"

#include "compat.h"
#include "policy/policy.h"

/*
 * The guarded columns (ints) that such an index compares, or NIL.  policy: the policy of
 * the index's own relation.
 */
extern List *cg_uniques_compared(Relation index, const CgPolicy *policy);

/*
 * Would an index, by its row of pg_index, tell a role that may INSERT that a guarded value
 * is stored?  If rows are hidden: that any value is stored, except the customer key.
 */
extern bool cg_uniques_tells(Form_pg_index form);

/*
 * The guarded columns (ints) of the statement's target for which an index tells, without
 * an error, whether a value is stored.  Opens the target and the relations below it.
 */
extern List *cg_uniques_asked(const Query *query);

/*
 * The columns that the statement sets in existing rows, as pull_varattnos() counts; NULL
 * for a statement that only inserts.
 */
extern Bitmapset *cg_uniques_assigned(const Query *query);

/*
 * The names of such indexes of a relation and of its partitions, which COPY FROM will
 * fill; for cg_uniques_told_command().  NIL if there is none.
 */
extern List *cg_uniques_names(Oid relid);

/*
 * For a PG_CATCH: does the current error come from such an index?  They look only into
 * memory.  False if an inner PG_CATCH has recorded it already.
 */
extern bool cg_uniques_told(QueryDesc *query);
extern bool cg_uniques_told_command(List *names);

/*
 * Call it instead of PG_RE_THROW(), after the frame has been left: if the actor has no
 * permission, records that an index has told something; then throws the error again.
 */
pg_noreturn extern void cg_uniques_rethrow(void);

#endif							/* CG_UNIQUES_H */
