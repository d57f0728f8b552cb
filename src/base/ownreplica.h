/*
 * ownreplica.h
 *		Our own tables under logical replication.
 */
#ifndef CG_OWNREPLICA_H
#define CG_OWNREPLICA_H

#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"

/*
 * If this is the initial copy of a subscription (COPY in a walsender) of one of our tables,
 * a query without rows that replaces it; otherwise NULL.
 */
extern Node *cg_ownreplica_empty_copy(const CopyStmt *copy);

/* Problems of publications and subscriptions with our tables, as texts for status(). */
extern List *cg_ownreplica_problems(void);

#endif							/* CG_OWNREPLICA_H */
