/*
 * carriers.h
 *		Carriers: parts of a query that could send a value away while it runs.
 */
#ifndef CG_CARRIERS_H
#define CG_CARRIERS_H

#include "nodes/parsenodes.h"

/*
 * Is there a carrier in the query, at any level: a call of a user's function in a
 * procedural language or of a volatile one, a foreign table, or a target whose triggers
 * (or those of a relation that inherits from it) see stored rows?  Then a record must be
 * durable before the value is handed on, and not only before the row leaves.
 */
extern bool cg_carriers_present(Query *query);

#endif							/* CG_CARRIERS_H */
