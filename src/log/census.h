/*
 * census.h
 *		Which databases have a journal: the launcher asks each of them once.
 */
#ifndef CG_CENSUS_H
#define CG_CENSUS_H

#include "nodes/pg_list.h"

/*
 * The launcher calls this in each turn of its loop.  True when every database has
 * answered.  From then on shared memory has an entry for each journal.
 */
extern bool cg_census_take(void);

/* The OIDs of all databases, in TopMemoryContext.  Call it outside of a transaction. */
extern List *cg_census_databases(void);

/* Is there a database with this OID?  Call it outside of a transaction. */
extern bool cg_census_exists(Oid oid);

#endif							/* CG_CENSUS_H */
