/*
 * windowcolumns.h
 *		The columns of a table that a question for windows reads.
 */
#ifndef CG_WINDOWCOLUMNS_H
#define CG_WINDOWCOLUMNS_H

#include "nodes/pg_list.h"

/*
 * Adds the numbers of those of the table that analysed queries read.  relids: the table and its
 * ancestors.  False: any of its columns may be read.
 */
extern bool cg_windowcolumns_add(List *queries, Oid table, const List *relids, List **columns);

#endif							/* CG_WINDOWCOLUMNS_H */
