/* Among "others": whatever is written, something is compared.  It is the number of no column. */
#define CG_COMBINED_ANY 0

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

typedef struct CgCombined
{
	char	   *where;			/* a noun phrase: which check, trigger, column or index */
	Bitmapset  *guarded;		/* numbers of columns; never empty */
	Bitmapset  *others;			/* those that everybody may write, or CG_COMBINED_ANY; never empty */
	bool		deletes;		/* a DELETE asks it, too */
} CgCombined;

/*
 * The definitions of a relation that tell whoever writes one of "others" something about
 * stored values of "guarded"; of CgCombined.  NIL for a relation without a policy.  Opens
 * the relation and its indexes, without looking at its children.
 */
extern List *cg_combined_list(Oid relid);

/*
 * Does such a definition, or an index that compares guarded columns (uniques.h), have the
 * column, which is not guarded itself?  As cg_combined_list().
 */
extern bool cg_combined_has(Oid relid, AttrNumber attnum);

/* Has it such a definition that compares with what is no column: a setting, the role? */
extern bool cg_combined_is_chosen(Oid relid);

#endif							/* CG_COMBINED_H */
