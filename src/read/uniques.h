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
 * The guarded columns (ints) that such an index compares, or NIL.  policy: of the
 * relation itself.
 */
extern List *cg_uniques_compared(Relation index, const CgPolicy *policy);

/*
 * Would an index, by its row of pg_index, tell whoever may INSERT that a guarded value is
 * stored?  Of hidden rows, that any is, but for the key.
 */
extern bool cg_uniques_tells(Form_pg_index form);

/*
 * The guarded columns (ints) of the relation that the statement writes to of which an
 * index tells whether a value is stored, without an error.  The relation and what is
 * below it are opened.
 */
extern List *cg_uniques_asked(const Query *query);

/*
 * The columns of rows that exist which the statement sets, as pull_varattnos() counts; NULL
 * for one that only inserts.
 */
extern Bitmapset *cg_uniques_assigned(const Query *query);

/*
 * Names of such indexes of a relation that COPY FROM will fill, and of its partitions:
 * for cg_uniques_told_command().  NIL for a relation that has none.
 */
extern List *cg_uniques_names(Oid relid);

/*
 * For a PG_CATCH: is the error that is on its way the answer of such an index?  They
 * look into memory alone.  False if an inner one has said so already.
 */
extern bool cg_uniques_told(QueryDesc *query);
extern bool cg_uniques_told_command(List *names);

/*
 * Instead of PG_RE_THROW(), after the frame has been left: puts on record that an
 * index has told somebody without a permission, and throws the error again.
 */
pg_noreturn extern void cg_uniques_rethrow(void);

#endif							/* CG_UNIQUES_H */
