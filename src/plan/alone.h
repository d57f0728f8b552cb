/*
 * alone.h
 *		Searches whose rows nothing else chooses.
 */
#ifndef CG_ALONE_H
#define CG_ALONE_H

#include "nodes/parsenodes.h"

/*
 * Are the conditions, which harmless.c knows, of one column, or one condition that joins
 * conditions of one guarded column, or of none, by OR?  Then none of them chooses the rows of
 * which another one tells something.
 */
extern bool cg_alone_only_widens(List *conditions, const Bitmapset *guarded);

/*
 * Does nothing choose rows of the relation but the query's WHERE?  around: the queries in
 * which it stands, innermost first.
 */
extern bool cg_alone_is(Query *query, List *around, Index rti);

/* Has the query one entry in FROM, whose number it gives, and no other condition than its WHERE? */
extern bool cg_alone_has_one_entry(const Query *query, Index *rti);

#endif							/* CG_ALONE_H */
