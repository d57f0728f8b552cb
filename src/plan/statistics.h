/*
 * statistics.h
 *		Statistics of guarded columns, which contain values of these columns.
 */
#ifndef CG_STATISTICS_H
#define CG_STATISTICS_H

#include "nodes/parsenodes.h"

/*
 * Changes the query in place so that catalogs of statistics show the rows of guarded
 * columns only to superusers.
 */
extern void cg_statistics_guard(Query *query);

#endif							/* CG_STATISTICS_H */
