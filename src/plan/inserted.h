/*
 * inserted.h
 *		Checks of the values that an INSERT or MERGE stores in guarded columns.
 */
#ifndef CG_INSERTED_H
#define CG_INSERTED_H

#include "nodes/parsenodes.h"

/*
 * Adds check options to a query that inserts, so that no mask is stored in a guarded
 * column.  ERROR feature_not_supported if the query may read or write existing rows of a
 * partition whose guards differ from those of its table.
 */
extern void cg_inserted_check(Query *query, bool top);

#endif							/* CG_INSERTED_H */
