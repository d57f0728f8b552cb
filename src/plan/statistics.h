/*
 * statistics.h
 *		Statistics of guarded columns, which hold values of them.
 */
#ifndef CG_STATISTICS_H
#define CG_STATISTICS_H

#include "nodes/parsenodes.h"

/*
 * Hides, from everybody but superusers, the rows of guarded columns in every use
 * of such a catalog in the query; in place.
 */
extern void cg_statistics_guard(Query *query);

#endif							/* CG_STATISTICS_H */
