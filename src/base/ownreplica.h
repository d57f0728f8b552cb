/*
 * ownreplica.h
 *		Our own tables under logical replication.
 */
#ifndef CG_OWNREPLICA_H
#define CG_OWNREPLICA_H

#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"

/*
 * The initial copy of a subscription (COPY in a walsender) of one of our tables: a
 * query without rows in its place, or NULL if it is something else.  attlist: as
 * CopyStmt's.
 */
extern Node *cg_ownreplica_empty_copy(const CopyStmt *copy);

/* What status() says of publications and subscriptions with our tables: texts. */
extern List *cg_ownreplica_problems(void);

#endif							/* CG_OWNREPLICA_H */
