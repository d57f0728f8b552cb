/*
 * combined.h
 *		Definitions of a relation that combine guarded columns with others.
 */
#ifndef CG_COMBINED_H
#define CG_COMBINED_H

#include "access/attnum.h"
#include "nodes/bitmapset.h"
#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"

/* A member of "others" that is not a column: any write makes the definition compare. */
#define CG_COMBINED_ANY 0

typedef struct CgCombined
{
	char	   *where;			/* a noun phrase: which check, trigger, column or index */
	Bitmapset  *guarded;		/* numbers of columns; never empty */
	Bitmapset  *others;			/* columns that are not guarded, or CG_COMBINED_ANY; never empty */
	bool		deletes;		/* a DELETE evaluates it, too */
} CgCombined;

/*
 * The definitions of a relation that tell the writer of one of "others" something about
 * stored values of "guarded": a list of CgCombined.  NIL for a relation without a policy.
 * Opens the relation and its indexes, but not its children.
 */
extern List *cg_combined_list(Oid relid);

/*
 * Does such a definition, or an index that compares guarded columns (uniques.h), use the
 * column, which is not guarded itself?  Opens the same as cg_combined_list().
 */
extern bool cg_combined_has(Oid relid, AttrNumber attnum);

/* Has it such a definition that compares with a setting, the role or the like (outside.h)? */
extern bool cg_combined_is_chosen(Oid relid);

#endif							/* CG_COMBINED_H */
