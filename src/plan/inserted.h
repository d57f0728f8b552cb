/*
 * inserted.h
 *		What an INSERT, or a MERGE that inserts, stores in guarded columns.
 */
#ifndef CG_INSERTED_H
#define CG_INSERTED_H

#include "nodes/parsenodes.h"

/*
 * Adds check options to a query that inserts: no mask goes into a guarded column.
 * ERROR feature_not_supported if rows that exist may be read, or written, in a
 * partition that is guarded otherwise than its table.
 */
extern void cg_inserted_check(Query *query);

#endif							/* CG_INSERTED_H */
