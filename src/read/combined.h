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
	Bitmapset  *others;			/* those that everybody may write; never empty */
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

/*
 * The guarded columns (ints) of the relation that the statement writes to with which such
 * a definition, of the relation or of one below it, compares what the statement sets.  The
 * relation has a policy.  Looks into catalogs; what it finds is kept until any relation
 * changes.
 */
extern List *cg_combined_asked(const Query *query);

#endif							/* CG_COMBINED_H */
