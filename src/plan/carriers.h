/*
 * carriers.h
 *		What could carry a value off while a query runs.
 */
#ifndef CG_CARRIERS_H
#define CG_CARRIERS_H

#include "nodes/parsenodes.h"

/*
 * Does the query, at any level, call a function that somebody wrote in a
 * procedural language or that is volatile and not PostgreSQL's own, touch a
 * foreign table, or store rows where triggers see them, in the relation that it
 * names or in one that inherits from it?  Then a record must be durable before the
 * value is handed on, not only before the row leaves.
 */
extern bool cg_carriers_present(Query *query);

#endif							/* CG_CARRIERS_H */
